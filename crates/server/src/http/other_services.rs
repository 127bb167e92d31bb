//! Requests for services that are not served here.

use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use tracing::debug;

use crate::app::App;
use crate::http::refusal::{Protocol, Refusal};
use crate::http::service::Service;

/// What is served, for those who ask for something else.
const SERVED: &str = "the AWS Lambda API, ECR, and of IAM and STS what their clients need";

/// What they can do about it.
const WAY_OUT: &str = "Set FAKECLOUD_FORWARD_URL to the URL of a server that has the other services of AWS, such as \
                       http://moto:5000, and they are served here as well";

/// What those can do who deploy stacks. A server behind the forward URL makes a stack in itself: its functions never come
/// here.
const WAY_OUT_OF_STACKS: &str = "What deploys by CloudFormation (sam deploy, the CDK, the Serverless Framework) cannot \
                                 make functions here: make them with Terraform, the AWS CLI or an SDK. With \
                                 FAKECLOUD_FORWARD_URL the server behind it would make the whole stack in itself, its \
                                 functions included, and nothing of it would run in this cluster";

/// Forwards a request to the server that has the service or, without one, answers in the service's own form of errors
/// that it is not served.
pub(crate) async fn answer(app: &App, service: &Service, request: Request, request_id: &str) -> Response {
    if let Some(forward) = &app.forward {
        return forward.forward(service, request, request_id).await;
    }
    debug!(request_id, service = service.name(), "refused a request for another service");
    let (head, _body) = request.into_parts();
    let protocol = Protocol::of(&head, service);
    not_served(service, protocol).respond(protocol, request_id)
}

fn not_served(service: &Service, protocol: Protocol) -> Refusal {
    let what = match service {
        Service::Unknown => "this request does not say which service it is for: it has no signature, no target and no \
                             host name that tells, and its path is not one of Lambda's"
            .to_owned(),
        Service::Lambda | Service::Ecr | Service::Sts | Service::Iam | Service::Other(_) => {
            format!("'{}' is not served", service.name())
        }
    };
    let way_out = if service.name() == "cloudformation" { WAY_OUT_OF_STACKS } else { WAY_OUT };
    let message = format!("fakecloud serves {SERVED}; {what}. {way_out}");
    let (status, code) = match protocol {
        Protocol::S3 => (StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        Protocol::Query | Protocol::Ec2 => (StatusCode::BAD_REQUEST, "InvalidAction"),
        Protocol::Json { .. } | Protocol::Cbor => (StatusCode::BAD_REQUEST, "UnknownOperationException"),
        Protocol::RestJson | Protocol::RestXml => (StatusCode::NOT_FOUND, "UnknownOperationException"),
    };
    Refusal { status, code, message }
}
