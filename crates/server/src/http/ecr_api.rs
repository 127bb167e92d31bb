//! A request to ECR: whose repositories it means, and by which name the caller knows this server.

use axum::extract::Request;
use axum::response::Response;
use fakecloud_budget::Peer;
use fakecloud_lambda::{Origin, Scope};
use fakecloud_registry as registry;
use http::{HeaderValue, StatusCode};
use tracing::trace;

use crate::app::App;
use crate::common::headers::REQUEST_ID;
use crate::http::refusal::{Protocol, Refusal};
use crate::http::service::Service;

/// Answers a request in ECR's own words, whatever it is. Where the images of functions are elsewhere, the server that has
/// the other services of AWS, if there is one, has ECR as well.
pub(crate) async fn answer(app: &App, peer: Peer, request: Request, request_id: &str) -> Response {
    if app.own_images.is_none()
        && let Some(forward) = &app.forward
    {
        return forward.forward(&Service::Ecr, request, request_id).await;
    }
    let (scope, origin) = match addressed(&request) {
        Ok(addressed) => addressed,
        Err(refusal) => {
            let (head, _body) = request.into_parts();
            return refusal.respond(Protocol::of(&head, &Service::Ecr), request_id);
        }
    };
    let mut response = app.registry.ecr(scope, origin, peer, request).await;
    trace!(request_id, status = response.status().as_u16(), "answered");
    let request_id = HeaderValue::try_from(request_id).expect("a UUID is a valid header value");
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

fn addressed(request: &Request) -> Result<(registry::Scope, String), Refusal> {
    let refuse = |code, message: String| Refusal { status: StatusCode::BAD_REQUEST, code, message };
    let scope = Scope::of_request(request.headers(), request.uri().query())
        .map_err(|error| refuse("IncompleteSignatureException", error.message().to_owned()))?;
    let scope = registry::Scope::new(scope.account(), scope.region()).expect("both take the same accounts and regions");
    let origin = Origin::of_request(request.headers()).ok_or_else(|| {
        let message = "the request has no Host header, so there is no address to answer with".to_owned();
        refuse("InvalidParameterException", message)
    })?;
    Ok((scope, origin.to_string()))
}
