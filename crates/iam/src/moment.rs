//! Time and randomness as values, and what is made of them.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// What a call needs from outside: the time and 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch, of the wall clock; at most the year 9999.
    pub epoch_ms: u64,
    /// Fresh random bits, from which ids and credentials are made.
    pub random: u128,
}

/// The length of an id without its prefix, as AWS has it.
const ID_CHARS: usize = 17;

impl Moment {
    /// Whole seconds since the Unix epoch: IAM's dates have no fractions.
    pub(crate) fn epoch_s(&self) -> u64 {
        self.epoch_ms / 1000
    }

    /// A unique id such as `AROA…`; AWS lists the prefixes of the kinds in "IAM identifiers".
    pub(crate) fn id(&self, prefix: &str) -> String {
        id(prefix, self.random)
    }

    /// A secret access key: 40 characters of base64.
    pub(crate) fn secret(&self) -> String {
        let more = self.random.rotate_left(64).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let bytes: Vec<u8> = self.random.to_le_bytes().into_iter().chain(more.to_be_bytes()).take(30).collect();
        STANDARD_NO_PAD.encode(bytes)
    }
}

/// An id from these bits.
pub(crate) fn id(prefix: &str, bits: u128) -> String {
    format!("{prefix}{}", base32(bits, ID_CHARS))
}

/// The lowest `5 * chars` bits in the alphabet of RFC 4648, as in AWS's ids.
pub(crate) fn base32(bits: u128, chars: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    (0..chars).map(|place| char::from(ALPHABET[(bits >> (5 * place)) as usize % 32])).collect()
}

/// A date of IAM and STS: `2026-01-31T12:00:00Z`.
pub(crate) fn date(epoch_s: u64) -> String {
    let latest = jiff::Timestamp::MAX;
    let time = i64::try_from(epoch_s).ok().and_then(|s| jiff::Timestamp::from_second(s).ok()).unwrap_or(latest);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_length_and_alphabet_of_awss() {
        let id = Moment { epoch_ms: 0, random: u128::MAX / 7 }.id("AROA");
        assert_eq!(id.len(), 21);
        assert!(id.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)), "{id}");
        assert_ne!(id, Moment { epoch_ms: 0, random: u128::MAX / 7 + 1 }.id("AROA"));
    }

    #[test]
    fn secrets_have_forty_characters() {
        assert_eq!(Moment { epoch_ms: 0, random: 1 }.secret().len(), 40);
    }

    #[test]
    fn dates_have_whole_seconds() {
        assert_eq!(date(1_769_860_800), "2026-01-31T12:00:00Z");
    }
}
