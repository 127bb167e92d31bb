//! The bearer tokens by which Pods fetch their artifacts: one secret per process, one token per Pod derived from it.

use subtle::ConstantTimeEq;

use crate::common::keyed_hash::{hex, hmac_sha256};

/// The secret of this process. It is never stored, never logged and never leaves the process; Pods get tokens derived
/// from it.
pub(crate) struct Secret([u8; 32]);

impl Secret {
    /// A secret from the operating system's random source.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The token of one Pod: HMAC-SHA256 of its name, in hex. It opens that Pod's own artifacts and nothing else.
    pub(crate) fn token(&self, pod: &str) -> String {
        hex(&hmac_sha256(&self.0, pod))
    }

    /// Whether `presented` is the token of `pod`, compared in constant time.
    pub(crate) fn admits(&self, pod: &str, presented: &str) -> bool {
        self.token(pod).as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_opens_its_own_pod_only() {
        let secret = Secret([7; 32]);
        let token = secret.token("pod-a");
        assert!(secret.admits("pod-a", &token));
        assert!(!secret.admits("pod-b", &token));
        assert!(!secret.admits("pod-a", ""));
        assert!(!secret.admits("pod-a", &token[1..]));
    }

    #[test]
    fn token_of_another_process_is_refused() {
        assert!(!Secret([7; 32]).admits("pod-a", &Secret([8; 32]).token("pod-a")));
    }

    #[test]
    fn secrets_differ_between_processes() {
        let first = Secret::generate().unwrap();
        let second = Secret::generate().unwrap();
        assert_ne!(first.token("pod-a"), second.token("pod-a"));
    }
}
