//! The token that guards what is there for operators and tests, where one is set.

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::app::App;

/// `FAKECLOUD_ADMIN_TOKEN`.
pub(crate) struct AdminToken(String);

impl AdminToken {
    /// The token; none where the setting is empty.
    pub(crate) fn new(token: String) -> Option<Self> {
        Some(Self(token)).filter(|token| !token.0.is_empty())
    }

    /// Compares the token that a request shows, in constant time.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let shown =
            headers.get(AUTHORIZATION).map(|value| value.as_bytes()).and_then(|value| value.split_at_checked(7));
        shown.is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(self.0.as_bytes().ct_eq(token))
        })
    }
}

/// Lets a request pass that shows the token, and any where none is set.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match &app.trust.admin_token {
        Some(token) if !token.is_shown(request.headers()) => {
            let message = format!(
                "{} is for those who show the token in FAKECLOUD_ADMIN_TOKEN: send it as 'Authorization: Bearer <token>'",
                request.uri().path()
            );
            let challenge = [(WWW_AUTHENTICATE, "Bearer realm=\"fakecloud\"")];
            (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "message": message }))).into_response()
        }
        _ => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn token_is_shown_whole_or_not_at_all() {
        let token = AdminToken::new("s3cret".to_owned()).unwrap();
        for (header, is_shown) in [
            ("Bearer s3cret", true),
            ("bearer s3cret", true),
            ("Bearer s3cre", false),
            ("Bearer s3cret ", false),
            ("Bearer", false),
            ("Bearer ", false),
            ("Basic s3cret", false),
            ("s3cret", false),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(header))]);
            assert_eq!(token.is_shown(&headers), is_shown, "{header}");
        }
        assert!(!token.is_shown(&HeaderMap::new()));
        assert!(AdminToken::new(String::new()).is_none());
    }
}
