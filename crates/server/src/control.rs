//! Calls of the control plane: check and store what they bring, change the state, persist the change, answer.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use fakecloud_artifacts::ArchiveError;
use fakecloud_lambda::{ArchiveFault, Call, Change, Effect, Error, FunctionRecord, Moment, Response, Scope, Stored};
use tracing::{error, warn};

use crate::app::App;
use crate::blobs::{PutError, StoredZip};
use crate::deployment::Deployment;
use crate::driver::Input;
use crate::request_id;
use crate::words::chain;

/// Runs one call of the control plane from start to end.
pub(crate) async fn apply(app: &App, scope: &Scope, call: Call) -> Result<Response, Error> {
    let stored = match call.archive().cloned() {
        Some(zip) => Some(store_archive(app, zip).await?),
        None => None,
    };
    // One change at a time, in the order in which they are persisted.
    let _turn = app.turn.lock().await;
    let applied = app.lambda().apply(scope, &now(), &call, stored)?;
    persist(app, applied.changes).await?;
    for effect in applied.effects {
        match effect {
            Effect::Deployed(record) => redeploy(app, record),
            Effect::Removed { arn } => app.deployments.remove(&arn).into_iter().for_each(|old| retire(app, &old)),
        }
    }
    Ok(applied.response)
}

/// Retires the Pods of what this version ran before, unless they would be the same again. New Pods start on demand.
fn redeploy(app: &App, record: Arc<FunctionRecord>) {
    let Some(old) = app.deployments.remove(&record.arn()) else { return };
    let app = app.clone();
    tokio::spawn(async move {
        match app.deployments.of(&record).await {
            Ok(new) if new.id == old.id => {}
            Ok(_) => retire(&app, &old),
            Err(error) => {
                warn!(function = %record.arn(), error = %chain(&error), "the new configuration cannot be deployed");
                retire(&app, &old);
            }
        }
    });
}

fn retire(app: &App, old: &Deployment) {
    app.driver.send(Input::Retire { deploy: old.id.clone() });
}

/// The wall clock and fresh randomness, for the pure control plane.
pub(crate) fn now() -> Moment {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    Moment { epoch_ms, random: request_id::random() }
}

async fn store_archive(app: &App, zip: Bytes) -> Result<Stored, Error> {
    let storing = {
        let app = app.clone();
        tokio::task::spawn_blocking(move || app.blobs.put_zip(&zip))
    };
    match storing.await.expect("storing a zip does not panic") {
        Ok(StoredZip { digest, bytes, unzipped_bytes }) => Ok(Stored {
            sha256_base64: digest.base64(),
            sha256_hex: digest.hex(),
            size: bytes,
            unzipped: unzipped_bytes,
        }),
        Err(PutError::Archive(cause @ ArchiveError::Read(_))) => Err(Error::service(chain(&cause))),
        Err(PutError::Archive(cause)) => Err(Error::archive(&fault(&cause))),
        Err(disk @ PutError::Disk { .. }) => {
            error!(error = %chain(&disk), "an archive could not be stored");
            Err(Error::service(chain(&disk)))
        }
    }
}

async fn persist(app: &App, changes: Vec<Change>) -> Result<(), Error> {
    if app.store.is_none() || changes.is_empty() {
        return Ok(());
    }
    let app = app.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let store = app.store.as_ref().expect("it was there above");
        changes.into_iter().try_for_each(|change| match change {
            Change::Put { key, json } => store.put(&key, &json),
            Change::Delete { key } => store.delete(&key),
        })
    });
    writing.await.expect("writing a record does not panic").map_err(|cause| {
        error!(error = %cause, "a change could not be written to the data directory");
        Error::service(format!("the change could not be written to the data directory: {cause}"))
    })
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
