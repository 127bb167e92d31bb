//! Dials environments that start until they listen: often where one starts, and no more in all where hundreds do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::environments::connection::Connection;

/// An attempt that got no answer at all (a route not there yet) is given up after this and made again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(500);

/// Between two attempts at one environment, for each environment that is being dialled. A refused attempt costs some 50 µs:
/// all together take 5 % of a core, which in a burst the environments need to start, and half of the pause is added to a
/// cold start.
const PAUSE: Duration = Duration::from_millis(1);

/// The pause of an environment that starts alone.
const PAUSE_MIN: Duration = Duration::from_millis(2);

/// Counts the environments that are being dialled; clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialler(Arc<AtomicU32>);

/// One environment that is being dialled.
struct Dialling<'a>(&'a AtomicU32);

impl Dialler {
    /// Connects as soon as the port listens; ends only with success, so the caller bounds it. `stirred` runs when something
    /// happens to the connection while nobody speaks over it.
    pub(crate) async fn dial(
        &self,
        address: SocketAddr,
        stirred: impl Fn() + Clone + Send + Sync + 'static,
    ) -> Connection {
        let _dialling = Dialling::begin(&self.0);
        loop {
            let attempt = Connection::open(address, stirred.clone());
            if let Ok(Ok(connection)) = tokio::time::timeout(ATTEMPT_TIMEOUT, attempt).await {
                return connection;
            }
            tokio::time::sleep(self.pause()).await;
        }
    }

    fn pause(&self) -> Duration {
        (PAUSE * self.0.load(Ordering::Relaxed)).max(PAUSE_MIN)
    }
}

impl<'a> Dialling<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_grows_with_the_pods_that_are_dialled() {
        let dialler = Dialler::default();
        let pauses = |count: u32| {
            let _diallings: Vec<_> = (0..count).map(|_| Dialling::begin(&dialler.0)).collect();
            dialler.pause()
        };
        let ms = Duration::from_millis;
        assert_eq!([1, 2, 3, 100].map(pauses), [ms(2), ms(2), ms(3), ms(100)]);
        assert_eq!(dialler.0.load(Ordering::Relaxed), 0);
    }
}
