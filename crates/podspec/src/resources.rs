//! Memory, processor and disk: from Lambda's megabytes to Kubernetes' quantities.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::{Cluster, Function, InvalidValue};

/// A function with this much memory has one virtual processor
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const MIB_PER_VCPU: u64 = 1769;

/// What `/tmp` is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TmpMedium {
    /// Memory: fast, but the kernel charges it to the container, so the memory limit grows by its size.
    #[default]
    Memory,
    /// The node's disk: the memory limit is exactly the function's memory.
    Disk,
}

/// How much processor a function gets, as request and limit alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CpuPolicy {
    /// Whatever the node has to spare.
    #[default]
    None,
    /// As on AWS: one processor for each 1,769 MiB of memory.
    Proportional,
    /// The same for every function, in thousandths of a processor, from 1 to 1,000,000.
    Millicores(u32),
}

/// Requests and limits of both containers.
///
/// The init container has the same as the main one, which a Pod pays for only once, because it counts the greater of the
/// two; with none, a namespace under quota would refuse the Pod.
pub(crate) fn requirements(function: &Function, cluster: &Cluster) -> ResourceRequirements {
    let memory = function.memory.get();
    let memory_limit = match cluster.tmp_medium {
        TmpMedium::Memory => memory + function.ephemeral_storage.get(),
        TmpMedium::Disk => memory,
    };
    let others: Vec<_> = [
        cpu(memory, cluster.cpu).map(|cpu| ("cpu", cpu)),
        cluster.disk.of(function, cluster.tmp_medium).map(|disk| ("ephemeral-storage", mebibytes(disk))),
    ]
    .into_iter()
    .flatten()
    .collect();
    ResourceRequirements {
        requests: Some(quantities(mebibytes(memory), others.clone())),
        limits: Some(quantities(mebibytes(memory_limit), others)),
        ..ResourceRequirements::default()
    }
}

pub(crate) fn mebibytes(mib: u32) -> Quantity {
    Quantity(format!("{mib}Mi"))
}

fn cpu(memory_mib: u32, policy: CpuPolicy) -> Option<Quantity> {
    let millicores = match policy {
        CpuPolicy::None => return None,
        CpuPolicy::Proportional => u64::from(memory_mib) * 1000 / MIB_PER_VCPU,
        CpuPolicy::Millicores(millicores) => u64::from(millicores),
    };
    Some(Quantity(format!("{millicores}m")))
}

fn quantities(memory: Quantity, others: Vec<(&str, Quantity)>) -> BTreeMap<String, Quantity> {
    others.into_iter().chain([("memory", memory)]).map(|(name, quantity)| (name.to_owned(), quantity)).collect()
}

// === impl TmpMedium ===

impl FromStr for TmpMedium {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "Memory" | "memory" => Ok(Self::Memory),
            "Disk" | "disk" => Ok(Self::Disk),
            _ => Err(InvalidValue::new("medium of /tmp", text, "expected `Memory` or `Disk`")),
        }
    }
}

impl fmt::Display for TmpMedium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "Memory",
            Self::Disk => "Disk",
        })
    }
}

// === impl CpuPolicy ===

impl FromStr for CpuPolicy {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "none" => return Ok(Self::None),
            "proportional" => return Ok(Self::Proportional),
            _ => {}
        }
        match text.parse() {
            Ok(millicores @ 1..=1_000_000) => Ok(Self::Millicores(millicores)),
            Ok(_) | Err(_) => {
                let expected = "expected `none`, `proportional` or millicores from 1 to 1000000, such as `500`";
                Err(InvalidValue::new("CPU policy", text, expected))
            }
        }
    }
}

impl fmt::Display for CpuPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Proportional => f.write_str("proportional"),
            Self::Millicores(millicores) => write!(f, "{millicores}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_processor_per_1769_mib() {
        let millicores = |mib| cpu(mib, CpuPolicy::Proportional).unwrap().0;
        assert_eq!(millicores(1769), "1000m");
        assert_eq!(millicores(128), "72m");
        assert_eq!(millicores(10_240), "5788m");
    }

    #[test]
    fn settings_read_back_what_they_show() {
        for policy in [CpuPolicy::None, CpuPolicy::Proportional, CpuPolicy::Millicores(250)] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        for medium in [TmpMedium::Memory, TmpMedium::Disk] {
            assert_eq!(medium.to_string().parse(), Ok(medium));
        }
    }

    #[test]
    fn bad_setting_names_the_value_and_the_right_ones() {
        for text in ["", "0", "-1", "500m", "1000001", "half"] {
            let error = text.parse::<CpuPolicy>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")) && error.contains("proportional"), "{error}");
        }
        let error = "RAM".parse::<TmpMedium>().unwrap_err().to_string();
        assert_eq!(error, "invalid medium of /tmp `RAM`: expected `Memory` or `Disk`");
    }
}
