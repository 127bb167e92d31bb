//! A Pod's process: an emulator on an address of its own that counts what it runs.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::Value;
use tokio::task::JoinSet;

/// What the emulator answers when the runtime ends in its handler.
const CRASH: &str = r#"{"errorType":"Runtime.ExitError","errorMessage":"Runtime exited with error: exit status 1"}"#;

/// Between two pieces of an answer.
pub(crate) const PAUSE: Duration = Duration::from_millis(300);

/// The object as the API server keeps it, and the process behind it.
pub(crate) struct FakePod {
    pub(crate) object: Value,
    process: Option<JoinSet<()>>,
    runs: Arc<AtomicUsize>,
    payloads: Arc<Mutex<Vec<Value>>>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
    connections: Arc<AtomicUsize>,
}

impl FakePod {
    /// A loopback address that no other Pod of this test run has.
    pub(crate) fn next_ip() -> IpAddr {
        static LAST: AtomicU32 = AtomicU32::new(1);
        // Tests run in processes of their own at the same time; the process id tells their addresses apart, as long as
        // none has more than 255 Pods.
        let process = u32::from_be_bytes([127, 0, 0, 0]) | 1 << 23 | (std::process::id() & 0x7fff) << 8;
        Ipv4Addr::from_bits(process + LAST.fetch_add(1, Ordering::Relaxed)).into()
    }

    /// Listens where the server expects the emulator. A payload of `{"sleep_ms":N}` takes that long, one of
    /// `{"fail":true}` fails; `{"pieces":[…]}` is answered with these texts, one after the other, of which a
    /// number stands for one of so many characters; at `null` the process ends its answer in the middle.
    /// `{"echo":true}` is answered with the whole event. With `{"failed_inits":N}` the runtime ends while it initialises,
    /// until the process has been asked N times; with `{"crash":true}` it ends in its handler. With `{"hang_up":true}`
    /// the process ends the connection after its answer.
    pub(crate) async fn start(ip: IpAddr, object: Value) -> Self {
        let listener = tokio::net::TcpListener::bind((ip, 8080)).await.unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let payloads = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&payloads);
        let headers = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&headers);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let name = object["metadata"]["name"].to_string();
        let invoke = post(move |headers: HeaderMap, payload: Bytes| async move {
            noted.lock().unwrap().push(headers);
            let ran_before = counted.fetch_add(1, Ordering::SeqCst) as u64;
            let event: Value = serde_json::from_slice(&payload).unwrap();
            taken.lock().unwrap().push(event.clone());
            // A request to a function URL says in its body what it wants.
            let payload = event["body"]
                .as_str()
                .and_then(|body| serde_json::from_str(body).ok())
                .unwrap_or_else(|| event.clone());
            tokio::time::sleep(Duration::from_millis(payload["sleep_ms"].as_u64().unwrap_or(0))).await;
            let hang_up = [(CONNECTION, if payload["hang_up"] == true { "close" } else { "keep-alive" })];
            if payload["failed_inits"].as_u64().is_some_and(|failed| ran_before < failed) {
                return (StatusCode::BAD_GATEWAY, hang_up, Body::empty());
            }
            if payload["crash"] == true {
                return (StatusCode::BAD_GATEWAY, hang_up, Body::from(CRASH));
            }
            let body = match payload["pieces"].as_array().cloned() {
                Some(pieces) => Body::from_stream(streamed(pieces)),
                None if payload["fail"] == true => Body::from(r#"{"errorMessage":"no","errorType":"Exception"}"#),
                None if payload["echo"] == true => Body::from(event.to_string()),
                None => Body::from(name),
            };
            (StatusCode::OK, hang_up, body)
        });
        let router = Router::new().route("/2015-03-31/functions/function/invocations", invoke);
        let router = router.layer(DefaultBodyLimit::disable());
        let mut process = JoinSet::new();
        process.spawn(async move {
            // One connection at a time is all the server may open; its end ends the process.
            let (stream, _peer) = listener.accept().await.unwrap();
            accepted.fetch_add(1, Ordering::SeqCst);
            let service = hyper_util::service::TowerToHyperService::new(router);
            let connection = hyper::server::conn::http1::Builder::new();
            drop(connection.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await);
        });
        Self { object, process: Some(process), runs, payloads, headers, connections }
    }

    /// A Pod that runs nothing.
    pub(crate) fn without_process(object: Value) -> Self {
        Self {
            object,
            process: None,
            runs: Arc::default(),
            payloads: Arc::default(),
            headers: Arc::default(),
            connections: Arc::default(),
        }
    }

    /// The process, if it runs.
    pub(crate) fn take_process(&mut self) -> Option<JoinSet<()>> {
        self.process.take()
    }

    /// How many connections it took.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The invocations it was given.
    pub(crate) fn payloads(&self) -> Vec<Value> {
        self.payloads.lock().unwrap().clone()
    }

    /// The headers of these.
    pub(crate) fn headers(&self) -> Vec<HeaderMap> {
        self.headers.lock().unwrap().clone()
    }

    /// How many invocations it was given.
    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn streamed(pieces: Vec<Value>) -> impl Stream<Item = Result<Bytes, &'static str>> {
    stream::iter(pieces).enumerate().then(|(index, piece)| async move {
        if index > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let text = piece.as_str().map(str::to_owned);
        let text = text.or_else(|| Some("x".repeat(piece.as_u64()? as usize)));
        text.map(Bytes::from).ok_or("the process ends")
    })
}
