//! Passwords: those given out to clients of the registry, and the one that no call of ECR can show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Caller, read};
use super::error::{Error, ErrorCode};
use super::operation::Operation;
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

/// Lets a call pass that changes no images, or comes to a registry without a password of its own. Calls are signed, which
/// nobody verifies here, and have no place for that password.
///
/// # Errors
///
/// `AccessDeniedException` for all others, with the way that is open.
pub(super) fn admit(registry: &Registry, operation: Operation) -> Result<(), Error> {
    if registry.config().token.is_none() || !operation.changes_images() {
        return Ok(());
    }
    let message = format!(
        "{operation:?} is refused because FAKECLOUD_REGISTRY_TOKEN is set, which calls of ECR cannot show: push and \
         delete images by the registry itself (docker, skopeo, crane) with that token as password"
    );
    Err(Error::new(ErrorCode::AccessDenied, message))
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
