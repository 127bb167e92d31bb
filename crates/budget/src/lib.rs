//! The memory that bodies of requests may take.
//!
//! A body takes its share as its bytes arrive, so that a slow client holds no more than it has sent. Where shares that are
//! half grown would wait for each other for ever, one of them at a time grows to its end in a part that is kept for that.

mod peer;
mod share;

pub use peer::Peer;
pub use share::Share;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

/// The longest that a share waits to grow: not quite as long as clients wait for an answer.
pub const WAIT_MAX: Duration = Duration::from_secs(50);

/// The memory of all bodies.
#[derive(Debug)]
pub struct Budget {
    /// For everybody, in bytes.
    common_bytes: usize,
    /// The part of it that one peer may have, in bytes.
    of_peer_bytes: usize,
    /// For the one share that grows to its end, in bytes.
    last_bytes: usize,
    held: Mutex<Held>,
    /// Says that something was given back.
    freed: Notify,
    /// The right to the part for one share.
    last: Arc<Semaphore>,
}

/// The taken bytes of the common part.
#[derive(Debug, Default)]
struct Held {
    /// The sum of the others.
    all: usize,
    /// By each peer that has some.
    of_peer: HashMap<Peer, usize>,
}

/// Why a share did not grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// Other bodies had all of the memory for [`WAIT_MAX`].
    #[error("other large requests left this one no memory for {} s: send it again", WAIT_MAX.as_secs())]
    Busy,
    /// The body is too large for the whole budget.
    #[error(
        "the request is too large for this server's memory: raise the memory limit of its container or FAKECLOUD_MEMORY_LIMIT"
    )]
    Never,
}

// === impl Budget ===

impl Budget {
    /// A budget of so many bytes, of which the largest body there may be takes `largest`. Half of the budget at most is
    /// kept for such a one. One peer may have three quarters of the rest.
    pub fn new(bytes: usize, largest: usize) -> Arc<Self> {
        let last_bytes = largest.min(bytes / 2);
        let common_bytes = bytes - last_bytes;
        Arc::new(Self {
            common_bytes,
            of_peer_bytes: common_bytes - common_bytes / 4,
            last_bytes,
            held: Mutex::default(),
            freed: Notify::new(),
            last: Arc::new(Semaphore::new(1)),
        })
    }

    /// A share of nothing yet, for a body that this peer sends.
    pub fn share(self: &Arc<Self>, peer: Peer) -> Share {
        Share::new(Arc::clone(self), peer)
    }

    /// Takes some of the common part, if there is so much for this peer.
    fn take(&self, peer: Peer, bytes: usize) -> bool {
        let mut held = self.held();
        let of_peer = held.of_peer.get(&peer).copied().unwrap_or(0);
        let has_room = |held: usize, max: usize| held.checked_add(bytes).is_some_and(|sum| sum <= max);
        if !has_room(held.all, self.common_bytes) || !has_room(of_peer, self.of_peer_bytes) {
            return false;
        }
        held.all += bytes;
        held.of_peer.insert(peer, of_peer + bytes);
        true
    }

    /// Gives back what was taken of the common part, and lets others look whether there is enough now.
    fn give_back(&self, peer: Peer, bytes: usize) {
        let mut held = self.held();
        held.all -= bytes;
        if let Some(of_peer) = held.of_peer.get_mut(&peer) {
            *of_peer -= bytes;
            if *of_peer == 0 {
                held.of_peer.remove(&peer);
            }
        }
        drop(held);
        self.freed.notify_waiters();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
