//! The OCI Distribution Specification 1.1 over HTTP.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HeaderName};

use crate::registry::Registry;

/// By which clients have known registries since before there was a specification.
const VERSION: (HeaderName, &str) = (HeaderName::from_static("docker-distribution-api-version"), "registry/2.0");

impl Registry {
    /// Everything below `/v2`.
    pub fn router(&self) -> Router {
        Router::new().route("/v2", get(base)).route("/v2/", get(base)).with_state(self.clone())
    }
}

/// `GET /v2/`: there is a registry here.
async fn base() -> Response {
    ([VERSION, (CONTENT_TYPE, "application/json")], "{}").into_response()
}
