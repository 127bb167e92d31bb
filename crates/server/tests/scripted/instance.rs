//! Another instance of fakecloud, as far as its health endpoint.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

/// Answers for `instance` until the test ends, after `misses` probes that fail. Returns its URL.
pub(crate) async fn serve_health(instance: &'static str, misses: usize) -> String {
    let probes = Arc::new(AtomicUsize::new(0));
    let health = get(move || {
        let probe = probes.fetch_add(1, Ordering::SeqCst);
        let answer = json!({ "status": "ok", "instance": instance, "version": "0.0.0" });
        async move { if probe < misses { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(Json(answer)) } }
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route("/_fakecloud/health", health)).into_future());
    url
}
