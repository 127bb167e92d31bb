//! SQS, SNS, EventBridge and S3, as far as they take what comes and keep it for the test.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};

/// The services.
#[derive(Clone, Default)]
pub(crate) struct Services(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    taken: Vec<Taken>,
    refusals: VecDeque<(StatusCode, &'static str)>,
}

/// A request that was taken or refused.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Services {
    /// Serves until the test ends. Returns the URL as well.
    pub(crate) async fn start() -> (Self, String) {
        let services = Self::default();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(services.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        (services, url)
    }

    /// Answers coming requests so, in order; after those all is well.
    pub(crate) fn refuse(&self, refusals: impl IntoIterator<Item = (StatusCode, &'static str)>) {
        self.0.lock().unwrap().refusals.extend(refusals);
    }

    /// The requests that came.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.0.lock().unwrap().taken.clone()
    }
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

async fn take(State(services): State<Services>, head: Parts, body: Bytes) -> (StatusCode, &'static str) {
    let mut kept = services.0.lock().unwrap();
    kept.taken.push(Taken { method: head.method, path: head.uri.path().to_owned(), headers: head.headers, body });
    kept.refusals.pop_front().unwrap_or((StatusCode::OK, "{}"))
}
