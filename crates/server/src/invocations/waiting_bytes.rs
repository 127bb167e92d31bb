//! The memory that payloads take as long as their invocations wait or run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Payloads up to this size are not counted: AWS's limit on concurrent invocations bounds how many there are.
const SMALL_BYTES: usize = 64 << 10;

/// Payloads that are counted.
#[derive(Debug)]
pub(crate) struct Waiting {
    bytes: AtomicUsize,
    bytes_max: usize,
}

/// A payload's share, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    waiting: Arc<Waiting>,
    bytes: usize,
}

/// No more payloads fit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payloads of invocations that wait or run would take more than {bytes_max} bytes")]
pub(super) struct Full {
    bytes_max: usize,
}

// === impl Waiting ===

impl Waiting {
    /// Room for so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), bytes_max })
    }

    /// Counts a payload of so many bytes in.
    pub(super) fn share(self: &Arc<Self>, bytes: usize) -> Result<Option<Share>, Full> {
        if bytes <= SMALL_BYTES {
            return Ok(None);
        }
        let more = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.bytes_max);
        let counted = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        counted
            .map(|_| Some(Share { waiting: Arc::clone(self), bytes }))
            .map_err(|_| Full { bytes_max: self.bytes_max })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.waiting.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_fit_up_to_the_limit_and_make_room_when_they_go() {
        let waiting = Waiting::new(200 << 10);
        let first = waiting.share(100 << 10).unwrap();
        let second = waiting.share(100 << 10).unwrap();
        assert_eq!(waiting.share((64 << 10) + 1).map(|_| ()), Err(Full { bytes_max: 200 << 10 }));
        assert!(waiting.share(64 << 10).unwrap().is_none(), "small ones always fit");
        drop(first);
        assert!(waiting.share((100 << 10) + 1).is_err());
        let third = waiting.share(100 << 10).unwrap();
        drop((second, third));
        assert_eq!(waiting.bytes.load(Ordering::Relaxed), 0);
    }
}
