//! Deletes artifacts that no function, layer or deployment needs any more, and what the registry's images do not.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use fakecloud_registry::Digest;
use tracing::{debug, warn};

use crate::app::App;

/// Between two looks at the disk.
const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Sweeps for ever.
pub(crate) async fn run(app: App) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let needed = needed(&app);
        let app = app.clone();
        let sweeping = tokio::task::spawn_blocking(move || sweep(&app, &needed));
        sweeping.await.expect("sweeping does not panic");
    }
}

fn sweep(app: &App, needed: &BTreeSet<PathBuf>) {
    let now = Instant::now();
    match app.blobs.sweep(now, needed) {
        Ok(deleted) => debug!(deleted, "swept the artifacts"),
        Err(error) => warn!(%error, "artifacts that nothing needs could not be deleted"),
    }
    if let Err(error) = app.registry.forget_unused(SystemTime::now(), &images(app)) {
        warn!(%error, "images that nobody pulls could not be deleted from the registry");
    }
    match app.registry.collect_garbage(now) {
        Ok(collected) => debug!(?collected, "swept the registry"),
        Err(error) => warn!(%error, "what no image needs could not be deleted from the registry"),
    }
    app.blobs.quota().measure();
}

/// The images that functions name, as far as that is known by their digests.
fn images(app: &App) -> BTreeSet<Digest> {
    app.lambda().images().filter_map(|image| image.digest.parse().ok()).collect()
}

fn needed(app: &App) -> BTreeSet<PathBuf> {
    let mut needed: BTreeSet<PathBuf> = app.deployments.files().into_iter().collect();
    needed.extend(app.lambda().archives().into_iter().map(|digest| app.blobs.zip(digest)));
    needed
}
