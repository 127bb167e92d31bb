//! `POST /_fakecloud/reset`: everything, or all of Lambda, is as at the start of an empty instance, for the next test.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tracing::warn;

use crate::app::App;
use crate::control::reset;
use crate::disk::store::Cleared;

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
        let others = reset::forget(&app, Cleared::All).await;
        match takes_images {
            true => others.and(reset::empty_registry(&app).await),
            false => others,
        }
    })
    .await
}

/// `POST /_fakecloud/reset/lambda`: the same, but roles, policies and images stay.
pub(crate) async fn lambda(State(app): State<App>) -> Response {
    answer(None, async move { reset::forget(&app, Cleared::Lambda).await }).await
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
