//! The limit on open files and sockets of the process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// The most descriptors that are asked for: no more are ever needed, and some systems take no larger number.
const DESCRIPTORS_MAX: u64 = 1 << 20;

/// Descriptors that stay free for files, the API server, other services of AWS and registries.
const OTHERS: usize = 512;

/// Raises the limit on open files as far as it goes without rights, and gives what it is then.
pub(crate) fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(DESCRIPTORS_MAX).min(DESCRIPTORS_MAX);
    let current = current.unwrap_or(u64::MAX);
    if current >= wanted {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            warn!(%error, current, wanted, "the limit on open files could not be raised");
            current
        }
    }
}

/// The connections of clients that there may be beside so many Pods: as many as wanted, or as descriptors are left for.
/// Half of the descriptors are theirs in any case.
pub(crate) fn connections_max(wanted: usize, descriptors: u64, pods_max: usize) -> usize {
    let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
    let left = descriptors.saturating_sub(pods_max.saturating_add(OTHERS)).max(descriptors / 2);
    if left < wanted {
        warn!(
            descriptors,
            wanted,
            allowed = left,
            "the limit on open files allows fewer connections than FAKECLOUD_MAX_CONNECTIONS: raise it by ulimit -n"
        );
    }
    wanted.min(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_leave_descriptors_to_pods_and_files() {
        assert_eq!(connections_max(4096, 1 << 20, 1000), 4096);
        assert_eq!(connections_max(4096, 4096, 1000), 4096 - 1000 - OTHERS);
        assert_eq!(connections_max(4096, 1024, 1000), 512);
        assert_eq!(connections_max(100, 1024, 1000), 100);
    }

    #[test]
    fn limit_on_open_files_is_raised_to_what_is_allowed() {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let raised = raise();
        assert!(raised >= maximum.unwrap_or(DESCRIPTORS_MAX).min(DESCRIPTORS_MAX), "{raised} of {maximum:?}");
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), raised);
    }
}
