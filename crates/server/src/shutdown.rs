//! The end in order: no new requests, every Pod deleted, within the grace period.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::driver::{Handle, Input};

/// Invocations in flight may end within this; Kubernetes gives a Pod 30 s in all by default.
const DRAIN: Duration = Duration::from_secs(15);

/// What is left then is deleted within this.
const DELETION: Duration = Duration::from_secs(8);

/// Waits for SIGTERM or Ctrl-C.
pub(crate) async fn requested() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

/// Lets invocations in flight end for a while, then deletes every Pod of this instance.
pub(crate) async fn delete_pods(driver: &Handle) {
    let (done, mut all_deleted) = oneshot::channel();
    driver.send(Input::Shutdown { done });
    if tokio::time::timeout(DRAIN, &mut all_deleted).await.is_err() {
        warn!(after = ?DRAIN, "cutting off the invocations still in flight");
        driver.send(Input::CutOff);
        if tokio::time::timeout(DELETION, &mut all_deleted).await.is_err() {
            warn!("not all Pods could be deleted in time; the next start deletes the rest");
            return;
        }
    }
    info!("all Pods of this instance are deleted");
}
