//! The zip that a call brings or names: got, checked and stored before the call is carried out.

use fakecloud_artifacts::ArchiveError;
use fakecloud_durable::LimitReached;
use fakecloud_lambda::{Archive, ArchiveFault, Error, ObjectFault, Scope, Stored};
use tokio::sync::mpsc;
use tracing::{error, warn};

use crate::app::App;
use crate::common::words::chain;
use crate::control::s3_object;
use crate::disk::blobs::{Hold, PutError, StoredZip};

/// So many pieces of an object wait for the disk; a piece is what one read of the connection gave.
const PIECES: usize = 4;

/// Stores the zip, wherever it comes from, and keeps it until what is given beside is dropped.
pub(crate) async fn store(app: &App, scope: &Scope, archive: Archive<'_>) -> Result<(Stored, Hold), Error> {
    let put = match archive {
        Archive::Inline(zip) if app.blobs.stores_in_no_time(zip) => app.blobs.put_zip(zip),
        Archive::Inline(zip) => {
            let (app, zip) = (app.clone(), zip.clone());
            let storing = tokio::task::spawn_blocking(move || app.blobs.put_zip(&zip));
            storing.await.expect("storing a zip does not panic")
        }
        Archive::S3(object) => {
            let refuse = |fault: ObjectFault| Error::object(&object, &fault);
            let body = s3_object::get(&app.aws, scope, &object).await.map_err(refuse)?;
            let (pieces, mut received) = mpsc::channel(PIECES);
            let storing = {
                let app = app.clone();
                let pieces = std::iter::from_fn(move || received.blocking_recv());
                tokio::task::spawn_blocking(move || app.blobs.receive_zip(pieces))
            };
            s3_object::read(body, pieces).await;
            match storing.await.expect("storing a zip does not panic") {
                Err(PutError::Source(cause)) => return Err(refuse(ObjectFault::Unreached(chain(&cause)))),
                put => put,
            }
        }
    };
    let zip = put.map_err(|cause| refused(&cause))?;
    let hold = zip.hold.clone();
    Ok((stored(zip), hold))
}

/// What the control plane keeps of a stored zip; what its owner should hear of is logged.
pub(crate) fn stored(zip: StoredZip) -> Stored {
    let StoredZip { digest, bytes, unzipped_bytes, remarks, hold: _ } = zip;
    for remark in remarks {
        warn!(archive = %digest, "{remark}");
    }
    Stored { sha256_base64: digest.base64(), sha256_hex: digest.hex(), size: bytes, unzipped: unzipped_bytes }
}

fn refused(cause: &PutError) -> Error {
    if let Some(reached) = LimitReached::behind(cause) {
        return Error::storage_full(reached);
    }
    match cause {
        PutError::Archive(cause @ ArchiveError::Read(_)) => Error::service(chain(cause)),
        PutError::Archive(cause) => Error::archive(&fault(cause)),
        PutError::TooLong => Error::archive(&ArchiveFault::TooLarge),
        PutError::Source(_) | PutError::Disk { .. } => {
            error!(error = %chain(cause), "an archive could not be stored");
            Error::service(chain(cause))
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with an archive, its own words say it")]
fn fault(cause: &ArchiveError) -> ArchiveFault {
    match cause {
        ArchiveError::Empty => ArchiveFault::Empty,
        ArchiveError::NotAZip(_) => ArchiveFault::NotAZip,
        ArchiveError::UnzippedTooLarge { .. } => ArchiveFault::TooLarge,
        refused => ArchiveFault::Refused(chain(refused)),
    }
}
