//! A registry that says what a test wants it to say, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use fakecloud_registry::Digest;
use futures_util::{FutureExt, StreamExt, stream};
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LINK, LOCATION, RANGE, WWW_AUTHENTICATE,
};
use http::{Method, StatusCode};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// User `me` with password `secret`.
const BASIC: &str = "Basic bWU6c2VjcmV0";

/// Who is let in, with user `me` and password `secret` or a token that these are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    /// By user and password.
    Basic,
    /// By a token that everybody gets.
    Bearer,
    /// By a token that only the user gets.
    BearerOfUser,
}

/// What becomes of an answer.
#[derive(Clone)]
pub(crate) enum Fault {
    /// There is none but this status.
    Status(u16),
    /// It lies there.
    Redirect(String),
    /// After so many bytes of the body the connection ends.
    CutAfter(usize),
    /// After so many bytes of the body it waits for a permit.
    HoldAfter(usize, Arc<Semaphore>),
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) what: String,
    pub(crate) authorization: Option<String>,
    pub(crate) range: Option<String>,
}

pub(crate) struct Upstream {
    address: SocketAddr,
    script: Arc<Script>,
    server: JoinHandle<()>,
}

struct Script {
    door: Mutex<Door>,
    address: SocketAddr,
    /// By path: the media type and the content.
    content: Mutex<BTreeMap<String, (String, Bytes)>>,
    /// By path: to the next page.
    links: Mutex<BTreeMap<String, String>>,
    /// By path: for the next requests, one after the other.
    faults: Mutex<BTreeMap<String, VecDeque<Fault>>>,
    seen: Mutex<Vec<Seen>>,
}

