//! Deletes artifacts that no function, layer or deployment needs any more, and what the registry's images do not.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use fakecloud_registry::{Digest, UNUSED_KEPT, UNUSED_KEPT_WITHOUT_ROOM};
use tokio::runtime::Handle;
use tracing::{debug, info, warn};

use crate::app::App;
use crate::disk::blobs::Occasion;

/// Between two looks at the disk.
const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Sweeps for ever, and whenever something would be refused for want of room.
pub(crate) async fn run(app: App) {
    let (upgrade, runtime) = (app.weak(), Handle::current());
    app.blobs.quota().collect_with(move || {
        if let Some(app) = upgrade() {
            make_room(app, &runtime);
        }
    });
    loop {
        tokio::time::sleep(INTERVAL).await;
        let app = app.clone();
        let sweeping = tokio::task::spawn_blocking(move || {
            sweep_archives(&app, Occasion::Regular);
            sweep_registry(&app, UNUSED_KEPT);
            app.blobs.quota().measure();
        });
        sweeping.await.expect("sweeping does not panic");
    }
}

/// Deletes at once the archives that nothing needs and what dead uploads have brought, and the registry's content soon: whoever
/// waits for room may be about to change the registry.
fn make_room(app: App, runtime: &Handle) {
    info!("all that may be kept is used up: looking for what nothing needs");
    sweep_archives(&app, Occasion::NoRoom);
    let uploads = app.registry.end_unused_uploads();
    debug!(uploads, "ended the uploads that nobody goes on with");
    runtime.spawn_blocking(move || sweep_registry(&app, UNUSED_KEPT_WITHOUT_ROOM));
}

fn sweep_archives(app: &App, occasion: Occasion) {
    match app.blobs.sweep(Instant::now(), || needed(app), occasion) {
        Ok(deleted) => debug!(deleted, "swept the artifacts"),
        Err(error) => warn!(%error, "artifacts that nothing needs could not be deleted"),
    }
}

/// Sweeps the registry, whose images of upstreams are kept for so long after they were pulled.
fn sweep_registry(app: &App, kept: Duration) {
    if let Err(error) = app.registry.forget_unused(SystemTime::now(), kept, &images(app)) {
        warn!(%error, "images that nobody pulls could not be deleted from the registry");
    }
    match app.registry.collect_garbage(Instant::now()) {
        Ok(collected) => debug!(?collected, "swept the registry"),
        Err(error) => warn!(%error, "what no image needs could not be deleted from the registry"),
    }
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
