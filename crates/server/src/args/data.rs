//! The settings of what is kept on disk.

use std::str::FromStr;

use fakecloud_durable::Limit;

/// How much is kept.
#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    /// Code, layers, images, records and queued events take no more than this, in bytes (`512MB`, `20GiB`) or in per cent of
    /// what they take and what the volume has free (`80%`); what would be more is refused
    #[arg(
        long = "data-limit",
        env = "FAKECLOUD_DATA_LIMIT",
        value_name = "FAKECLOUD_DATA_LIMIT",
        default_value = "80%"
    )]
    pub(crate) limit: DataLimit,
}

/// A limit as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataLimit(pub(crate) Limit);

/// Why a text is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected bytes with a unit, such as 512MB or 20GiB, or per cent from 1% to 100%")]
pub(crate) struct InvalidDataLimit;

const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl FromStr for DataLimit {
    type Err = InvalidDataLimit;

    fn from_str(text: &str) -> Result<Self, InvalidDataLimit> {
        let number = |digits: &str| digits.trim_end().parse::<u64>().map_err(|_| InvalidDataLimit);
        if let Some(digits) = text.strip_suffix('%') {
            let percent = u8::try_from(number(digits)?).map_err(|_| InvalidDataLimit)?;
            return (1..=100).contains(&percent).then_some(Self(Limit::Percent(percent))).ok_or(InvalidDataLimit);
        }
        let unit = UNITS.into_iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
        let (digits, bytes) = unit.ok_or(InvalidDataLimit)?;
        number(digits)?.checked_mul(bytes).map(|bytes| Self(Limit::Bytes(bytes))).ok_or(InvalidDataLimit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_bytes_with_a_unit_or_per_cent() {
        let bytes = |bytes| Ok(DataLimit(Limit::Bytes(bytes)));
        assert_eq!("80%".parse(), Ok(DataLimit(Limit::Percent(80))));
        assert_eq!("512MB".parse(), bytes(512_000_000));
        assert_eq!("20 GiB".parse(), bytes(20 << 30));
        assert_eq!("0B".parse(), bytes(0));
        for text in ["", "80", "0%", "101%", "-1GB", "1.5GB", "GB", "99999999999TB", "many"] {
            assert_eq!(text.parse::<DataLimit>(), Err(InvalidDataLimit), "{text}");
        }
    }
}
