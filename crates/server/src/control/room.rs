//! Whether there is room for another record, asked before a call changes anything.

use fakecloud_durable::LimitReached;

use crate::app::App;

/// What the names of operations begin with after which more is kept than before.
const ADDING: [&str; 7] = ["Add", "Attach", "Create", "Publish", "Put", "Tag", "Update"];

/// What the names of operations begin with after which files may be needed no more.
const FREEING: [&str; 2] = ["Delete", "Update"];

/// Refuses an operation that adds to what is kept where that may not grow. Deletions and reads pass.
///
/// # Errors
///
/// The limit, in words.
pub(crate) async fn for_operation(app: &App, name: &str) -> Result<(), LimitReached> {
    match ADDING.iter().any(|verb| name.starts_with(verb)) {
        true => for_record(app).await,
        false => Ok(()),
    }
}

/// Has what an operation may have freed looked for before anything else is refused.
pub(crate) fn after_operation(app: &App, name: &str) {
    if FREEING.iter().any(|verb| name.starts_with(verb)) {
        app.blobs.quota().freed();
    }
}

/// Refuses a record where nothing may be added. What is deleted counts until the next look at the disk, which is now.
///
/// # Errors
///
/// The limit, in words.
pub(crate) async fn for_record(app: &App) -> Result<(), LimitReached> {
    if app.blobs.quota().check().is_ok() {
        return Ok(());
    }
    let measured = app.clone();
    let measuring = tokio::task::spawn_blocking(move || measured.blobs.quota().measure_again());
    measuring.await.expect("measuring does not panic");
    app.blobs.quota().check()
}
