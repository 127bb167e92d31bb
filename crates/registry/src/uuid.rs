//! The form of a UUID (RFC 9562, section 4).

/// Puts the dashes of a UUID between its 32 hex digits; what a longer text has beyond them is left out.
pub(crate) fn form(hex: &str) -> String {
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    parts.join("-")
}
