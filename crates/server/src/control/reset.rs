//! A reset: everything, or all of Lambda, is as at the start of an empty instance.

use std::time::Duration;

use tokio::sync::oneshot;
use tracing::info;

use crate::app::App;
use crate::control::commit::Records;
use crate::disk::store::Cleared;
use crate::environments::driver::Input;
use crate::invocations::events;

/// How long the API server is given to take the deletion of all Pods.
const PODS_DELETED_WITHIN: Duration = Duration::from_secs(30);

/// Takes the state, its records and its environments away; says in words what could not be.
pub(crate) async fn forget(app: &App, what: Cleared) -> Result<(), String> {
    // 1. No function, no event for one and perhaps no role is left: what comes from now on finds none.
    let (generation, records) = {
        let (mut lambda, mut iam) = (app.lambda(), app.iam());
        if what == Cleared::All {
            iam.reset();
        }
        app.deployments.follow(lambda.reset());
        (lambda.generation(), Records::cleared(app, what))
    };
    let events = events::reset(app, generation).await;
    app.provisioning.changed();
    // 2. No Pod, after a clear end of what runs or waits.
    let (done, deleted) = oneshot::channel();
    app.driver.send(Input::Reset { generation, done });
    let deleted = tokio::time::timeout(PODS_DELETED_WITHIN, deleted).await;
    // 3. No memory of what was.
    app.invocation_log.clear();
    events.map_err(|error| format!("the records of asynchronous invocations could not be deleted: {error}"))?;
    records.settled().await.map_err(|error| format!("the records on disk could not be deleted: {error}"))?;
    match deleted {
        Ok(Ok(())) => info!(?what, "reset: no function, layer or Pod is left"),
        Ok(Err(_gone)) => return Err("fakecloud is shutting down".to_owned()),
        Err(_elapsed) => {
            return Err(format!(
                "the API server has not taken the deletion of all Pods within {PODS_DELETED_WITHIN:?}; it is asked \
                 again until it has"
            ));
        }
    }
    Ok(())
}

/// Takes all images away.
pub(crate) async fn empty_registry(app: &App) -> Result<(), String> {
    let registry = app.registry.clone();
    let images = tokio::task::spawn_blocking(move || registry.reset()).await.expect("deleting images does not panic");
    images.map_err(|error| format!("the registry could not be emptied: {error}"))
}
