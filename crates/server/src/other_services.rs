//! Requests for services that are not served here.

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use tracing::debug;

use crate::refusal::{Protocol, Refusal};
use crate::service::Service;

/// What is served, for those who ask for something else.
const SERVED: &str = "the AWS Lambda API";

/// Answers in the service's own form of errors that it is not served.
pub(crate) fn refuse(head: &Parts, service: &Service, request_id: &str) -> Response {
    debug!(request_id, service = service.name(), "refused a request for another service");
    let protocol = Protocol::of(head, service);
    not_served(service, protocol).respond(protocol, request_id)
}

fn not_served(service: &Service, protocol: Protocol) -> Refusal {
    let what = match service {
        Service::Unknown => "this request does not say which service it is for: it has no signature, no target and no \
                             host name that tells, and its path is not one of Lambda's"
            .to_owned(),
        Service::Lambda | Service::Sts | Service::Iam | Service::Other(_) => {
            format!("'{}' is not served", service.name())
        }
    };
    let message = format!("fakecloud serves {SERVED}; {what}");
    let (status, code) = match protocol {
        Protocol::S3 => (StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        Protocol::Query | Protocol::Ec2 => (StatusCode::BAD_REQUEST, "InvalidAction"),
        Protocol::Json { .. } | Protocol::Cbor => (StatusCode::BAD_REQUEST, "UnknownOperationException"),
        Protocol::RestJson | Protocol::RestXml => (StatusCode::NOT_FOUND, "UnknownOperationException"),
    };
    Refusal { status, code, message }
}
