//! Where requests come in: those for function URLs and for Lambda take the shortest way, all others that by the routes.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::serve::IncomingStream;
use fakecloud_lambda::{UrlAddress, is_lambda_path};
use tower::{Service, ServiceExt};

use super::service::is_for_another_v2;
use super::unread::discard_rest;
use super::{aws, function_urls, router};
use crate::app::App;
use crate::tls::listener::{Peer, TlsListener};

/// Takes connections.
pub(crate) struct Entrance {
    app: App,
    routes: Router,
}

/// Takes the requests of one connection.
#[derive(Clone)]
pub(crate) struct Requests {
    app: App,
    routes: Router,
    peer: Peer,
}

// === impl Entrance ===

impl Entrance {
    pub(crate) fn new(app: App) -> Self {
        Self { routes: router(app.clone()), app }
    }
}

impl Service<IncomingStream<'_, TlsListener>> for Entrance {
    type Response = Requests;
    type Error = Infallible;
    type Future = Ready<Result<Requests, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, TlsListener>) -> Self::Future {
        ready(Ok(Requests { app: self.app.clone(), routes: self.routes.clone(), peer: Peer::of(&stream) }))
    }
}

// === impl Requests ===

impl Service<Request> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let app = self.app.clone();
        self.peer.mark_encrypted(request.headers_mut());
        discard_rest(&mut request);
        if let Some(address) = UrlAddress::of_request(request.headers(), request.uri().path()) {
            request.extensions_mut().insert(ConnectInfo(self.peer.clone()));
            return Box::pin(async move { Ok(function_urls::answer(&app, address, request).await) });
        }
        // No route is for the calls of Lambda.
        if is_lambda_path(request.uri().path()) || is_for_another_v2(request.uri(), request.headers()) {
            return Box::pin(async move { Ok(aws(State(app), request).await) });
        }
        Box::pin(self.routes.clone().oneshot(request))
    }
}
