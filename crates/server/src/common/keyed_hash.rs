//! HMAC-SHA256, by which tokens of Pods and signatures of requests are made.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The hash of `text` under `key`.
pub(crate) fn hmac_sha256(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    // Every invocation has such a text made; `format!` would take four times as long.
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}
