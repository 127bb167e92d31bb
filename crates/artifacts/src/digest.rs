//! SHA-256 of content, written as Lambda and as file names want it.

use std::fmt;
use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

/// The text is no SHA-256 digest in the expected notation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid SHA-256 digest {text:?}: expected {expected}")]
pub struct InvalidDigest {
    text: String,
    expected: &'static str,
}

/// Passes reads through and takes the digest and the length of what was read.
#[derive(Debug)]
pub struct DigestReader<R> {
    inner: R,
    meter: Meter,
}

/// Passes writes through and takes the digest and the length of what was written.
#[derive(Debug)]
pub struct DigestWriter<W> {
    inner: W,
    meter: Meter,
}

#[derive(Debug, Default)]
struct Meter {
    hasher: Sha256,
    bytes: u64,
}

// === impl Sha256Digest ===

impl Sha256Digest {
    /// The digest of `content`.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// Reads 64 hexadecimal digits, of either case.
    ///
    /// # Errors
    /// Anything else is [`InvalidDigest`].
    pub fn from_hex(text: &str) -> Result<Self, InvalidDigest> {
        let invalid = || InvalidDigest { text: text.to_owned(), expected: "64 hexadecimal digits" };
        let digits: Option<Vec<u8>> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(invalid)?;
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Ok(Self(digest))
    }

    /// Reads the 44 characters of standard base64 in which Lambda gives `CodeSha256`.
    ///
    /// # Errors
    /// Anything else is [`InvalidDigest`].
    pub fn from_base64(text: &str) -> Result<Self, InvalidDigest> {
        let digest = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let expected = "44 characters of base64";
        digest.map(Self).ok_or_else(|| InvalidDigest { text: text.to_owned(), expected })
    }

    /// 64 lower-case hexadecimal digits: fit for file names and labels' values alike.
    pub fn hex(&self) -> String {
        self.to_string()
    }

    /// 44 characters of standard base64, as in Lambda's `CodeSha256`.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The digest itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

// === impl DigestReader ===

impl<R> DigestReader<R> {
    /// Begins at the reader's current position.
    pub fn new(inner: R) -> Self {
        Self { inner, meter: Meter::default() }
    }

    /// Gives back the reader, the digest and the number of the bytes read so far.
    pub fn finish(self) -> (R, Sha256Digest, u64) {
        let (digest, bytes) = self.meter.finish();
        (self.inner, digest, bytes)
    }
}

impl<R: Read> Read for DigestReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.meter.update(&buf[..count]);
        Ok(count)
    }
}

// === impl DigestWriter ===

impl<W> DigestWriter<W> {
    /// Begins at the writer's current position.
    pub fn new(inner: W) -> Self {
        Self { inner, meter: Meter::default() }
    }

    /// Gives back the writer, the digest and the number of the bytes written so far.
    pub fn finish(self) -> (W, Sha256Digest, u64) {
        let (digest, bytes) = self.meter.finish();
        (self.inner, digest, bytes)
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buf)?;
        self.meter.update(&buf[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

// === impl Meter ===

impl Meter {
    fn update(&mut self, passed: &[u8]) {
        self.hasher.update(passed);
        self.bytes += passed.len() as u64;
    }

    fn finish(self) -> (Sha256Digest, u64) {
        (Sha256Digest(self.hasher.finalize().into()), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of "abc", from FIPS 180-4's examples.
    const ABC_HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const ABC_BASE64: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

    #[test]
    fn known_digest_in_both_notations() {
        let digest = Sha256Digest::of(b"abc");
        assert_eq!((digest.hex().as_str(), digest.base64().as_str()), (ABC_HEX, ABC_BASE64));
        assert_eq!(Sha256Digest::from_hex(&ABC_HEX.to_uppercase()), Ok(digest));
        assert_eq!(Sha256Digest::from_base64(ABC_BASE64), Ok(digest));
    }

    #[test]
    fn anything_else_is_refused_with_the_text() {
        for text in ["", "ba78", &ABC_HEX[1..], &format!("{ABC_HEX}0"), &ABC_HEX.replace('b', "g"), ABC_BASE64] {
            let message = Sha256Digest::from_hex(text).unwrap_err().to_string();
            assert_eq!(message, format!("invalid SHA-256 digest {text:?}: expected 64 hexadecimal digits"));
        }
        for text in ["", "ungWv48=", ABC_HEX, ABC_BASE64.trim_end_matches('=')] {
            let message = Sha256Digest::from_base64(text).unwrap_err().to_string();
            assert_eq!(message, format!("invalid SHA-256 digest {text:?}: expected 44 characters of base64"));
        }
    }

    #[test]
    fn adapters_see_what_passes_and_nothing_else() {
        let mut reader = DigestReader::new(&b"abcdef"[..]);
        reader.read_exact(&mut [0; 3]).unwrap();
        let (rest, digest, bytes) = reader.finish();
        assert_eq!((rest, digest, bytes), (&b"def"[..], Sha256Digest::of(b"abc"), 3));

        let mut room = [0; 3];
        let mut writer = DigestWriter::new(&mut room[..]);
        assert_eq!(writer.write(b"abcdef").unwrap(), 3, "the room ends after three bytes");
        let (_, digest, bytes) = writer.finish();
        assert_eq!((digest, bytes), (Sha256Digest::of(b"abc"), 3));
    }
}
