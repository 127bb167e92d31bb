//! The HTTP surface: fakecloud's own paths, the registry's below `/v2`, and AWS's APIs at every other.

pub(crate) mod admin;
mod answer;
pub(crate) mod cross_site;
pub(crate) mod ecr_api;
pub(crate) mod entrance;
pub(crate) mod forward;
pub(crate) mod function_urls;
pub(crate) mod iam_api;
pub(crate) mod inspect;
pub(crate) mod lambda_api;
pub(crate) mod other_services;
pub(crate) mod peek;
pub(crate) mod proxies;
pub(crate) mod refusal;
mod request_body;
pub(crate) mod reset;
pub(crate) mod service;
pub(crate) mod trust;
mod unread;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use fakecloud_budget::{Peer, Share};
use fakecloud_podspec::{CODE_PATH, LAYERS_PATH};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode, Uri};

use self::service::{Identified, Service, identify, of_form};
use crate::app::App;
use crate::backends::k8s::fetch::{self, ARCHIVES_PATH};
use crate::common::request_id;
use crate::health;

/// Every route of the server, for what the [`entrance`] does not take. What has no route is for some API of AWS.
fn router(app: App) -> Router {
    Router::new()
        .route("/livez", get(probe))
        .route("/readyz", get(probe))
        .route("/_fakecloud/health", get(told_health))
        .route("/_fakecloud/tls/ca.crt", get(tls_authority))
        .route(&format!("{CODE_PATH}/{{pod}}"), get(fetch::code))
        .route(&format!("{LAYERS_PATH}/{{pod}}"), get(fetch::layers))
        .route(&format!("{ARCHIVES_PATH}/{{digest}}"), get(fetch::archive))
        .merge(guarded(app.clone()))
        .fallback(unrouted)
        .with_state(app.clone())
        .merge(app.registry.router())
        .layer(DefaultBodyLimit::disable())
}

/// The routes that the admin token guards. Pods show tokens of their own for their archives, and function URLs never
/// come to a route.
fn guarded(app: App) -> Router<App> {
    Router::new()
        .route("/_fakecloud/lambda/pool", get(inspect::pool))
        .route("/_fakecloud/lambda/warm-containers", get(inspect::warm_containers))
        .route("/_fakecloud/lambda/{function}/evict-container", post(inspect::evict_container))
        .route("/_fakecloud/lambda/invocations", get(inspect::invocations))
        .route("/_fakecloud/reset", post(reset::everything))
        .route("/_fakecloud/reset/lambda", post(reset::lambda))
        .route("/_reset", post(reset::everything))
        .route("/_fakecloud/{*path}", any(unknown))
        .route_layer(from_fn_with_state(app, admin::guard))
}

async fn probe(State(app): State<App>) -> Response {
    health::probed(app.poisoned()).into_response()
}

async fn tls_authority(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, "application/x-pem-file")], app.identity.authority.clone()).into_response()
}

async fn told_health(State(app): State<App>) -> Response {
    Json(&app.health).into_response()
}

/// What there is below `/_fakecloud`, for those who ask for something else.
const OWN_PATHS: [&str; 11] = [
    "GET /_fakecloud/health",
    "GET /_fakecloud/lambda/archives/<sha256>",
    "GET /_fakecloud/lambda/invocations",
    "GET /_fakecloud/lambda/pool",
    "GET /_fakecloud/lambda/warm-containers",
    "POST /_fakecloud/lambda/<function>/evict-container",
    "any method /_fakecloud/lambda/urls/<url-id>/<path>",
    "POST /_fakecloud/reset",
    "POST /_fakecloud/reset/lambda",
    "GET /_fakecloud/tls/ca.crt",
    "POST /_reset",
];

async fn unknown(method: Method, uri: Uri) -> Response {
    let known = OWN_PATHS.join("\n");
    (StatusCode::NOT_FOUND, format!("there is no {method} {}; there are:\n{known}\n", uri.path())).into_response()
}

async fn unrouted(State(app): State<App>, request: Request) -> Response {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::unknown());
    aws(app, peer, request).await
}

/// One request to some API of AWS.
async fn aws(app: App, peer: Peer, mut request: Request) -> Response {
    let request_id = request_id::fresh();
    let service = match identify(&request) {
        Identified::Service(service) => service,
        Identified::Form { otherwise } => of_body(app.bodies.share(peer), request.body_mut(), otherwise).await,
    };
    match service {
        Service::Lambda => lambda_api::answer(&app, peer, &mut request, &request_id).await,
        Service::Ecr => ecr_api::answer(&app, peer, request, &request_id).await,
        Service::Iam => iam_api::answer(&app, peer, fakecloud_iam::Service::Iam, request, &request_id).await,
        Service::Sts => iam_api::answer(&app, peer, fakecloud_iam::Service::Sts, request, &request_id).await,
        Service::Other(_) | Service::Unknown => other_services::answer(&app, &service, request, &request_id).await,
    }
}

/// The service that a form is for. Of the body nothing is lost.
async fn of_body(share: Share, body: &mut Body, otherwise: Service) -> Service {
    let (beginning, whole) = peek::beginning(std::mem::take(body), share).await;
    *body = whole;
    of_form(&beginning, otherwise)
}
