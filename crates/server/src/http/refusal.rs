//! Errors in the form of the service that was called, so that any client shows their text.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::common::headers::{REQUEST_ID, TARGET};
use crate::http::service::Service;

/// How a service words its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// XML with the type of the fault, of services called by forms.
    Query,
    /// XML of EC2 alone.
    Ec2,
    /// JSON that names its type, of services called by `x-amz-target`; the content type tells versions 1.0 and 1.1.
    Json { content_type: &'static str },
    /// CBOR of the newest protocol.
    Cbor,
    /// JSON with the error's name in a header.
    RestJson,
    /// XML like that of `Query`, of services with paths.
    RestXml,
    /// XML of S3 alone.
    S3,
}

/// An error to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// The name of the error, such as `UnknownOperationException`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

// === impl Protocol ===

impl Protocol {
    /// The protocol in which a request expects its answer.
    pub(crate) fn of(head: &Parts, service: &Service) -> Self {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = header("content-type");
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        if header("smithy-protocol") == "rpc-v2-cbor" {
            return Self::Cbor;
        }
        match service.name() {
            "s3" => Self::S3,
            "ec2" => Self::Ec2,
            "sts" | "iam" => Self::Query,
            "cloudfront" | "route53" => Self::RestXml,
            _ if head.headers.contains_key(TARGET) => Self::Json {
                content_type: match content_type.ends_with("1.0") {
                    true => "application/x-amz-json-1.0",
                    false => "application/x-amz-json-1.1",
                },
            },
            _ if is_form || head.uri.query().is_some_and(|query| query.contains("Action=")) => Self::Query,
            _ => Self::RestJson,
        }
    }
}

// === impl Refusal ===

impl Refusal {
    /// The answer to a request that came with this protocol.
    pub(crate) fn respond(&self, protocol: Protocol, request_id: &str) -> Response {
        let (content_type, body) = self.body(protocol, request_id);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        let id_header = match protocol {
            Protocol::S3 => HeaderName::from_static("x-amz-request-id"),
            Protocol::Cbor => {
                headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
                REQUEST_ID
            }
            Protocol::Query | Protocol::Ec2 | Protocol::Json { .. } | Protocol::RestJson | Protocol::RestXml => {
                REQUEST_ID
            }
        };
        headers.insert(id_header, HeaderValue::try_from(request_id).expect("a UUID is a valid header value"));
        response
    }

    fn body(&self, protocol: Protocol, request_id: &str) -> (&'static str, Bytes) {
        const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        let (code, message) = (self.code, escaped(&self.message));
        let fault = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        match protocol {
            Protocol::Query | Protocol::RestXml => {
                let error = format!("<Error><Type>{fault}</Type>{error}</Error><RequestId>{request_id}</RequestId>");
                ("text/xml", format!("{XML}<ErrorResponse>{error}</ErrorResponse>").into())
            }
            Protocol::Ec2 => {
                let errors = format!("<Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID>");
                ("text/xml", format!("{XML}<Response>{errors}</Response>").into())
            }
            Protocol::S3 => {
                ("application/xml", format!("{XML}<Error>{error}<RequestId>{request_id}</RequestId></Error>").into())
            }
            Protocol::Json { content_type } => {
                (content_type, json!({ "__type": code, "message": self.message }).to_string().into())
            }
            Protocol::RestJson => ("application/json", json!({ "message": self.message }).to_string().into()),
            Protocol::Cbor => {
                let mut body = vec![0xa2];
                [("__type", code), ("message", &self.message)].into_iter().for_each(|(key, value)| {
                    cbor_text(key, &mut body);
                    cbor_text(value, &mut body);
                });
                ("application/cbor", body.into())
            }
        }
    }
}

/// A text as it stands between two tags.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // XML 1.0 has no way to write these.
            control if control.is_control() && !matches!(control, '\t' | '\n' | '\r') => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text string of CBOR (RFC 8949), its length in four bytes.
fn cbor_text(text: &str, out: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).expect("a message is no book");
    out.push(0x7a);
    out.extend(length.to_be_bytes());
    out.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn refusal() -> Refusal {
        Refusal {
            status: StatusCode::NOT_IMPLEMENTED,
            code: "NotImplemented",
            message: "no <buckets> & keys".to_owned(),
        }
    }

    fn body(protocol: Protocol) -> String {
        String::from_utf8_lossy(&refusal().body(protocol, "id").1).into_owned()
    }

    #[test]
    fn protocol_is_that_of_the_service_and_its_call() {
        let protocol = |service: &str, headers: &[(&str, &str)], uri: &str| {
            let mut request = Request::builder().uri(uri);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            Protocol::of(&request.body(()).unwrap().into_parts().0, &Service::named(service))
        };
        let json = |content_type| Protocol::Json { content_type };
        let target = ("x-amz-target", "AmazonSQS.SendMessage");
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(protocol("s3", &[], "/b/k"), Protocol::S3);
        assert_eq!(protocol("iam", &[], "/"), Protocol::Query);
        assert_eq!(protocol("sns", &[form], "/"), Protocol::Query);
        assert_eq!(protocol("sns", &[], "/?Action=Publish"), Protocol::Query);
        assert_eq!(protocol("ec2", &[form], "/"), Protocol::Ec2);
        let v1_0 = ("content-type", "application/x-amz-json-1.0");
        assert_eq!(protocol("sqs", &[target, v1_0], "/"), json("application/x-amz-json-1.0"));
        let v1_1 = ("content-type", "application/x-amz-json-1.1");
        assert_eq!(protocol("kms", &[target, v1_1], "/"), json("application/x-amz-json-1.1"));
        assert_eq!(protocol("monitoring", &[("smithy-protocol", "rpc-v2-cbor")], "/"), Protocol::Cbor);
        assert_eq!(protocol("route53", &[], "/2013-04-01/hostedzone"), Protocol::RestXml);
        assert_eq!(protocol("apigateway", &[], "/restapis"), Protocol::RestJson);
    }

    #[test]
    fn xml_carries_any_text() {
        let error = "<Code>NotImplemented</Code><Message>no &lt;buckets&gt; &amp; keys</Message>";
        for protocol in [Protocol::Query, Protocol::RestXml, Protocol::Ec2, Protocol::S3] {
            assert!(body(protocol).contains(error), "{protocol:?}");
        }
        assert!(body(Protocol::Query).contains("<Type>Receiver</Type>"));
        assert_eq!(escaped("a\u{0}b\nc"), "a\u{fffd}b\nc");
    }

    #[test]
    fn cbor_is_a_map_of_two_texts() {
        let body = refusal().body(Protocol::Cbor, "id").1;
        let type_key = [&[0xa2, 0x7a, 0, 0, 0, 6][..], b"__type", &[0x7a, 0, 0, 0, 14], b"NotImplemented"].concat();
        assert!(body.starts_with(&type_key), "{body:?}");
        assert!(body.ends_with(b"no <buckets> & keys"));
    }

    #[test]
    fn answer_names_the_error_where_clients_look() {
        let response = refusal().respond(Protocol::RestJson, "id");
        assert_eq!(response.status(), 501);
        assert_eq!(response.headers()["x-amzn-errortype"], "NotImplemented");
        assert_eq!(response.headers()["x-amzn-requestid"], "id");
        assert_eq!(body(Protocol::RestJson), r#"{"message":"no <buckets> & keys"}"#);
        let json = Protocol::Json { content_type: "application/x-amz-json-1.0" };
        assert_eq!(body(json), r#"{"__type":"NotImplemented","message":"no <buckets> & keys"}"#);
    }
}
