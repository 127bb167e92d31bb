//! The queue as the settings want it, with what an earlier process has left in it.

use anyhow::{Context, Result};
use fakecloud_events::Config;
use tokio::sync::mpsc;
use tracing::info;

use super::{Input, event, run};
use crate::app::App;
use crate::args::Args;
use crate::disk::store::Store;
use crate::disk::writer::Writer;

/// The task that owns the queue.
///
/// # Errors
///
/// A data directory that cannot be read or written.
pub(crate) fn restored(
    args: &Args,
    bytes_max: usize,
    app: App,
    inputs: mpsc::UnboundedReceiver<Input>,
) -> Result<impl Future<Output = ()> + use<>> {
    let config = Config {
        events_max: args.lambda_async_queue_limit,
        bytes_max,
        running_max: args.lambda_max_concurrency.try_into().context("FAKECLOUD_LAMBDA_MAX_CONCURRENCY")?,
        retry_base: args.lambda_retry_base.0,
        ..Config::default()
    };
    let (writer, events) = match args.data_dir.as_deref() {
        None => (None, Vec::new()),
        Some(dir) => {
            let place = || format!("FAKECLOUD_DATA_DIR={}: the directory cannot be used", dir.display());
            let store = Store::open(dir.join("events"), app.blobs.quota().clone()).with_context(place)?;
            let events = event::load(store.load().with_context(place)?);
            (Some(Writer::start(store).context("the thread that writes events cannot be started")?), events)
        }
    };
    if !events.is_empty() {
        info!(events = events.len(), "goes on with asynchronous invocations of an earlier process");
    }
    Ok(run(app, config, writer, events, inputs))
}
