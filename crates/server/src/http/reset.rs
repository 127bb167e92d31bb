//! `POST /_fakecloud/reset`: everything, or all of Lambda, is as at the start of an empty instance, for the next test.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::app::App;
use crate::disk::store::Cleared;
use crate::disk::writer::on_disk;
use crate::environments::driver::Input;
use crate::invocations::events;

/// How long the API server is given to take the deletion of all Pods.
const PODS_DELETED_WITHIN: Duration = Duration::from_secs(30);

/// What the answer of a reset says that leaves images alone.
const IMAGES_LEFT: &str = "repositories and images are left: show the token in FAKECLOUD_REGISTRY_TOKEN as a push does \
                           ('Authorization: Bearer <token>') to empty the registry as well";

/// `POST /_fakecloud/reset` and `/_reset`: answers once it is done, whether its client stays or not.
/// Images stay where the registry has a token and the request shows neither that one nor, where there is one, the
/// operator's, without which nobody gets here.
pub(crate) async fn everything(State(app): State<App>, headers: HeaderMap) -> Response {
    let takes_images = app.trust.admin_token.is_some() || app.registry.may_be_reset(&headers);
    let left = if takes_images { None } else { Some(IMAGES_LEFT) };
    answer(left, async move {
        let others = forget(&app, Cleared::All).await;
        match takes_images {
            true => others.and(empty_registry(&app).await),
            false => others,
        }
    })
    .await
}

/// `POST /_fakecloud/reset/lambda`: the same, but roles, policies and images stay.
pub(crate) async fn lambda(State(app): State<App>) -> Response {
    answer(None, async move { forget(&app, Cleared::Lambda).await }).await
}

async fn answer(left: Option<&str>, reset: impl Future<Output = Result<(), String>> + Send + 'static) -> Response {
    let resetting = tokio::spawn(reset);
    let outcome = resetting.await.unwrap_or_else(|panic| Err(format!("the reset was lost: {panic}")));
    match outcome {
        Ok(()) => match left {
            Some(left) => Json(json!({ "status": "ok", "message": left })).into_response(),
            None => Json(json!({ "status": "ok" })).into_response(),
        },
        Err(message) => {
            warn!(message, "the reset is incomplete");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "status": "error", "message": message }))).into_response()
        }
    }
}

async fn forget(app: &App, what: Cleared) -> Result<(), String> {
    // 1. No function, no event for one and perhaps no role is left: what comes from now on finds none.
    let (generation, written) = {
        let (mut lambda, mut iam) = (app.lambda(), app.iam());
        if what == Cleared::All {
            iam.reset();
        }
        app.deployments.follow(lambda.reset());
        (lambda.generation(), app.writer.as_ref().map(|writer| writer.clear(what)))
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
    let records = on_disk(written).await;
    records.map_err(|error| format!("the records on disk could not be deleted: {error}"))?;
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

async fn empty_registry(app: &App) -> Result<(), String> {
    let registry = app.registry.clone();
    let images = tokio::task::spawn_blocking(move || registry.reset()).await.expect("deleting images does not panic");
    images.map_err(|error| format!("the registry could not be emptied: {error}"))
}
