//! The memory of one body.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::{Budget, NoRoom, Peer, WAIT_MAX};

/// The memory of one body, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    peer: Peer,
    /// Its bytes of the common part.
    common: usize,
    /// Its bytes of the part that is kept for one share, and the right to that part.
    last: Option<(usize, OwnedSemaphorePermit)>,
}

impl Share {
    pub(crate) fn new(budget: Arc<Budget>, peer: Peer) -> Self {
        Self { budget, peer, common: 0, last: None }
    }

    /// The memory that the share has, in bytes.
    pub fn bytes(&self) -> usize {
        self.common + self.last.as_ref().map_or(0, |(bytes, _)| *bytes)
    }

    /// Says whether the share grows in the part that is kept for one: others may be waiting for its end.
    pub fn is_last(&self) -> bool {
        self.last.is_some()
    }

    /// Takes so many bytes more of the common part, if there is room for them now.
    pub fn try_grow(&mut self, bytes: usize) -> bool {
        let has_room = self.budget.take(self.peer, bytes);
        if has_room {
            self.common += bytes;
        }
        has_room
    }

    /// Takes so many bytes more. Where there is no room, waits for others to give some back, or for its turn in the part
    /// that is kept for one share at a time.
    ///
    /// # Errors
    ///
    /// [`NoRoom`]; what the share had before it keeps.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        if self.last.is_none() {
            if self.try_grow(bytes) {
                return Ok(());
            }
            match timeout(WAIT_MAX, self.room(bytes)).await.map_err(|_elapsed| NoRoom::Busy)? {
                Some(permit) => self.last = Some((0, permit)),
                None => {
                    self.common += bytes;
                    return Ok(());
                }
            }
        }
        let last_bytes = self.budget.last_bytes;
        match &mut self.last {
            Some((held, _)) if *held + bytes <= last_bytes => {
                *held += bytes;
                Ok(())
            }
            _ => Err(NoRoom::Never),
        }
    }

    /// Waits until so many bytes of the common part are this share's, or the other part is: then with the right to it.
    async fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let mut last = pin!(Arc::clone(&self.budget.last).acquire_owned());
        loop {
            let mut freed = pin!(self.budget.freed.notified());
            // From here on nothing that is given back is missed.
            freed.as_mut().enable();
            if self.budget.take(self.peer, bytes) {
                return None;
            }
            tokio::select! {
                biased;
                permit = &mut last => return Some(permit.expect("nobody closes this semaphore")),
                () = freed => {}
            }
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.peer, self.common);
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinSet, yield_now};
    use tokio::time::Instant;

    use super::*;

    fn peer(last: u8) -> Peer {
        Peer::at([10, 0, 0, last].into())
    }

    #[tokio::test(start_paused = true)]
    async fn shares_that_have_little_leave_the_rest_to_others() {
        let budget = Budget::new(200, 50);
        let mut slow: Vec<Share> = (0..4).map(|number| budget.share(peer(number))).collect();
        for share in &mut slow {
            share.grow(1).await.unwrap();
        }
        let mut fast = budget.share(peer(9));
        fast.grow(112).await.unwrap();
        assert!(!fast.is_last(), "there was room for all of them");
    }

    #[tokio::test(start_paused = true)]
    async fn one_peer_leaves_a_quarter_to_others() {
        let budget = Budget::new(200, 100);
        let mut greedy = [budget.share(peer(1)), budget.share(peer(1)), budget.share(peer(1))];
        greedy[0].grow(75).await.unwrap();
        greedy[1].grow(1).await.unwrap();
        assert!(greedy[1].is_last(), "the peer has all that it may have of the common part");
        let began = Instant::now();
        assert_eq!(greedy[2].grow(1).await, Err(NoRoom::Busy));
        assert_eq!(began.elapsed(), WAIT_MAX);
        let mut other = budget.share(peer(2));
        other.grow(25).await.unwrap();
        assert_eq!((other.bytes(), other.is_last()), (25, false));
    }

    #[tokio::test(start_paused = true)]
    async fn shares_that_grow_at_the_same_time_all_come_to_their_end() {
        let budget = Budget::new(200, 50);
        let mut growing = JoinSet::new();
        for number in 0..20 {
            let mut share = budget.share(peer(number));
            growing.spawn(async move {
                for _ in 0..50 {
                    share.grow(1).await.unwrap();
                    yield_now().await;
                }
                share.bytes()
            });
        }
        assert_eq!(growing.join_all().await, [50; 20]);
        let held = budget.held();
        assert!(held.all == 0 && held.of_peer.is_empty() && budget.last.available_permits() == 1);
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_never_fits_is_told_at_once() {
        let budget = Budget::new(200, 150);
        let began = Instant::now();
        assert_eq!(budget.share(peer(1)).grow(101).await, Err(NoRoom::Never));
        assert_eq!(began.elapsed(), std::time::Duration::ZERO);
        budget.share(peer(1)).grow(100).await.unwrap();
    }
}
