//! Failures of this machine: all that is known of them for the log, and what a client can be told.

use std::error::Error;
use std::io;

use fakecloud_durable::LimitReached;

/// An error and its causes in one line, each said once.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

/// What a client is told of a failure that is not its own.
pub(crate) fn words(failure: &(dyn Error + 'static)) -> String {
    if let Some(reached) = LimitReached::behind(failure) {
        return reached.to_string();
    }
    let words = match is_full(failure) {
        true => "no space is left in the registry's data directory (FAKECLOUD_DATA_DIR): free some or give it more",
        false => "the registry has failed: its log says why",
    };
    words.to_owned()
}

fn is_full(failure: &(dyn Error + 'static)) -> bool {
    let is_full = |error: &io::Error| matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    failure.downcast_ref().is_some_and(is_full) || failure.source().is_some_and(self::is_full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::ReceiveError;
    use crate::storage::StoreError;

    #[test]
    fn client_is_told_where_the_disk_is_full_and_nothing_of_other_failures() {
        let of = |kind: io::ErrorKind| {
            [
                words(&io::Error::from(kind)),
                words(&ReceiveError::Disk(kind.into())),
                words(&io::Error::other(StoreError::Disk(kind.into()))),
            ]
        };
        for full in of(io::ErrorKind::StorageFull) {
            assert!(full.contains("no space is left"), "{full}");
        }
        for other in of(io::ErrorKind::PermissionDenied) {
            assert!(other.contains("its log says why"), "{other}");
        }
    }

    #[test]
    fn log_has_every_cause() {
        let failure = io::Error::other(StoreError::Disk(io::ErrorKind::StorageFull.into()));
        assert_eq!(causes(&failure), "the content cannot be stored: no storage space");
    }
}
