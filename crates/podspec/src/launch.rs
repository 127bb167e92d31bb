//! Which start of a function a Pod is: its name, its owner instance, its deploy and its secret.

use std::fmt;
use std::str::FromStr;

use crate::text::text;
use crate::{InvalidValue, PodName};

/// What differs between two Pods of one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The Pod's name, never used twice.
    pub name: PodName,
    /// The fakecloud process that creates the Pod.
    pub instance: InstanceLabel,
    /// Which code and configuration the Pod runs.
    pub deploy_id: DeployId,
    /// Whether an invocation waits for the Pod, or it is kept ready for any.
    pub initialization: Initialization,
    /// What the Pod's init container proves itself with; only its environment ever holds it.
    pub token: Token,
}

/// Why an environment is started, as functions read it in `AWS_LAMBDA_INITIALIZATION_TYPE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// For an invocation.
    #[default]
    OnDemand,
    /// To be there before any invocation.
    ProvisionedConcurrency,
}

/// A fakecloud process, as the value of a label: `<pid>-<random>`.
///
/// In a container the process id is 1 after every restart, so it takes the random number to tell two runs apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceLabel(String);

text!(
    /// Identifies code and configuration together, as the value of a label: 1 to 63 lower-case hexadecimal digits.
    ///
    /// A SHA-256 has 64; [`DeployId::from_sha256`] keeps its first half.
    DeployId,
    "deploy id",
    |text| (1..=63).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
    "expected 1 to 63 lower-case hexadecimal digits"
);

/// A bearer token in the characters of RFC 6750 (`b64token`), at most 1,024 of them. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

// === impl Launch ===

impl Launch {
    /// A launch that never happens, for fingerprints: two Pods rendered with it differ exactly when their functions or
    /// clusters do.
    pub fn fixed() -> Self {
        let function = "fingerprint".parse().expect("a plain word is a function name");
        Self {
            name: PodName::new(&function, 0),
            instance: InstanceLabel::new(0, 0),
            deploy_id: DeployId("0".to_owned()),
            initialization: Initialization::OnDemand,
            token: Token("fingerprint".to_owned()),
        }
    }
}

// === impl Initialization ===

impl Initialization {
    /// AWS's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::ProvisionedConcurrency => "provisioned-concurrency",
        }
    }
}

// === impl InstanceLabel ===

impl InstanceLabel {
    /// The label of the process `pid`, told apart from its namesakes by 64 random bits.
    pub fn new(pid: u32, random: u64) -> Self {
        Self(format!("{pid}-{random:016x}"))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for InstanceLabel {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let parsed = text
            .split_once('-')
            .and_then(|(pid, random)| Some(Self::new(pid.parse().ok()?, u64::from_str_radix(random, 16).ok()?)));
        match parsed {
            Some(label) if label.0 == text => Ok(label),
            Some(_) | None => Err(InvalidValue::new(
                "instance",
                text,
                "expected a process id, `-` and 16 lower-case hexadecimal digits",
            )),
        }
    }
}

// === impl DeployId ===

impl DeployId {
    /// The first 128 bits of a digest, in hexadecimal.
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        let (half, _) = digest.split_at(16);
        Self(half.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

// === impl Token ===

impl Token {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if (1..=1024).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidValue::new("token", "(hidden)", "expected 1 to 1024 letters, digits and `-._~+/=`"))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_shows_in_neither_debug_nor_errors() {
        let token: Token = "open-sesame".parse().unwrap();
        assert_eq!(format!("{token:?}"), "Token(hidden)");
        let refused = "open sesame".parse::<Token>().unwrap_err();
        assert!(!refused.to_string().contains("sesame"), "{refused}");
    }

    #[test]
    fn instance_survives_the_way_through_a_label() {
        let instance = InstanceLabel::new(1, 0xdead_beef);
        assert_eq!(instance.as_str(), "1-00000000deadbeef");
        assert_eq!(instance.as_str().parse(), Ok(instance));
        for text in ["", "1", "1-", "x-00000000deadbeef", "01-00000000deadbeef", "1-DEADBEEF00000000", "1-deadbeef"] {
            assert!(text.parse::<InstanceLabel>().is_err(), "{text}");
        }
    }

    #[test]
    fn deploy_id_of_a_digest_fits_a_label() {
        let mut digest = [0; 32];
        digest[0] = 0xa0;
        digest[31] = 0xff;
        assert_eq!(DeployId::from_sha256(&digest).as_str(), "a0000000000000000000000000000000");
        assert!("a".repeat(64).parse::<DeployId>().is_err());
    }
}
