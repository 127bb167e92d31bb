//! Objects of S3, streamed from wherever S3 is.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use fakecloud_lambda::{ObjectFault, S3Object, Scope};
use http::{HeaderMap, Method, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::common::words::chain;
use crate::outbound::aws_client::{AwsClient, AwsRequest, AwsService, Reach, encode};

/// S3 that says nothing for so long will not say any more.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// More of an error is not read: S3's are a few hundred bytes.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// The body of an S3 error.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3Error {
    code: String,
    message: String,
}

/// Asks for an object and returns its body, yet to be [`read`].
pub(crate) async fn get(aws: &AwsClient, scope: &Scope, object: &S3Object) -> Result<Incoming, ObjectFault> {
    let request = AwsRequest {
        service: AwsService::S3,
        reach: Reach::Aws,
        scope,
        method: Method::GET,
        target: &target(object),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let response = aws.send(request).await.map_err(|error| ObjectFault::Unreached(chain(&error)))?;
    match response.status().is_success() {
        true => Ok(response.into_body()),
        false => Err(refusal(response).await),
    }
}

/// Passes a body on piece by piece; the last one is an error where the body breaks off. Ends early when nobody listens.
pub(crate) async fn read(mut body: Incoming, pieces: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let piece = match tokio::time::timeout(SILENCE_MAX, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(data),
                Err(_trailers) => continue,
            },
            Ok(Some(Err(error))) => Err(io::Error::other(format!("The object broke off: {}", chain(&error)))),
            Err(_elapsed) => {
                Err(io::Error::other(format!("The object stopped coming for {} s", SILENCE_MAX.as_secs())))
            }
        };
        let last = piece.is_err();
        if pieces.send(piece).await.is_err() || last {
            return;
        }
    }
}

/// Path and query of an object, the bucket in the path: any endpoint understands that, whatever its host.
fn target(object: &S3Object) -> String {
    let key = object.key.split('/').map(segment).collect::<Vec<_>>().join("/");
    let version = object.version.as_ref().map(|version| format!("?versionId={}", encode(version)));
    format!("/{}/{key}{}", encode(&object.bucket), version.unwrap_or_default())
}

/// One segment of a key. A proxy on the way would take `..` for the way up, to what is not in the bucket.
fn segment(text: &str) -> String {
    match text {
        "." | ".." => text.replace('.', "%2E"),
        _ => encode(text),
    }
}

/// What S3 says, or as much as its status does.
async fn refusal(response: Response<Incoming>) -> ObjectFault {
    let status = response.status();
    let reading = Limited::new(response.into_body(), ERROR_BYTES_MAX).collect();
    let body = tokio::time::timeout(SILENCE_MAX, reading).await.ok().and_then(Result::ok);
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let said = quick_xml::de::from_reader::<_, S3Error>(&*body);
    said.map(|S3Error { code, message }| ObjectFault::Refused { code, message }).unwrap_or_else(|_| {
        ObjectFault::Refused {
            code: status.as_u16().to_string(),
            message: status.canonical_reason().unwrap_or("no message").to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_can_be_asked_for() {
        let target = |key: &str, version: Option<&str>| {
            target(&S3Object { bucket: "my.bucket".into(), key: key.into(), version: version.map(str::to_owned) })
        };
        assert_eq!(target("a/b c+d.zip", None), "/my.bucket/a/b%20c%2Bd.zip");
        assert_eq!(target("../a/./..", None), "/my.bucket/%2E%2E/a/%2E/%2E%2E");
        assert_eq!(target("/ü?#", Some("a/b=")), "/my.bucket//%C3%BC%3F%23?versionId=a%2Fb%3D");
    }
}
