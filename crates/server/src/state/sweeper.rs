//! Deletes artifacts that no function, layer or deployment needs any more.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use crate::app::App;

/// Between two looks at the disk.
const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Sweeps for ever.
pub(crate) async fn run(app: App) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let needed = needed(&app);
        let sweeping = {
            let app = app.clone();
            tokio::task::spawn_blocking(move || app.blobs.sweep(Instant::now(), &needed))
        };
        match sweeping.await.expect("sweeping does not panic") {
            Ok(deleted) => debug!(deleted, "swept the artifacts"),
            Err(error) => warn!(%error, "artifacts that nothing needs could not be deleted"),
        }
    }
}

fn needed(app: &App) -> BTreeSet<PathBuf> {
    let mut needed: BTreeSet<PathBuf> = app.deployments.files().into_iter().collect();
    needed.extend(app.lambda().archives().into_iter().map(|digest| app.blobs.zip(digest)));
    needed
}
