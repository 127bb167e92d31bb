//! Passwords for clients of the registry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Caller, read};
use super::error::{Error, ErrorCode};
use crate::catalog::UnixMillis;
use crate::registry::Registry;
use crate::token::Password;

/// As long as those of AWS.
const VALID_MS: u64 = 12 * 60 * 60 * 1000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    registry_ids: Option<Vec<String>>,
}

/// GetAuthorizationToken
///
/// # Errors
///
/// `AccessDeniedException` where the registry has a password of its own, which only its operator gives out.
pub(super) fn token(registry: &Registry, caller: &Caller, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    if registry.config().token.is_some() {
        let message = "this registry has a password of its own: log in as AWS with the value of \
                       FAKECLOUD_REGISTRY_TOKEN instead of what GetAuthorizationToken gives";
        return Err(Error::new(ErrorCode::AccessDenied, message));
    }
    let accounts = request.registry_ids.unwrap_or_else(|| vec![caller.scope.account().to_owned()]);
    let data = accounts.iter().map(|account| {
        let scope = caller.scope(Some(account));
        let expires_at = UnixMillis(caller.now.0 + VALID_MS);
        let password = Password { scope, expires_at }.encode();
        json!({
            "authorizationToken": STANDARD.encode(format!("AWS:{password}")),
            "expiresAt": expires_at.seconds(),
            "proxyEndpoint": caller.origin,
        })
    });
    Ok(Answer::new(json!({ "authorizationData": data.collect::<Vec<_>>() })))
}