impl Upstream {
    pub(crate) async fn start(door: Door) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (content, links, faults, seen) = <(Mutex<_>, Mutex<_>, Mutex<_>, Mutex<_>)>::default();
        let script = Arc::new(Script { door: Mutex::new(door), address, content, links, faults, seen });
        let router = Router::new().fallback(answer).with_state(script.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, script, server }
    }

    /// `host:port`
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn put(&self, path: &str, media_type: &str, content: impl Into<Bytes>) {
        self.script.content.lock().unwrap().insert(path.to_owned(), (media_type.to_owned(), content.into()));
    }

    pub(crate) fn put_blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        self.put(&format!("/v2/{repository}/blobs/{digest}"), "application/octet-stream", content.to_vec());
        digest
    }

    /// Puts a manifest there by its digest and by tags.
    pub(crate) fn put_manifest(&self, repository: &str, media_type: &str, content: &[u8], tags: &[&str]) -> Digest {
        let digest = Digest::of(content);
        for reference in tags.iter().map(|tag| (*tag).to_owned()).chain([digest.to_string()]) {
            self.put(&format!("/v2/{repository}/manifests/{reference}"), media_type, content.to_vec());
        }
        digest
    }

    /// Lets the answer for a path have a link.
    pub(crate) fn link(&self, path: &str, link: &str) {
        self.script.links.lock().unwrap().insert(path.to_owned(), link.to_owned());
    }

    pub(crate) fn fail(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.script.faults.lock().unwrap().entry(path.to_owned()).or_default().extend(faults);
    }

    /// The requests so far for a path, each as `METHOD path?query`.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let all = self.script.seen.lock().unwrap();
        all.iter().filter(|seen| seen.what.contains(path)).cloned().collect()
    }

    /// From now on nobody listens there, nor can anybody else, as long as the socket is kept.
    pub(crate) async fn stop(self) -> TcpSocket {
        self.server.abort();
        assert!(self.server.await.unwrap_err().is_cancelled());
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        socket
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (authorization, range) = (header(AUTHORIZATION), header(RANGE));
    let what = format!("{} {}", request.method(), request.uri());
    script.seen.lock().unwrap().push(Seen { what, authorization: authorization.clone(), range: range.clone() });
    let path = request.uri().path();
    if path == "/token" {
        return script.token(request.uri().query().unwrap_or_default(), authorization.as_deref());
    }
    if let Some(challenge) = script.challenge(path, authorization.as_deref()) {
        let refused = Response::builder().status(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, challenge);
        return refused.body(Body::from(r#"{"errors":[{"code":"UNAUTHORIZED","message":"who is it?"}]}"#)).unwrap();
    }
    let fault = script.faults.lock().unwrap().get_mut(path).and_then(VecDeque::pop_front);
    match fault {
        Some(Fault::Status(status)) => {
            Response::builder().status(status).header("retry-after", "7").body(Body::empty())
        }
        Some(Fault::Redirect(to)) => Response::builder().status(307).header(LOCATION, to).body(Body::empty()),
        fault => {
            let Some((media_type, content)) = script.content.lock().unwrap().get(path).cloned() else {
                return Response::builder().status(404).body(Body::from("nothing here")).unwrap();
            };
            let from = range.map_or(0, |range| range["bytes=".len()..].trim_end_matches('-').parse().unwrap());
            let rest = content.slice(from..);
            let mut head = Response::builder()
                .header(CONTENT_TYPE, media_type)
                .header(CONTENT_LENGTH, rest.len())
                .header("docker-content-digest", Digest::of(&content).to_string());
            if let Some(link) = script.links.lock().unwrap().get(path) {
                head = head.header(LINK, link);
            }
            if from > 0 {
                let of = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
                head = head.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, of);
            }
            let is_head = request.method() == Method::HEAD;
            head.body(if is_head { Body::empty() } else { body(rest, fault) })
        }
    }
    .unwrap()
}

fn body(content: Bytes, fault: Option<Fault>) -> Body {
    let (at, rest) = match fault {
        Some(Fault::CutAfter(at)) => {
            let cut = async {
                // What came before it is to be sent before the connection ends.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err("cut")
            };
            (at, cut.boxed())
        }
        Some(Fault::HoldAfter(at, gate)) => {
            let rest = content.slice(at..);
            let held = async move {
                gate.acquire().await.unwrap().forget();
                Ok(rest)
            };
            (at, held.boxed())
        }
        Some(Fault::Status(_) | Fault::Redirect(_)) | None => return Body::from(content),
    };
    let start = content.slice(..at);
    Body::from_stream(stream::once(async { Ok(start) }).chain(stream::once(rest)))
}

// === impl Script ===

impl Script {
    /// What a request has to bring that does not.
    fn challenge(&self, path: &str, authorization: Option<&str>) -> Option<String> {
        let repository = path.strip_prefix("/v2/")?.rsplitn(3, '/').last()?;
        let door = *self.door.lock().unwrap();
        let (key, challenge) = match door {
            Door::Open => return None,
            Door::Basic => (BASIC.to_owned(), r#"Basic realm="upstream""#.to_owned()),
            Door::Bearer | Door::BearerOfUser => {
                let (key, scope) = (format!("Bearer token-of-{repository}"), format!("repository:{repository}:pull"));
                let realm = format!("http://{}/token", self.address);
                (key, format!(r#"Bearer realm="{realm}",service="upstream",scope="{scope}""#))
            }
        };
        (authorization != Some(&key)).then_some(challenge)
    }

    fn token(&self, query: &str, authorization: Option<&str>) -> Response {
        let known =
            authorization == Some(BASIC) || (authorization.is_none() && *self.door.lock().unwrap() == Door::Bearer);
        let repository =
            query.strip_prefix("service=upstream&scope=repository%3A").and_then(|rest| rest.strip_suffix("%3Apull"));
        let answer = match repository.filter(|_| known) {
            Some(repository) => {
                let token = format!("token-of-{}", repository.replace("%2F", "/"));
                (StatusCode::OK, format!(r#"{{"token":"{token}","expires_in":300}}"#))
            }
            None => (StatusCode::UNAUTHORIZED, String::new()),
        };
        answer.into_response()
    }
}
