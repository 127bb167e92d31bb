//! Routes: the operations that requests address.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http::Method;

use crate::{Error, ErrorCode, Operation, request::model::Route, shapes::ROUTES};

/// The length of the date that all paths of the API begin with, with its slashes.
const DATE_BYTES: usize = "/2015-03-31/".len();

/// The routes by the place of their paths, for every invocation looks for its own.
static BY_PLACE: LazyLock<BTreeMap<&str, Vec<&Route>>> = LazyLock::new(|| {
    let mut by_place = BTreeMap::<_, Vec<_>>::new();
    for route in &ROUTES {
        by_place.entry(place(route.path).expect("every path begins with a date")).or_default().push(route);
    }
    by_place
});

/// The operation that a method, a raw path and a raw query address.
///
/// # Errors
///
/// `UnknownOperationException` when no operation of the service model is addressed that way.
pub fn operation(method: &Method, path: &str, query: &str) -> Result<Operation, Error> {
    let (mut found, method_name) = (None, method.as_str());
    // What tells most templates of a place apart comes first.
    let end = segments(path).next_back().unwrap_or_default();
    let near = routes_near(path).iter().filter(|route| route.method == method_name && may_end(route.path, end));
    for route in near.filter(|route| matches(route.path, path)) {
        match route.query {
            Some(pair) if has_pair(query, pair) => return Ok(route.operation),
            Some(_) => {}
            None => found = Some(route.operation),
        }
    }
    found.ok_or_else(|| {
        let message = format!("no operation of the Lambda API is addressed by {method} {path}");
        Error::new(ErrorCode::UnknownOperation, message)
    })
}

/// Tells whether a raw path lies where operations of the Lambda API do: under the same date and the same kind of
/// resource as one of them, such as `/2015-03-31/functions`.
pub fn is_lambda_path(path: &str) -> bool {
    !routes_near(path).is_empty()
}

/// The only route of an operation.
pub(crate) fn route_of(operation: Operation) -> &'static Route {
    &ROUTES[operation as usize]
}

/// The raw segment of `path` that stands where the template has `{name}`.
pub(crate) fn label<'p>(template: &str, path: &'p str, name: &str) -> Option<&'p str> {
    segments(template).zip(segments(path)).find(|(part, _)| placeholder(part) == Some(name)).map(|(_, segment)| segment)
}

/// The routes of a path's place.
fn routes_near(path: &str) -> &'static [&'static Route] {
    place(path).and_then(|place| BY_PLACE.get(place)).map_or(&[], Vec::as_slice)
}

/// The beginning of a path up to the kind of resource after its date, such as `/2015-03-31/functions`.
fn place(path: &str) -> Option<&str> {
    let kind = path.get(DATE_BYTES..)?.split('/').next()?;
    path.get(..DATE_BYTES + kind.len())
}

/// Tells whether a path with this last segment may be one of the template's.
fn may_end(template: &str, end: &str) -> bool {
    template.ends_with(['}', '/']) || template.ends_with(end)
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
fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.strip_suffix('/').unwrap_or(path).split('/')
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn has_pair(query: &str, (name, value): (&str, &str)) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|pair| pair.0 == name && pair.1 == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_in_the_order_of_their_operations() {
        for route in &ROUTES {
            assert_eq!(route_of(route.operation).path, route.path);
            assert_eq!(route_of(route.operation).operation, route.operation);
        }
    }

    #[test]
    fn every_route_leads_to_its_operation() {
        for route in &ROUTES {
            let method = route.method.parse().unwrap();
            let query = route.query.map(|(name, value)| format!("{name}={value}")).unwrap_or_default();
            for path in [route.path.to_owned(), format!("{}/", route.path.trim_end_matches('/'))] {
                assert_eq!(operation(&method, &path, &query), Ok(route.operation), "{path}");
                assert!(is_lambda_path(&path), "{path}");
            }
        }
    }

    #[test]
    fn path_of_another_date_or_kind_is_not_lambdas() {
        for path in ["/", "/2015-03-31", "/2015-03-31/", "/2015-03-31/bucket", "/2015-03-32/functions", "/2015-03-31/é"]
        {
            assert!(!is_lambda_path(path), "{path}");
        }
    }
}
