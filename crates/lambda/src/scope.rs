//! Account and region of a request.

use std::fmt;

use http::{HeaderMap, header::AUTHORIZATION};

use crate::{Error, ErrorCode};

/// The account and region that a request acts in; all state is separated by them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    account: String,
    region: String,
}

/// The account of callers whose access key is no account number.
const DEFAULT_ACCOUNT: &str = "000000000000";

/// The region of requests that are not signed.
const DEFAULT_REGION: &str = "us-east-1";

impl Scope {
    /// Takes an account of 12 digits and a region of at most 32 lower-case letters, digits and hyphens.
    pub fn new(account: &str, region: &str) -> Option<Self> {
        let valid = is_account(account) && is_region(region);
        valid.then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }

    /// Reads the scope from a SigV4 `Authorization` header: the region of the credential scope, and the access key
    /// as the account when it has 12 digits. Without such a header it is account 000000000000 in us-east-1.
    ///
    /// # Errors
    ///
    /// `IncompleteSignatureException` when the header is SigV4's but has no complete credential.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        let default = Self { account: DEFAULT_ACCOUNT.to_owned(), region: DEFAULT_REGION.to_owned() };
        let Some(header) = headers.get(AUTHORIZATION) else { return Ok(default) };
        let header = header.to_str().map_err(|_| incomplete("it has a character that is not visible ASCII"))?;
        let Some(parameters) = header.strip_prefix("AWS4-") else { return Ok(default) };
        let credential = parameters
            .split([' ', ','])
            .find_map(|parameter| parameter.strip_prefix("Credential="))
            .ok_or_else(|| incomplete("Authorization header requires 'Credential' parameter."))?;
        // The access key may contain slashes in theory, the other four parts never do.
        let mut parts = credential.rsplitn(5, '/');
        let (Some("aws4_request"), Some(_service), Some(region), Some(_date), Some(key)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            let wanted = "Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request.";
            return Err(incomplete(&format!("{wanted} Credential={credential}")));
        };
        let account = if is_account(key) { key } else { DEFAULT_ACCOUNT };
        Self::new(account, region).ok_or_else(|| incomplete(&format!("'{region}' is not the name of a region.")))
    }

    /// The 12-digit account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The region, such as `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.account, self.region)
    }
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

fn incomplete(why: &str) -> Error {
    Error::new(ErrorCode::IncompleteSignature, format!("the Authorization header is malformed: {why}"))
}
