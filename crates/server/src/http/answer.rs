//! Answers of the control plane and of functions as HTTP carries them.

use axum::body::Body;
use axum::response::Response;

use crate::invocations::streaming::Answer;

/// The answer with its body as it is.
pub(crate) fn into_http(answer: fakecloud_lambda::Response) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// The answer with a body that is still to come, if it has one.
pub(crate) fn streamed(answer: Answer) -> Response {
    let mut response = into_http(answer.head);
    if let Some(body) = answer.body {
        *response.body_mut() = body;
    }
    response
}
