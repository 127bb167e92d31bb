//! `POST /_fakecloud/reset`: everything is as at the start of an empty instance, for the next test.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::app::App;
use crate::invocations::events;
use crate::pods::driver::Input;
use crate::state::writer::{Writer, on_disk};

/// How long the API server is given to take the deletion of all Pods.
const PODS_DELETED_WITHIN: Duration = Duration::from_secs(30);

/// `POST /_fakecloud/reset`, `/_fakecloud/reset/lambda` and `/_reset`: answers once it is done, whether its client stays
/// or not.
pub(crate) async fn reset(State(app): State<App>) -> Response {
    let resetting = tokio::spawn(async move { run(&app).await });
    let outcome = resetting.await.unwrap_or_else(|panic| Err(format!("the reset was lost: {panic}")));
    match outcome {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(message) => {
            warn!(message, "the reset is incomplete");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "status": "error", "message": message }))).into_response()
        }
    }
}

async fn run(app: &App) -> Result<(), String> {
    // 1. No function, no event for one and no role is left: what comes from now on finds none.
    let (generation, written) = {
        let (mut lambda, mut iam) = (app.lambda(), app.iam());
        iam.reset();
        app.deployments.follow(lambda.reset());
        (lambda.generation(), app.writer.as_ref().map(Writer::clear))
    };
    let events = events::reset(app, generation).await;
    app.provisioning.changed();
    // 2. No Pod, after a clear end of what runs or waits.
    let (done, deleted) = oneshot::channel();
    app.driver.send(Input::Reset { generation, done });
    let deleted = tokio::time::timeout(PODS_DELETED_WITHIN, deleted).await;
    // 3. No image, and no memory of what was.
    let registry = app.registry.clone();
    let images = tokio::task::spawn_blocking(move || registry.reset()).await.expect("deleting images does not panic");
    app.invocation_log.clear();
    events.map_err(|error| format!("the records of asynchronous invocations could not be deleted: {error}"))?;
    images.map_err(|error| format!("the registry could not be emptied: {error}"))?;
    let records = on_disk(written).await;
    records.map_err(|error| format!("the records on disk could not be deleted: {error}"))?;
    match deleted {
        Ok(Ok(())) => info!("reset: no function, layer, role, image or Pod is left"),
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
