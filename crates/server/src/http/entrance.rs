//! Where requests come in: those for function URLs and for Lambda take the shortest way, all others that by the routes.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use fakecloud_lambda::{UrlAddress, is_lambda_path};
use fakecloud_podspec::{CODE_PATH, LAYERS_PATH};
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::service::Service;
use tower::ServiceExt;

use super::proxies::settle;
use super::refusal::{Protocol, Refusal};
use super::service::{Identified, identify, is_for_another_v2};
use super::unread::discard_rest;
use super::{aws, function_urls, router};
use crate::app::App;
use crate::backends::k8s::fetch;
use crate::common::request_id;
use crate::connections::{Activity, Busy, Full, Held, Peer, Terms};

/// Paths of the kubelet's probes. They are answered over connections beyond the limit, as are Pods that start.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/_fakecloud/health"];

/// Takes connections.
pub(crate) struct Entrance {
    app: App,
    routes: Router,
}

/// Takes the requests of one connection.
pub(crate) struct Requests {
    app: App,
    routes: Router,
    peer: Peer,
    activity: Arc<Activity>,
    terms: Terms,
}

/// An answer on its way.
type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Held>, Infallible>> + Send>>;

// === impl Entrance ===

impl Entrance {
    pub(crate) fn new(app: App) -> Self {
        Self { routes: router(app.clone()), app }
    }

    pub(crate) fn requests(&self, peer: Peer, activity: Arc<Activity>, terms: Terms) -> Requests {
        Requests { app: self.app.clone(), routes: self.routes.clone(), peer, activity, terms }
    }
}

// === impl Requests ===

impl Service<http::Request<Incoming>> for Requests {
    type Response = http::Response<Held>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: http::Request<Incoming>) -> Answering {
        let busy = self.activity.begin();
        let mut request = request.map(Body::new);
        let client = settle(&self.app.trust.proxies, self.peer.address.ip(), request.headers_mut());
        self.peer.mark_encrypted(request.headers_mut());
        discard_rest(&mut request, &busy);
        if let Terms::Reserved(full) = self.terms
            && !self.is_reserved(&request)
        {
            return held(busy, std::future::ready(refuse(full, request)));
        }
        let app = self.app.clone();
        if let Some(address) = UrlAddress::of_request(request.headers(), request.uri().path()) {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(self.peer.counted());
            return held(busy, async move { function_urls::answer(&app, address, request).await });
        }
        if let Some(refusal) = app.trust.pages.refusal(&request) {
            return held(busy, std::future::ready(refusal));
        }
        // No route is for the calls of Lambda.
        if is_lambda_path(request.uri().path()) || is_for_another_v2(request.uri(), request.headers()) {
            let peer = self.peer.counted();
            return held(busy, async move { aws(app, peer, request).await });
        }
        request.extensions_mut().insert(self.peer.counted());
        let answer = self.routes.clone().oneshot(request);
        held(busy, async move { answer.await.unwrap_or_else(|never| match never {}) })
    }
}

impl Requests {
    /// Tells requests of probes and starting Pods, which no number of clients may keep out.
    fn is_reserved(&self, request: &Request) -> bool {
        if fetch::is_fetch(&self.app, request) {
            self.activity.fetch();
        }
        let path = request.uri().path();
        PROBES.contains(&path) || [CODE_PATH, LAYERS_PATH].iter().any(|prefix| path.starts_with(prefix))
    }
}

fn held(busy: Busy, answer: impl Future<Output = Response> + Send + 'static) -> Answering {
    Box::pin(async move { Ok(answer.await.map(|body| busy.hold(body))) })
}

fn refuse(full: Full, request: Request) -> Response {
    let service = match identify(&request) {
        Identified::Service(service) | Identified::Form { otherwise: service } => service,
    };
    let (head, _body) = request.into_parts();
    let refusal =
        Refusal { status: StatusCode::SERVICE_UNAVAILABLE, code: "ServiceUnavailable", message: full.to_string() };
    let mut response = refusal.respond(Protocol::of(&head, &service), &request_id::fresh());
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
