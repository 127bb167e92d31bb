//! S3 with what a test has put there.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};

/// How an object is answered.
#[derive(Clone)]
pub(crate) enum Object {
    Whole(Bytes),
    /// Its first bytes, and then the connection ends.
    BrokenOff(Bytes),
    /// So many zeros.
    Zeros(u64),
}

/// The handle of a test.
#[derive(Clone, Default)]
pub(crate) struct S3(Arc<Mutex<Store>>);

#[derive(Default)]
struct Store {
    /// By path and query.
    objects: BTreeMap<String, Object>,
    /// The credentials of requests so far.
    credentials: Vec<String>,
}

impl S3 {
    /// Serves until the test ends; the URL comes with it.
    pub(crate) async fn start() -> (Self, String) {
        let s3 = Self::default();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(s3.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        (s3, url)
    }

    pub(crate) fn put(&self, target: &str, object: Object) {
        self.lock().objects.insert(target.to_owned(), object);
    }

    /// What the requests so far were signed with, such as `000000000000/20260101/us-east-1/s3/aws4_request`.
    pub(crate) fn credentials(&self) -> Vec<String> {
        self.lock().credentials.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap()
    }
}

async fn answer(State(s3): State<S3>, request: Request<Body>) -> Response {
    let authorization = request.headers()["authorization"].to_str().unwrap();
    let credential = authorization.split("Credential=").nth(1).unwrap().split(',').next().unwrap();
    s3.lock().credentials.push(credential.to_owned());
    let found = s3.lock().objects.get(&request.uri().to_string()).cloned();
    match found {
        Some(Object::Whole(bytes)) => bytes.into_response(),
        Some(Object::BrokenOff(bytes)) => {
            // The pause lets the first bytes leave before the error ends the connection.
            let end = stream::once(async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                Err(std::io::Error::other("cut"))
            });
            Body::from_stream(stream::iter([Ok(bytes)]).chain(end)).into_response()
        }
        Some(Object::Zeros(bytes)) => {
            let zeros = Bytes::from(vec![0; 1 << 20]);
            let pieces = (0..bytes >> 20).map(move |_| Ok::<_, std::io::Error>(zeros.clone()));
            Body::from_stream(stream::iter(pieces)).into_response()
        }
        None => {
            let error = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified \
                         key does not exist.</Message><Key>k</Key><RequestId>1</RequestId></Error>";
            (StatusCode::NOT_FOUND, error).into_response()
        }
    }
}
