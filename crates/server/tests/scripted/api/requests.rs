//! The requests that the API server serves: reviews, and Pods that are created, deleted, listed and watched.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use futures_util::stream;
use serde_json::{Value, json};

use super::{Api, Create};
use crate::pod::FakePod;

/// How long a Pod's containers take to end, where Pods are limited.
const GRACE: Duration = Duration::from_millis(700);

/// How long a quota counts a Pod that has gone.
const RECOUNTED_AFTER: Duration = Duration::from_millis(300);

/// What an API server says whose tries to change a quota's status have all failed.
const CONFLICT: &str = "Operation cannot be fulfilled on resourcequotas \"few\": the object has been modified; please \
                        apply your changes to the latest version and try again";

/// Where each request goes.
pub(super) fn router(api: Api) -> Router {
    Router::new()
        .route("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", post(review))
        .route("/api/v1/namespaces/default/pods", get(list_or_watch).post(create))
        .route("/api/v1/namespaces/default/pods/{name}", delete(remove))
        .with_state(api)
}

async fn review(State(api): State<Api>, Json(mut review): Json<Value>) -> Response {
    if api.lock().knows_nobody {
        return failure(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized");
    }
    review["status"] = json!({ "allowed": true });
    Json(review).into_response()
}

async fn create(State(api): State<Api>, Json(pod): Json<Value>) -> Response {
    let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
    let fault = {
        let mut state = api.lock();
        state.creates += 1;
        if state.pods.contains_key(&name) {
            return failure(StatusCode::CONFLICT, "AlreadyExists", "pods already exists");
        }
        if let Some(quota) = state.quota.filter(|_| state.script.is_empty()) {
            if state.counted >= quota {
                return exceeded(&name, state.counted, quota);
            }
            state.counted += 1;
        }
        state.script.pop_front()
    };
    match fault {
        Some(Create::NeverScheduled) => {
            api.lock().pods.insert(name, FakePod::without_process(pod.clone()));
            (StatusCode::CREATED, Json(pod)).into_response()
        }
        Some(Create::ForbiddenAfter(delay, message)) => {
            tokio::time::sleep(delay).await;
            failure(StatusCode::FORBIDDEN, "Forbidden", message)
        }
        Some(Create::Forbidden(message)) => failure(StatusCode::FORBIDDEN, "Forbidden", message),
        Some(Create::Conflict) => failure(StatusCode::CONFLICT, "Conflict", CONFLICT),
        Some(Create::CommittedButTimedOut) => {
            api.commit(&name, pod).await;
            failure(StatusCode::GATEWAY_TIMEOUT, "Timeout", "the request timed out")
        }
        None => {
            api.commit(&name, pod.clone()).await;
            (StatusCode::CREATED, Json(pod)).into_response()
        }
    }
}

async fn remove(State(api): State<Api>, Path(name): Path<String>) -> Response {
    let removed = {
        let mut state = api.lock();
        state.deleted.push(name.clone());
        if state.keeps_pods {
            return failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "etcdserver: request timed out");
        }
        if let Some(pod) = state.pods.get(&name).filter(|_| state.quota.is_some()) {
            let mut object = pod.object.clone();
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            drop(api.events.send(Some(json!({ "type": "MODIFIED", "object": object }))));
            tokio::spawn(end(api.clone(), name));
            return Json(object).into_response();
        }
        state.pods.remove(&name)
    };
    let Some(pod) = removed else { return failure(StatusCode::NOT_FOUND, "NotFound", "no such Pod") };
    drop(api.events.send(Some(json!({ "type": "DELETED", "object": pod.object }))));
    Json(pod.object.clone()).into_response()
}

/// The containers of a Pod end.
async fn end(api: Api, name: String) {
    tokio::time::sleep(GRACE).await;
    if let Some(pod) = api.lock().pods.remove(&name) {
        drop(api.events.send(Some(json!({ "type": "DELETED", "object": pod.object }))));
    }
    tokio::time::sleep(RECOUNTED_AFTER).await;
    api.lock().counted -= 1;
}

fn exceeded(name: &str, used: usize, quota: usize) -> Response {
    let message = format!(
        "pods \"{name}\" is forbidden: exceeded quota: few, requested: pods=1, used: pods={used}, limited: pods={quota}"
    );
    failure(StatusCode::FORBIDDEN, "Forbidden", &message)
}

async fn list_or_watch(State(api): State<Api>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let selector = query.get("labelSelector").cloned().unwrap_or_default();
    if query.contains_key("watch") {
        return watch(&api, selector, query.get("resourceVersion").and_then(|version| version.parse().ok()));
    }
    let mut state = api.lock();
    state.lists += 1;
    let objects = state.pods.values().map(|pod| &pod.object);
    let items: Vec<&Value> = objects.filter(|object| matches(object, &selector)).collect();
    let metadata = json!({ "resourceVersion": state.version.to_string() });
    Json(json!({ "kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items })).into_response()
}

/// What came after version `since`, as far as it is still there, then what comes.
fn watch(api: &Api, selector: String, since: Option<u64>) -> Response {
    let coming = api.events.subscribe();
    let version = |object: &Value| object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
    let missed: Vec<_> = {
        let state = api.lock();
        let objects = state.pods.values().map(|pod| &pod.object).filter(|object| matches(object, &selector));
        let missed = objects.filter(|object| since.is_some() && version(object) > since);
        missed.map(|object| Bytes::from(format!("{}\n", json!({ "type": "ADDED", "object": object })))).collect()
    };
    let lines = stream::unfold(coming, move |mut events| {
        let selector = selector.clone();
        async move {
            loop {
                let event = events.recv().await.ok()??;
                if event["type"] == "ERROR" || matches(&event["object"], &selector) {
                    return Some((Ok::<_, Infallible>(Bytes::from(format!("{event}\n"))), events));
                }
            }
        }
    });
    let missed = stream::iter(missed.into_iter().map(Ok::<_, Infallible>));
    Body::from_stream(futures_util::StreamExt::chain(missed, lines)).into_response()
}

/// Whether the object has every label of a selector of the form `key=value,key=value`.
fn matches(object: &Value, selector: &str) -> bool {
    let mut pairs = selector.split(',').filter_map(|pair| pair.split_once('='));
    pairs.all(|(key, value)| object["metadata"]["labels"][key] == value)
}

fn failure(status: StatusCode, reason: &str, message: &str) -> Response {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status.as_u16() });
    (status, Json(body)).into_response()
}
