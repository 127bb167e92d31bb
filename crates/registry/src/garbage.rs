//! Garbage collection: what nothing refers to goes, a quarter of an hour after it was last needed.
//!
//! It is safe beside pushes. Whoever is about to refer to content says first that he needs it, which gives him that time;
//! and a blob leaves a repository in the same step in which it is seen that no manifest there needs it. A layer may take
//! longer than that: while anything is being uploaded to a repository, all of its blobs are needed.
//!
//! Images that came from an upstream are forgotten when nobody has pulled them for a week; where there is no room for more, for an hour.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

use crate::catalog::{Change, RepositoryKey, UnixMillis, What};
use crate::digest::Digest;
use crate::distribution::auth::may_clear;
use crate::registry::{ChangeError, Registry};

/// What a collection has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Contents that were deleted: blobs, and manifests that were deleted before.
    pub contents: usize,
    /// How many bytes they had.
    pub bytes: u64,
    /// Uploads that were given up by their clients.
    pub uploads: usize,
}

/// How long an image that was fetched from an upstream is kept after it was last pulled.
pub const UNUSED_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The same where there is no room for more.
pub const UNUSED_KEPT_WITHOUT_ROOM: Duration = Duration::from_secs(60 * 60);

/// Where there is no room for more, an upload ends that no request has added to for so long. No client waits that long before it
/// tries again.
const UPLOAD_KEPT_WITHOUT_ROOM: Duration = Duration::from_secs(5 * 60);

impl Registry {
    /// Forgets images that came from an upstream which is still one, and that nobody has pulled for so long, but for those
    /// with the digests `named`: whoever asks for another fetches it again. Their content goes with the next collections,
    /// their repositories once they are empty. Blocks.
    ///
    /// # Errors
    /// Whatever the disk says. What was forgotten until then is.
    pub fn forget_unused(&self, now: SystemTime, kept: Duration, named: &BTreeSet<Digest>) -> io::Result<()> {
        let since = UnixMillis::of(now.checked_sub(kept).unwrap_or(UNIX_EPOCH));
        let has_upstream = |key: &RepositoryKey| self.upstreams().has(key);
        let change = self.change_blocking(|catalog| Ok(((), catalog.unused(since, named, has_upstream))));
        change.map_err(disk)
    }

    /// Ends the uploads that no request has added to for five minutes, and gives their number. Changes no record.
    pub fn end_unused_uploads(&self) -> usize {
        self.uploads().end_unused(UPLOAD_KEPT_WITHOUT_ROOM)
    }

    /// Deletes what nothing has needed for a quarter of an hour, and ends uploads that were idle for an hour. Needs are
    /// noticed from one call to the next: call it every few minutes. Blocks.
    ///
    /// # Errors
    /// Whatever the disk says. What was deleted until then is.
    pub fn collect_garbage(&self, now: Instant) -> io::Result<Collected> {
        let mut collected = Collected { uploads: self.uploads().end_idle(now), ..Collected::default() };
        self.unlink(now)?;
        let (content, referenced) = {
            let catalog = self.catalog();
            (catalog.content(), catalog.referenced())
        };
        for digest in self.blobs().list()? {
            if referenced.contains(&digest) {
                self.blobs().need(&digest);
            } else if !content.contains(&digest)
                && self.blobs().is_due(now, &digest)
                && let Some(bytes) = self.blobs().delete_due(now, &digest)?
            {
                collected.contents += 1;
                collected.bytes += bytes;
            }
        }
        Ok(collected)
    }

    /// Takes blobs out of repositories where no manifest refers to them and no push is under way that may end with one.
    fn unlink(&self, now: Instant) -> io::Result<()> {
        let change = self.change_blocking(|catalog| {
            let pushed_to = self.uploads().repositories();
            let (awaited, loose): (Vec<_>, Vec<_>) =
                catalog.unreferenced_blobs().into_iter().partition(|(key, _)| pushed_to.contains(key));
            awaited.iter().for_each(|(_, digest)| self.blobs().need(digest));
            let due = loose.into_iter().filter(|(_, digest)| self.blobs().is_due(now, digest));
            let changes: Vec<Change> = due.map(|(key, digest)| key.change(What::DeleteBlob(digest))).collect();
            Ok(((), changes))
        });
        change.map_err(disk)
    }

    /// Deletes all repositories and ends all uploads. Their content goes with the next collections. Blocks.
    ///
    /// # Errors
    /// Whatever the disk says. Some repositories may be left then.
    pub fn reset(&self) -> io::Result<()> {
        self.uploads().clear();
        self.clear()
    }

    /// Whether the headers of a request let it [reset](Self::reset) the registry: a token, where there is one, must be shown
    /// as pushes show it.
    pub fn may_be_reset(&self, headers: &HeaderMap) -> bool {
        may_clear(self.config().token.as_ref(), headers)
    }
}

fn disk(error: ChangeError<Infallible>) -> io::Error {
    match error {
        ChangeError::Refused(never) => match never {},
        ChangeError::Disk(error) => error,
    }
}
