//! Amounts of memory or disk as settings.

use std::str::FromStr;

/// The units, and how many bytes each has.
const UNITS: [(&str, u64); 8] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// An amount in bytes, written as Kubernetes writes it, such as `512Mi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// Not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number with its unit, such as 512Mi or 4Gi")]
pub(crate) struct InvalidSize;

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let unit_of = |(name, bytes): &(&str, u64)| Some((text.strip_suffix(name)?, *bytes));
        let (number, unit) = UNITS.iter().find_map(unit_of).ok_or(InvalidSize)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidSize);
        }
        let number: u64 = number.parse().map_err(|_too_large| InvalidSize)?;
        number.checked_mul(unit).map(Self).ok_or(InvalidSize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_need_a_unit_and_no_sign() {
        assert_eq!("512Mi".parse(), Ok(Size(512 << 20)));
        assert_eq!("4Gi".parse(), Ok(Size(4 << 30)));
        assert_eq!("2G".parse(), Ok(Size(2_000_000_000)));
        for text in ["", "Mi", "512", "-1Gi", "+1Gi", "1.5Gi", "1 Gi", "1GB", "99999999999Ti"] {
            assert_eq!(text.parse::<Size>(), Err(InvalidSize), "{text}");
        }
    }
}
