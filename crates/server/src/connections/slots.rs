//! The number of connections, in all and of each peer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fakecloud_budget::Peer;

/// The connections that are open now.
pub(super) struct Slots {
    all_max: usize,
    of_peer_max: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// The sum of the others.
    all: usize,
    /// The connections of each peer that has some.
    of_peer: HashMap<Peer, usize>,
}

/// The place of one connection, until it is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    peer: Peer,
}

/// The requests that a connection may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terms {
    /// Every request.
    Any,
    /// Requests that no number of clients may keep out; all others are refused, for this reason.
    Reserved(Full),
}

/// Why there may be no further connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error(
        "{all_max} connections are open, which is as many as there may be: close some, or raise FAKECLOUD_MAX_CONNECTIONS"
    )]
    All { all_max: usize },
    #[error(
        "{peer} has {of_peer_max} connections, which is as many as one address may have: close some, or raise \
         FAKECLOUD_MAX_CONNECTIONS_PER_PEER"
    )]
    OfPeer { peer: Peer, of_peer_max: usize },
}

// === impl Slots ===

impl Slots {
    pub(super) fn new(all_max: usize, of_peer_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, of_peer_max, held: Mutex::default() })
    }

    /// Counts a connection of a peer in.
    pub(super) fn take(self: &Arc<Self>, peer: Peer) -> Result<Slot, Full> {
        let mut held = self.held();
        if held.all >= self.all_max {
            return Err(Full::All { all_max: self.all_max });
        }
        let of_peer = held.of_peer.entry(peer).or_default();
        if *of_peer >= self.of_peer_max {
            return Err(Full::OfPeer { peer, of_peer_max: self.of_peer_max });
        }
        *of_peer += 1;
        held.all += 1;
        Ok(Slot { slots: Arc::clone(self), peer })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Slot ===

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.held();
        held.all -= 1;
        if let Some(of_peer) = held.of_peer.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                held.of_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Peer {
        Peer::at([10, 0, 0, last].into())
    }

    #[test]
    fn one_peer_cannot_take_the_place_of_others() {
        let slots = Slots::new(4, 2);
        let mut of_one: Vec<_> = (0..2).map(|_| slots.take(peer(1)).ok().unwrap()).collect();
        let full = slots.take(peer(1)).err().unwrap();
        assert_eq!(full, Full::OfPeer { peer: peer(1), of_peer_max: 2 });
        assert!(full.to_string().starts_with("10.0.0.1 has 2 connections"), "{full}");
        let of_others = [2, 3].map(|last| slots.take(peer(last)).ok().unwrap());
        assert_eq!(slots.take(peer(4)).err(), Some(Full::All { all_max: 4 }));
        of_one.pop();
        let next = slots.take(peer(4)).ok().unwrap();
        assert_eq!(slots.take(peer(1)).err(), Some(Full::All { all_max: 4 }));
        drop((of_one, of_others, next));
        let held = slots.held();
        assert!(held.all == 0 && held.of_peer.is_empty(), "nothing is remembered of peers that are gone");
    }
}
