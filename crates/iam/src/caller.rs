//! Who calls.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Who calls: an account, and whom its session stands for if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    account: String,
    principal: Principal,
}

/// Whom a session stands for. A session token carries it, so that no session has to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

/// The first characters of the access keys that a session gets, as on AWS.
const SESSION_KEY: &str = "ASIA";

impl Caller {
    /// The root user of an account, or whom the session token stands for, if it is one that this crate gave out.
    pub fn new(account: &str, session_token: Option<&str>) -> Self {
        let account = account.to_owned();
        let principal = session_token.and_then(Principal::from_token).unwrap_or_else(|| Principal::root(&account));
        Self { account, principal }
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl Principal {
    /// The root user of an account.
    pub(crate) fn root(account: &str) -> Self {
        Self { arn: format!("arn:aws:iam::{account}:root"), user_id: account.to_owned() }
    }

    pub(crate) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("two strings can be serialized"))
    }

    fn from_token(token: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
    }
}

/// The access key of a session, in which the account can be read: `ASIA`, the 12 digits of the account, then characters
/// of chance. AWS's own keys hold no digit but 2 to 7, and mean other accounts than these.
pub(crate) fn session_key(account: &str, chance: &str) -> String {
    format!("{SESSION_KEY}{account}{chance}")
}

/// The account of an access key: the key itself where it has 12 digits, or that of the session it was made for.
pub(crate) fn account_of_key(key: &str) -> Option<&str> {
    let account = match key.strip_prefix(SESSION_KEY) {
        Some(rest) => rest.get(..12)?,
        None => key,
    };
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}
