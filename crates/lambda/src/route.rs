//! Which operation a request addresses.

use http::Method;

use crate::{Error, ErrorCode, Operation, model::Route, shapes::ROUTES};

/// Finds the route of a method, a raw path and a raw query.
///
/// # Errors
///
/// `UnknownOperationException` when no operation of the service model is addressed that way.
pub(crate) fn route(method: &Method, path: &str, query: &str) -> Result<&'static Route, Error> {
    let mut found = None;
    for route in ROUTES.iter().filter(|route| route.method == method.as_str() && matches(route.path, path)) {
        match route.query {
            Some(pair) if has_pair(query, pair) => return Ok(route),
            Some(_) => {}
            None => found = Some(route),
        }
    }
    found.ok_or_else(|| {
        let message = format!("no operation of the Lambda API is addressed by {method} {path}");
        Error::new(ErrorCode::UnknownOperation, message)
    })
}

/// Whether a raw path lies where operations of the Lambda API do: under the same date and the same kind of resource as
/// one of them, such as `/2015-03-31/functions`.
pub fn is_lambda_path(path: &str) -> bool {
    let first_two = |path: &'static str| segments(path).skip(1).take(2);
    ROUTES.iter().any(|route| segments(path).skip(1).take(2).eq(first_two(route.path)))
}

/// Which operation a method, a raw path and a raw query address, as [`crate::parse`] finds it; for callers that want to
/// know before they read the body.
///
/// # Errors
///
/// `UnknownOperationException`.
pub fn operation(method: &Method, path: &str, query: &str) -> Result<Operation, Error> {
    route(method, path, query).map(|route| route.operation)
}

/// The raw segment of `path` that stands where the template has `{name}`.
pub(crate) fn label<'p>(template: &str, path: &'p str, name: &str) -> Option<&'p str> {
    segments(template).zip(segments(path)).find(|(part, _)| placeholder(part) == Some(name)).map(|(_, segment)| segment)
}

fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut path) = (segments(template), segments(path));
    loop {
        match (parts.next(), path.next()) {
            (Some(part), Some(segment)) if placeholder(part).is_some() || part == segment => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Older clients end the path of collections with a slash.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_suffix('/').unwrap_or(path).split('/')
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn has_pair(query: &str, (name, value): (&str, &str)) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|pair| pair.0 == name && pair.1 == value)
}
