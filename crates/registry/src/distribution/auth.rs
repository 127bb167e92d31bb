//! Who may do what: anybody may pull, and push unless there is a token to be shown. A wrong password is refused always.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};

use crate::catalog::UnixMillis;
use crate::distribution::error::{Error, ErrorCode};
use crate::distribution::route::Route;
use crate::scope::Scope;
use crate::token::{Password, Token};

/// Lets a request pass, or not; gives whose repositories its password is for, if it says so.
pub(crate) fn admit(
    token: Option<&Token>,
    headers: &HeaderMap,
    method: &Method,
    route: &Route,
) -> Result<Option<Scope>, Error> {
    let shown = headers.get(AUTHORIZATION).map(|header| password(header.to_str().unwrap_or_default()));
    match (token, shown.transpose()?.filter(|password| !password.is_empty())) {
        (None, None) => Ok(None),
        (Some(_), None) if is_open(method, route) => Ok(None),
        (Some(_), None) => {
            Err(Error::unauthorized("authentication required: log in with the password in FAKECLOUD_REGISTRY_TOKEN"))
        }
        (None, Some(password)) => scope_of(&password, UnixMillis::now()),
        (Some(token), Some(password)) if token.is(&password) => Ok(None),
        (Some(_), Some(_)) => {
            Err(Error::unauthorized("wrong password: this registry takes the one in FAKECLOUD_REGISTRY_TOKEN only"))
        }
    }
}

/// Whether a request may delete everything: where there is a token, it must show the token as a push does.
pub(crate) fn may_clear(token: Option<&Token>, headers: &HeaderMap) -> bool {
    let Some(token) = token else { return true };
    let shown = headers.get(AUTHORIZATION).and_then(|header| password(header.to_str().ok()?).ok());
    shown.is_some_and(|password| token.is(&password))
}

/// Whether a token is not needed: for pulls. The base tells clients that there is one.
fn is_open(method: &Method, route: &Route) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && *route != Route::Base
}

/// The password in an `Authorization` header, whatever the user's name. skopeo and CRI-O send an empty one where they have
/// none and the base told them that there is a token.
fn password(authorization: &str) -> Result<String, Error> {
    let unreadable = || Error::unauthorized("unreadable Authorization header: expected Basic or Bearer credentials");
    let (scheme, credentials) = authorization.split_once(' ').ok_or_else(unreadable)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(credentials.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let decoded = STANDARD.decode(credentials.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(unreadable)?;
    let (_user, password) = decoded.split_once(':').ok_or_else(unreadable)?;
    Ok(password.to_owned())
}

/// Whose repositories a password is for, if it is one that `GetAuthorizationToken` gave out; any other will do as well.
fn scope_of(password: &str, now: UnixMillis) -> Result<Option<Scope>, Error> {
    // As a Bearer token it is what `GetAuthorizationToken` answers: user and password.
    let whole = STANDARD.decode(password).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let inner = whole.as_deref().and_then(|whole| whole.strip_prefix("AWS:")).unwrap_or(password);
    match Password::decode(inner) {
        Some(password) if password.expires_at < now => {
            Err(Error::new(ErrorCode::Denied, "Your authorization token has expired. Reauthenticate and try again."))
        }
        Some(password) => Ok(Some(password.scope)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http::HeaderValue;

    use super::*;

    /// No user, no password.
    const EMPTY: &str = "Basic Og==";

    fn status(token: Option<&str>, authorization: Option<&str>, method: &Method, path: &str) -> u16 {
        let token = token.and_then(|token| Token::new(token.to_owned()));
        let mut headers = HeaderMap::new();
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        }
        let admitted = admit(token.as_ref(), &headers, method, &Route::parse(path).unwrap());
        admitted.map_or_else(|error| error.into_response().status().as_u16(), |_| 200)
    }

    #[test]
    fn all_is_cleared_by_those_who_show_the_token_where_there_is_one() {
        let token = Token::new("s3cret".to_owned());
        let with = |authorization: String| {
            HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(authorization).unwrap())])
        };
        let basic = |password: &str| with(format!("Basic {}", STANDARD.encode(format!("AWS:{password}"))));
        assert!(may_clear(None, &HeaderMap::new()) && may_clear(None, &basic("guess")));
        assert!(may_clear(token.as_ref(), &basic("s3cret")));
        assert!(may_clear(token.as_ref(), &with("Bearer s3cret".to_owned())));
        for refused in [HeaderMap::new(), basic("guess"), basic(""), with("s3cret".to_owned())] {
            assert!(!may_clear(token.as_ref(), &refused), "{refused:?}");
        }
    }

    #[test]
    fn token_guards_pushes_and_deletions_and_is_told_at_the_base() {
        let (get, put, base, tag) = (Method::GET, Method::PUT, "/v2/", "/v2/a/manifests/v1");
        let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("AWS:{password}")));
        let (right, wrong) = (basic("secret"), basic("secrets"));
        let cases = [
            (None, None, &put, tag, 200),
            (None, Some(right.as_str()), &put, tag, 200),
            (None, Some("Bearer whatever"), &put, tag, 200),
            (None, Some("Basic !"), &get, tag, 401),
            (None, Some("Digest x"), &get, tag, 401),
            (Some("secret"), None, &get, tag, 200),
            (Some("secret"), None, &Method::HEAD, tag, 200),
            (Some("secret"), None, &get, base, 401),
            (Some("secret"), Some(EMPTY), &get, tag, 200),
            (Some("secret"), Some(EMPTY), &put, tag, 401),
            (Some("secret"), Some(EMPTY), &get, base, 401),
            (None, Some(EMPTY), &put, tag, 200),
            (Some("secret"), None, &put, tag, 401),
            (Some("secret"), None, &Method::DELETE, tag, 401),
            (Some("secret"), Some(&right), &put, tag, 200),
            (Some("secret"), Some("bearer secret"), &put, tag, 200),
            (Some("secret"), Some(&right), &get, base, 200),
            (Some("secret"), Some(&wrong), &get, tag, 401),
            (Some("secret"), Some(&wrong), &put, tag, 401),
            (Some("secret"), Some(&wrong), &get, base, 401),
        ];
        for (token, authorization, method, path, expected) in cases {
            assert_eq!(
                status(token, authorization, method, path),
                expected,
                "{token:?} {authorization:?} {method} {path}"
            );
        }
    }

    #[test]
    fn password_of_ecr_says_whose_repositories_it_is_for_until_it_expires() {
        let scope = Scope::new("123456789012", "eu-west-1").unwrap();
        let password = Password { scope: scope.clone(), expires_at: UnixMillis(1_000_000) }.encode();
        let token = STANDARD.encode(format!("AWS:{password}"));
        assert_eq!(scope_of(&password, UnixMillis(999_999)).unwrap(), Some(scope.clone()));
        assert_eq!(scope_of(&token, UnixMillis(999_999)).unwrap(), Some(scope));
        assert!(scope_of(&password, UnixMillis(1_000_001)).is_err());
        assert_eq!(scope_of("another", UnixMillis(1_000_001)).unwrap(), None);
    }
}
