//! Questions of people and tests about invocations and Pods: `/_fakecloud/lambda/invocations`, `pool`, `warm-containers` and
//! `evict-container`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use fakecloud_pool::InstanceState;
use http::StatusCode;
use serde_json::json;
use tokio::sync::oneshot;

use crate::app::App;
use crate::environments::driver::Input;
use crate::environments::snapshot::Snapshot;

/// `GET /_fakecloud/lambda/invocations`
pub(crate) async fn invocations(State(app): State<App>) -> Response {
    Json(app.invocation_log.shown()).into_response()
}

/// `GET /_fakecloud/lambda/pool`
pub(crate) async fn pool(State(app): State<App>) -> Response {
    match snapshot(&app).await {
        Some(snapshot) => Json(snapshot).into_response(),
        None => ending(),
    }
}

/// `GET /_fakecloud/lambda/warm-containers`: Pods that are idle or run an invocation.
pub(crate) async fn warm_containers(State(app): State<App>) -> Response {
    let Some(snapshot) = snapshot(&app).await else { return ending() };
    let warm = snapshot.instances.iter().filter(|one| matches!(one.state, InstanceState::Idle | InstanceState::Busy));
    let containers = warm.map(|one| {
        json!({
            "functionName": one.function_name,
            "functionArn": one.function_arn,
            "runtime": one.runtime,
            "containerId": one.name,
            "lastUsedSecsAgo": one.last_used_ms / 1_000,
        })
    });
    Json(json!({ "containers": containers.collect::<Vec<_>>() })).into_response()
}

/// `POST /_fakecloud/lambda/<function>/evict-container`: the next invocation of the function is a cold start, in every
/// account and region. Nobody is cut off.
pub(crate) async fn evict_container(State(app): State<App>, Path(function): Path<String>) -> Response {
    let (reply, evicted) = oneshot::channel();
    app.driver.send(Input::Evict { function, reply });
    match evicted.await {
        Ok(evicted) => Json(json!({ "evicted": evicted })).into_response(),
        Err(_gone) => ending(),
    }
}

async fn snapshot(app: &App) -> Option<Snapshot> {
    let (reply, snapshot) = oneshot::channel();
    app.driver.send(Input::Inspect { reply });
    snapshot.await.ok()
}

fn ending() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "message": "fakecloud is shutting down" }))).into_response()
}
