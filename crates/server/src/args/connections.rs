//! The settings that bound what clients may hold by connecting.

use std::num::NonZeroUsize;

use super::Period;
use super::period::InvalidPeriod;
use crate::connections::{Admission, Limits, descriptors};

/// How many connections there may be, and for how long one may do nothing.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connections")]
pub(crate) struct ConnectionArgs {
    /// Connections of clients at most; requests over further ones are answered 503, but for probes and starting Pods
    #[arg(
        long = "max-connections",
        env = "FAKECLOUD_MAX_CONNECTIONS",
        value_name = "FAKECLOUD_MAX_CONNECTIONS",
        default_value = "4096"
    )]
    pub(crate) max: NonZeroUsize,

    /// Those of one address at most, or of one /64 network of IPv6; all clients behind one proxy or port-forward count as one
    #[arg(
        long = "max-connections-per-peer",
        env = "FAKECLOUD_MAX_CONNECTIONS_PER_PEER",
        value_name = "FAKECLOUD_MAX_CONNECTIONS_PER_PEER",
        default_value = "2048"
    )]
    pub(crate) per_peer: NonZeroUsize,

    /// A request whose headers are not complete this long after their first byte is answered 408
    #[arg(
        long = "head-timeout",
        env = "FAKECLOUD_HEAD_TIMEOUT",
        value_name = "FAKECLOUD_HEAD_TIMEOUT",
        default_value = "30s",
        value_parser = limit
    )]
    pub(crate) head_timeout: Period,

    /// A connection without a request, or whose client takes nothing of its answer, is closed after this
    #[arg(
        long = "idle-timeout",
        env = "FAKECLOUD_IDLE_TIMEOUT",
        value_name = "FAKECLOUD_IDLE_TIMEOUT",
        default_value = "3m",
        value_parser = limit
    )]
    pub(crate) idle_timeout: Period,
}

/// Why a client cannot be given such a time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum InvalidLimit {
    #[error(transparent)]
    Invalid(#[from] InvalidPeriod),
    #[error("no client does anything in no time: expected more than 0, such as 30s, or 8760h where no limit is wanted")]
    Zero,
}

fn limit(text: &str) -> Result<Period, InvalidLimit> {
    let period: Period = text.parse()?;
    if period.0.is_zero() { Err(InvalidLimit::Zero) } else { Ok(period) }
}

// === impl ConnectionArgs ===

impl ConnectionArgs {
    /// The limits on connections beside so many Pods. Raises the limit on open files.
    pub(crate) fn admission(&self, pods_max: usize) -> Admission {
        Admission {
            connections_max: descriptors::connections_max(self.max.get(), descriptors::raise(), pods_max),
            connections_of_peer_max: self.per_peer.get(),
            limits: Limits { head: self.head_timeout.0, idle: self.idle_timeout.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn client_is_given_some_time() {
        assert_eq!(limit("1ms"), Ok(Period(Duration::from_millis(1))));
        assert_eq!(limit("8760h"), Ok(Period(Duration::from_secs(365 * 24 * 60 * 60))), "the error says so");
        assert_eq!(limit("0s"), Err(InvalidLimit::Zero));
        assert_eq!(limit("soon"), Err(InvalidLimit::Invalid(InvalidPeriod)));
    }
}
