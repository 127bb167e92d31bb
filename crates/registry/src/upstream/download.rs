//! A blob on its way from an upstream: it is downloaded once, and read by however many clients while it comes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::error::{Problem, UpstreamError};

/// What a client gets at a time.
const PIECE_BYTES: u64 = 128 * 1024;

/// A blob on its way. Whoever reads it gets its last byte only when all of it is known to be right.
pub(crate) struct Download {
    progress: watch::Receiver<Progress>,
    /// There once the blob is coming. It can be read for as long as it is open, also when it has got its place.
    file: Arc<OnceLock<File>>,
    /// Where it comes from, in words.
    upstream: String,
}

/// How far a download is.
#[derive(Debug, Clone)]
pub(super) enum Progress {
    /// The upstream has not answered yet.
    Asked,
    /// So many bytes are here, at least one, of as many as the upstream says that there are.
    Coming { here: u64, size: Option<u64> },
    /// All is here and has its place.
    Whole { size: u64 },
    /// Nothing is left of it.
    Failed(UpstreamError),
}

/// The other end of a [`Download`].
pub(super) struct Downloading {
    progress: watch::Sender<Progress>,
    file: Arc<OnceLock<File>>,
}

/// A download that is about to begin, and what tells of it.
pub(super) fn download(upstream: String) -> (Downloading, Download) {
    let (sender, progress) = watch::channel(Progress::Asked);
    let file = Arc::<OnceLock<File>>::default();
    (Downloading { progress: sender, file: file.clone() }, Download { progress, file, upstream })
}

// === impl Downloading ===

impl Downloading {
    /// Says what will be read from: another handle of the file that is written.
    pub(super) fn begin(&self, file: File) {
        self.file.set(file).expect("a download begins once");
    }

    pub(super) fn tell(&self, progress: Progress) {
        self.progress.send_replace(progress);
    }
}

// === impl Download ===

impl Download {
    /// Waits until the blob is coming, and says its length if the upstream has.
    pub(crate) async fn begun(&self) -> Result<Option<u64>, UpstreamError> {
        self.until(|progress| match progress {
            Progress::Asked => None,
            Progress::Coming { size, .. } => Some(*size),
            Progress::Whole { size } => Some(Some(*size)),
            Progress::Failed(_) => None,
        })
        .await
    }

    /// Waits until all of it is here.
    pub(crate) async fn ended(&self) -> Result<(), UpstreamError> {
        self.until(|progress| matches!(progress, Progress::Whole { .. }).then_some(())).await
    }

    async fn until<T>(&self, reached: impl Fn(&Progress) -> Option<T>) -> Result<T, UpstreamError> {
        let mut progress = self.progress.clone();
        loop {
            let now = progress.borrow_and_update().clone();
            if let Progress::Failed(error) = now {
                return Err(error);
            }
            if let Some(reached) = reached(&now) {
                return Ok(reached);
            }
            if progress.changed().await.is_err() {
                return Err(stopped(self.upstream.clone()));
            }
        }
    }

    /// The blob, of which [`Self::begun`] is known. Where the download fails, the body breaks off.
    pub(crate) fn body(&self) -> Body {
        let from_start = (self.progress.clone(), self.file.clone(), 0);
        Body::from_stream(stream::try_unfold(from_start, async |(mut progress, file, at)| {
            let until = match readable(&mut progress, at).await? {
                until if until == at => return Ok::<_, io::Error>(None),
                until => until.min(at + PIECE_BYTES),
            };
            let (file, piece) = read(file, at..until).await?;
            Ok(Some((piece, (progress, file, until))))
        }))
    }
}

/// Waits until there is more than `at` bytes to be read, and says how many; just `at` when all has been read.
async fn readable(progress: &mut watch::Receiver<Progress>, at: u64) -> io::Result<u64> {
    loop {
        let until = match &*progress.borrow_and_update() {
            Progress::Asked => at,
            // The last byte is kept back: what a client has whole is right.
            Progress::Coming { here, .. } => here.saturating_sub(1),
            Progress::Whole { size } => return Ok(*size),
            Progress::Failed(error) => return Err(io::Error::other(error.clone())),
        };
        if until > at {
            return Ok(until);
        }
        progress.changed().await.map_err(io::Error::other)?;
    }
}

async fn read(file: Arc<OnceLock<File>>, range: std::ops::Range<u64>) -> io::Result<(Arc<OnceLock<File>>, Bytes)> {
    let reading = spawn_blocking(move || {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut piece = vec![0; length];
        let open = file.get().expect("what is coming has a file");
        open.read_exact_at(&mut piece, range.start)?;
        Ok((file, Bytes::from(piece)))
    });
    reading.await.map_err(io::Error::other)?
}

/// Its task has ended without a word.
fn stopped(upstream: String) -> UpstreamError {
    UpstreamError { upstream, problem: Problem::Storage("the download was given up".to_owned()) }
}
