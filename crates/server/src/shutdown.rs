//! The end: what asks for it, and how this instance's Pods go within the grace period.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::environments::driver::{Handle, Input};

/// Invocations in flight may end within this; Kubernetes gives a Pod 30 s in all by default.
const DRAIN: Duration = Duration::from_secs(15);

/// What is left then is deleted within this.
const DELETION: Duration = Duration::from_secs(8);

/// The signals that end the process, SIGTERM and Ctrl-C, remembered from the moment this is installed.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn install() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The name of the next one.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
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
