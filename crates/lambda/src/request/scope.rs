//! Account and region of a request.

use std::{borrow::Cow, fmt};

use http::{
    HeaderMap,
    header::{AUTHORIZATION, HOST},
};

use crate::{Error, ErrorCode};

/// The account and region that a request acts in; all state is separated by them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    account: String,
    region: String,
}

/// The scope of a caller in a signature: `KEY/DATE/REGION/SERVICE/aws4_request`.
struct Credential<'a> {
    access_key: &'a str,
    region: &'a str,
}

/// The account of callers whose access key names none.
const DEFAULT_ACCOUNT: &str = "000000000000";

/// The region of requests that name none.
const DEFAULT_REGION: &str = "us-east-1";

/// The areas in which AWS has regions; other names with hyphens and a number are somebody's own.
const AREAS: [&str; 11] = ["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us"];

/// The only algorithm of signatures that clients of Lambda use.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The beginning of the access keys of sessions. The account stands after it, in the keys that fakecloud's STS gives
/// out.
const SESSION_KEY: &str = "ASIA";

impl Scope {
    /// Takes an account of 12 digits and a region of at most 32 lower-case letters, digits and hyphens.
    pub fn new(account: &str, region: &str) -> Option<Self> {
        let valid = is_account(account) && is_region(region);
        valid.then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }

    /// The scope of requests that are not signed: account 000000000000 in us-east-1.
    pub(crate) fn unsigned() -> Self {
        Self { account: DEFAULT_ACCOUNT.to_owned(), region: DEFAULT_REGION.to_owned() }
    }

    /// Reads the scope from the signature of a request, in its `Authorization` header or in the query of a presigned
    /// URL. The account is the access key where that has 12 digits, or the one of a session that fakecloud's STS gave
    /// out, else 000000000000. The region is that of the signature; without a signature it is the one in a host name
    /// such as `lambda.eu-west-1.amazonaws.com`, else us-east-1. Signatures themselves are not checked.
    ///
    /// # Errors
    ///
    /// `IncompleteSignatureException` when an `Authorization` header is no signature of version 4, or lacks a part of
    /// one.
    pub fn of_request(headers: &HeaderMap, query: Option<&str>) -> Result<Self, Error> {
        let credential = match headers.get(AUTHORIZATION).map(|header| header.to_str()) {
            Some(Ok(header)) if !header.is_empty() => Some(Cow::Borrowed(signed(header)?)),
            Some(Err(_)) => {
                return Err(incomplete("The Authorization header has a character that is not visible ASCII."));
            }
            Some(Ok(_)) | None => presigned(query.unwrap_or_default()),
        };
        match credential {
            Some(credential) => Credential::parse(&credential)?.scope(),
            None => {
                let region = region_of_host(headers).unwrap_or_else(|| DEFAULT_REGION.to_owned());
                Ok(Self { account: DEFAULT_ACCOUNT.to_owned(), region })
            }
        }
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

impl<'a> Credential<'a> {
    fn parse(credential: &'a str) -> Result<Self, Error> {
        // The access key may contain slashes in theory, the other four parts never do.
        let mut parts = credential.rsplitn(5, '/');
        let mut part = || parts.next();
        let (Some(terminator), Some(service), Some(region), Some(date), Some(access_key)) =
            (part(), part(), part(), part(), part())
        else {
            let form = "keyid/date/region/service/term";
            let message =
                format!("Credential must have exactly 5 slash-delimited elements, e.g. {form}, got '{credential}'");
            return Err(incomplete(message));
        };
        if terminator != "aws4_request" {
            let message =
                format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'.");
            return Err(incomplete(message));
        }
        let empty = [("access key", access_key), ("date", date), ("service", service)]
            .into_iter()
            .find(|(_, it)| it.is_empty());
        match empty {
            Some((part, _)) => Err(incomplete(format!("Credential has no {part}: '{credential}'"))),
            None => Ok(Self { access_key, region }),
        }
    }

    fn scope(&self) -> Result<Scope, Error> {
        let account = account_of_key(self.access_key).unwrap_or(DEFAULT_ACCOUNT);
        Scope::new(account, self.region)
            .ok_or_else(|| incomplete(format!("Credential should be scoped to a valid region, not '{}'.", self.region)))
    }
}

/// The credential of an `Authorization` header of version 4.
fn signed(header: &str) -> Result<&str, Error> {
    let (algorithm, parameters) = header.split_once(' ').unwrap_or((header, ""));
    if algorithm != ALGORITHM {
        return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}' is not {ALGORITHM}.")));
    }
    let [mut credential, mut signature, mut signed_headers] = [None; 3];
    for parameter in parameters.split(',') {
        let (name, value) = parameter.trim().split_once('=').unwrap_or_default();
        let found = match name {
            "Credential" => &mut credential,
            "Signature" => &mut signature,
            "SignedHeaders" => &mut signed_headers,
            _ => continue,
        };
        *found = found.or(Some(value).filter(|value| !value.is_empty()));
    }
    match (credential, signature, signed_headers) {
        (Some(credential), Some(_), Some(_)) => Ok(credential),
        _ => {
            let needed = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)];
            let absent = needed.into_iter().filter(|(_, value)| value.is_none());
            let absent: String =
                absent.map(|(name, _)| format!("Authorization header requires '{name}' parameter. ")).collect();
            Err(incomplete(format!("{absent}Authorization={header}")))
        }
    }
}

/// The credential in the query of a presigned URL.
fn presigned(query: &str) -> Option<Cow<'_, str>> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    parameters.find(|(name, _)| name == "X-Amz-Credential").map(|(_, credential)| credential)
}

/// The region in a host name such as `lambda.eu-west-1.amazonaws.com` or `id.lambda-url.eu-west-1.fakecloud.test`.
fn region_of_host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?.to_ascii_lowercase();
    let name = host.split(':').next().unwrap_or_default();
    name.split('.').find(|label| is_region_name(label)).map(str::to_owned)
}

/// Tells whether it has the form of AWS's regions, such as `us-east-1` and `us-gov-west-1`: an area that AWS has
/// regions in, words, one digit.
pub fn is_region_name(label: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let Some((area, rest)) = label.split_once('-') else { return false };
    let Some((words, number)) = rest.rsplit_once('-') else { return false };
    let number = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
    number && AREAS.contains(&area) && words.split('-').all(letters)
}

fn account_of_key(access_key: &str) -> Option<&str> {
    let account = match access_key.strip_prefix(SESSION_KEY) {
        Some(rest) => rest.get(..DEFAULT_ACCOUNT.len())?,
        None => access_key,
    };
    is_account(account).then_some(account)
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether it may be the region of a [`Scope`]. Any word will do.
pub(crate) fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

fn incomplete(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::IncompleteSignature, message)
}
