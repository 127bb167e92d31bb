//! The OCI Distribution Specification 1.1 over HTTP.

pub(crate) mod auth;
mod blobs;
mod call;
mod error;
mod lists;
mod manifests;
mod page;
mod range;
mod route;
mod uploads;
mod upstream;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use self::call::Call;
use self::error::{Error, ErrorCode};
use self::route::{Resource, Route};
use crate::name::RepositoryPath;
use crate::registry::Registry;

/// By which clients have known registries since before there was a specification.
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

impl Registry {
    /// Everything below `/v2`.
    pub fn router(&self) -> Router {
        let serve = any(serve);
        Router::new()
            .route("/v2", serve.clone())
            .route("/v2/", serve.clone())
            .route("/v2/{*path}", serve)
            .with_state(self.clone())
    }
}

async fn serve(State(registry): State<Registry>, request: Request) -> Response {
    let is_head = request.method() == Method::HEAD;
    let mut response = answer(registry, request).await.unwrap_or_else(Error::into_response);
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    if is_head && response.status() != StatusCode::OK {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn answer(registry: Registry, request: Request) -> Result<Response, Error> {
    let (head, body) = request.into_parts();
    let route = Route::parse(head.uri.path())?;
    let login = auth::admit(registry.config().token.as_ref(), &head.headers, &head.method, &route)?;
    let method = head.method.clone();
    if !route.methods().contains(&method) {
        return Err(unsupported(&method, &route));
    }
    let call = Call::new(registry, head, login);
    match route {
        Route::Base => Ok(([(CONTENT_TYPE, "application/json")], "{}").into_response()),
        Route::Catalog => lists::repositories(&call),
        Route::Of(path, resource) => of_repository(&call, &method, path, resource, body).await,
    }
}

/// One arm for each method of each resource.
async fn of_repository(
    call: &Call,
    method: &Method,
    path: RepositoryPath,
    resource: Resource,
    body: Body,
) -> Result<Response, Error> {
    let mut asked = call.asked(path);
    if let Some(source) = call.registry.upstreams().source(&asked, call.parameter("ns")) {
        if let Some(response) = upstream::answer(call, &source, &asked, method, &resource).await? {
            return Ok(response);
        }
        asked = source.asked();
    }
    match (resource, method.as_str()) {
        (Resource::Blob(digest), "GET") => blobs::get(call, &asked, &digest).await,
        (Resource::Blob(digest), "HEAD") => blobs::head(call, &asked, &digest),
        (Resource::Blob(digest), _) => blobs::delete(call, asked, &digest).await,
        (Resource::Uploads, _) => uploads::post(call, asked, body).await,
        (Resource::Upload(id), "GET" | "HEAD") => uploads::get(call, &asked, &id),
        (Resource::Upload(id), "PATCH") => uploads::patch(call, &asked, &id, body).await,
        (Resource::Upload(id), "PUT") => uploads::put(call, &asked, &id, body).await,
        (Resource::Upload(id), _) => uploads::delete(call, &asked, &id),
        (Resource::Manifest(reference), "GET") => manifests::get(call, &asked, &reference).await,
        (Resource::Manifest(reference), "HEAD") => manifests::head(call, &asked, &reference),
        (Resource::Manifest(reference), "PUT") => manifests::put(call, asked, &reference, body).await,
        (Resource::Manifest(reference), _) => manifests::delete(call, asked, &reference).await,
        (Resource::Referrers(digest), _) => lists::referrers(call, &asked, &digest),
        (Resource::Tags, _) => lists::tags(call, &asked),
    }
}

fn unsupported(method: &Method, route: &Route) -> Error {
    let allowed: Vec<&str> = route.methods().iter().map(Method::as_str).collect();
    let allowed = allowed.join(", ");
    Error::new(ErrorCode::Unsupported, format!("{method} is none of {allowed}")).with_header(ALLOW, &allowed)
}
