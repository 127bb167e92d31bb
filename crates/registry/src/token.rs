//! Passwords: the one that an operator has set, and those that `GetAuthorizationToken` gives out.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::catalog::UnixMillis;
use crate::scope::Scope;

/// The password that an operator has set. It shows in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A password as `GetAuthorizationToken` gives it out: it opens nothing, but says whose repositories a plain name means,
/// and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Password {
    pub(crate) scope: Scope,
    pub(crate) expires_at: UnixMillis,
}

/// What is in a [`Password`]: base64 of JSON, as in ECR's.
#[derive(Serialize, Deserialize)]
struct Payload {
    account: String,
    region: String,
    /// In seconds since 1970 began.
    expiration: u64,
}

// === impl Token ===

impl Token {
    /// Takes the password; an empty one is none.
    pub fn new(password: String) -> Option<Self> {
        (!password.is_empty()).then_some(Self(password))
    }

    /// Whether a client has shown it; how long this takes does not tell how much of it is right.
    pub(crate) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

// === impl Password ===

impl Password {
    /// As clients log in with it.
    pub(crate) fn encode(&self) -> String {
        let payload = Payload {
            account: self.scope.account().to_owned(),
            region: self.scope.region().to_owned(),
            expiration: self.expires_at.0 / 1000,
        };
        STANDARD.encode(serde_json::to_vec(&payload).expect("strings and a number are JSON"))
    }

    /// Reads what [`Self::encode`] has written; any other password is none of these.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let payload: Payload = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
        let scope = Scope::new(&payload.account, &payload.region)?;
        Some(Self { scope, expires_at: UnixMillis(payload.expiration.checked_mul(1000)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_says_whose_repositories_it_opens_and_until_when() {
        let scope = Scope::new("123456789012", "eu-west-1").unwrap();
        let password = Password { scope, expires_at: UnixMillis(1_800_000_000_000) };
        assert_eq!(Password::decode(&password.encode()), Some(password));
        for text in ["", "secret", "e30=", "eyJhY2NvdW50IjoiMSIsInJlZ2lvbiI6IngiLCJleHBpcmF0aW9uIjoxfQ=="] {
            assert_eq!(Password::decode(text), None, "{text}");
        }
    }

    #[test]
    fn token_is_told_from_others_and_not_shown() {
        let token = Token::new("secret".to_owned()).unwrap();
        assert!(token.is("secret") && !token.is("secre") && !token.is("secrets") && !token.is(""));
        assert_eq!(format!("{token:?}"), "Token(..)");
        assert_eq!(Token::new(String::new()), None);
    }
}
