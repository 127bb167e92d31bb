//! How much of a node's disk a container is granted, for clusters that count it.

use std::fmt;
use std::str::FromStr;

use crate::{Function, InvalidValue, TmpMedium};

/// Code and layers unpack to 250 MiB at most; the rest is for logs.
const CODE_AND_LOGS_MIB: u32 = 512;

/// How much of the node's disk a container is granted, as request and limit alike. What counts is code, layers, logs, and
/// `/tmp` where it is on disk; the kubelet evicts a Pod that takes more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiskPolicy {
    /// Whatever the node has to spare: nothing is requested, and nothing limited but `/tmp`.
    #[default]
    None,
    /// As much as the function may use: 512 MiB for code, layers and logs, and its `/tmp` where that is on disk.
    Function,
    /// The same for every function, in MiB, from 1 to 1,048,576.
    Mebibytes(u32),
}

const MEBIBYTES_MAX: u32 = 1 << 20;

// === impl DiskPolicy ===

impl DiskPolicy {
    /// What each container of this function is granted, in MiB.
    pub(crate) fn of(self, function: &Function, tmp: TmpMedium) -> Option<u32> {
        match (self, tmp) {
            (Self::None, _) => None,
            (Self::Function, TmpMedium::Memory) => Some(CODE_AND_LOGS_MIB),
            (Self::Function, TmpMedium::Disk) => Some(CODE_AND_LOGS_MIB + function.ephemeral_storage.get()),
            (Self::Mebibytes(mebibytes), _) => Some(mebibytes),
        }
    }
}

impl FromStr for DiskPolicy {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "none" => return Ok(Self::None),
            "function" => return Ok(Self::Function),
            _ => {}
        }
        let (digits, factor) = match text.strip_suffix("Gi") {
            Some(digits) => (digits, 1 << 10),
            None => (text.strip_suffix("Mi").unwrap_or(text), 1),
        };
        let mebibytes = digits.parse().ok().and_then(|number: u32| number.checked_mul(factor));
        match mebibytes.filter(|mebibytes| (1..=MEBIBYTES_MAX).contains(mebibytes)) {
            Some(mebibytes) => Ok(Self::Mebibytes(mebibytes)),
            None => {
                let expected = "expected `none`, `function` or an amount from `1Mi` to `1024Gi`, such as `1Gi`";
                Err(InvalidValue::new("ephemeral storage", text, expected))
            }
        }
    }
}

impl fmt::Display for DiskPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Function => f.write_str("function"),
            Self::Mebibytes(mebibytes) => write!(f, "{mebibytes}Mi"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_either_unit() {
        for (text, mebibytes) in [("1Gi", 1024), ("512Mi", 512), ("1", 1), ("1024Gi", MEBIBYTES_MAX)] {
            assert_eq!(text.parse(), Ok(DiskPolicy::Mebibytes(mebibytes)), "{text}");
        }
        for policy in [DiskPolicy::None, DiskPolicy::Function, DiskPolicy::Mebibytes(250)] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_value_and_the_right_ones() {
        for text in ["", "0", "0Gi", "-1", "1G", "1025Gi", "1048577", "9999999Gi", "all"] {
            let error = text.parse::<DiskPolicy>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")) && error.contains("`function`"), "{error}");
        }
    }
}
