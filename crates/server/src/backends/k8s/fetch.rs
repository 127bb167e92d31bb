//! The artifact endpoints: each Pod's init container gets its own code and layers, as tars that are made while they are sent;
//! clients get the archives whose address the API told them.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use fakecloud_artifacts::Sha256Digest;
use fakecloud_podspec::{CODE_PATH, LAYERS_PATH, POD_IP_HEADER};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use tokio::sync::{mpsc, oneshot};
use tokio_util::io::ReaderStream;
use tracing::warn;

use crate::app::App;
use crate::common::pieces::{PIECES, Pieces};
use crate::environments::bundle::Bundle;
use crate::environments::deployment::{Deployment, SharedDeployment};

/// Where clients get archives, by their digest.
pub(crate) const ARCHIVES_PATH: &str = "/_fakecloud/lambda/archives";

/// Read and sent at a time; with HTTP/1.1 one such piece is in memory a download of an archive.
const PIECE_BYTES: usize = 64 << 10;

/// `GET /_fakecloud/lambda/_internal/code/<pod>`
pub(crate) async fn code(State(app): State<App>, Path(pod): Path<String>, headers: HeaderMap) -> Response {
    serve(app, pod, &headers, "code", |deployment| deployment.code.as_deref()).await
}

/// `GET /_fakecloud/lambda/_internal/layers/<pod>`
pub(crate) async fn layers(State(app): State<App>, Path(pod): Path<String>, headers: HeaderMap) -> Response {
    serve(app, pod, &headers, "layers", |deployment| deployment.layers.as_deref()).await
}

/// `GET /_fakecloud/lambda/archives/<sha256>`: a zip by its digest, which only those know who were told.
pub(crate) async fn archive(State(app): State<App>, Path(digest): Path<String>) -> Response {
    match Sha256Digest::from_hex(&digest).map(|digest| app.blobs.zip(&digest.hex())) {
        Ok(path) if app.blobs.in_memory(&path).is_some() || path.exists() => send(&app, path).await,
        Ok(_) | Err(_) => (StatusCode::NOT_FOUND, "there is no archive with this digest\n").into_response(),
    }
}

/// Whether a Pod asks with its token for what it needs to start.
pub(crate) fn is_fetch<B>(app: &App, request: &http::Request<B>) -> bool {
    let below = |prefix: &str| request.uri().path().strip_prefix(prefix)?.strip_prefix('/');
    let shows_token = |pod| bearer(request.headers()).is_some_and(|token| app.k8s.admits(pod, token));
    below(CODE_PATH).or_else(|| below(LAYERS_PATH)).is_some_and(shows_token)
}

async fn serve(
    app: App,
    pod: String,
    headers: &HeaderMap,
    what: &'static str,
    bundle: fn(&Deployment) -> Option<&Bundle>,
) -> Response {
    if !bearer(headers).is_some_and(|token| app.k8s.admits(&pod, token)) {
        warn!(pod, "an artifact was asked for without the Pod's token");
        return (StatusCode::UNAUTHORIZED, "the bearer token is not this Pod's\n").into_response();
    }
    let Some(deployment) = announce(&app, &pod, headers) else {
        warn!(pod, "an artifact was asked for by a Pod that is not starting here");
        return (StatusCode::NOT_FOUND, "this Pod is not one that is starting\n").into_response();
    };
    if bundle(&deployment).is_none() {
        return (StatusCode::NOT_FOUND, "this Pod's function has no such artifact\n").into_response();
    }
    tar(app, pod, what, deployment, bundle).await
}

/// Streams a tar from a thread that may block. Where it cannot be made, the callers hear why at once: the init container
/// knows no more than that it came incomplete.
async fn tar(
    app: App,
    pod: String,
    what: &'static str,
    deployment: SharedDeployment,
    bundle: fn(&Deployment) -> Option<&Bundle>,
) -> Response {
    let (head, opened) = oneshot::channel();
    let (pieces, mut received) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        let bundle = bundle(&deployment).expect("it was there a moment ago");
        let written = bundle.open(&app.blobs).and_then(|tar| {
            let length = tar.bytes();
            // Whoever asked may have gone away.
            let _: Result<(), u64> = head.send(length);
            tar.write(Pieces::new(length, pieces.clone()))
        });
        let Err(cause) = written else { return };
        let cause = format!("its {what} cannot be read: {cause}; upload the archive again");
        warn!(pod, cause, "an artifact could not be sent");
        app.k8s.fetch_failed(&pod, &cause);
        drop(pieces.blocking_send(Err(io::Error::other(cause))));
    });
    match opened.await {
        Ok(length) => {
            let body = Body::from_stream(stream::poll_fn(move |context| received.poll_recv(context)));
            ([(header::CONTENT_LENGTH, length)], body).into_response()
        }
        Err(_) => {
            let cause = received.recv().await.and_then(Result::err);
            let cause = cause.map_or_else(String::new, |cause| format!("fakecloud has no such tar: {cause}\n"));
            (StatusCode::INTERNAL_SERVER_ERROR, cause).into_response()
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Tells that this Pod's init container runs, and where.
fn announce(app: &App, pod: &str, headers: &HeaderMap) -> Option<SharedDeployment> {
    let ip: Option<IpAddr> = headers.get(POD_IP_HEADER).and_then(|ip| ip.to_str().ok()).and_then(|ip| ip.parse().ok());
    app.k8s.called(pod, ip)
}

async fn send(app: &App, path: PathBuf) -> Response {
    match app.blobs.in_memory(&path) {
        Some(zip) => Body::from(zip).into_response(),
        None => stream(path).await,
    }
}

async fn stream(path: PathBuf) -> Response {
    let opened = async {
        let file = tokio::fs::File::open(&path).await?;
        let length = file.metadata().await?.len();
        Ok::<_, io::Error>((file, length))
    };
    match opened.await {
        Ok((file, length)) => {
            let body = Body::from_stream(ReaderStream::with_capacity(file, PIECE_BYTES));
            ([(header::CONTENT_LENGTH, length)], body).into_response()
        }
        Err(error) => {
            warn!(path = %path.display(), %error, "an artifact cannot be read");
            let reason = format!("fakecloud cannot read the artifact: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, reason).into_response()
        }
    }
}
