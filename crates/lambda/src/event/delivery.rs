//! Delivery of the record of an asynchronous invocation, or of the event itself: to another function, or by one request
//! to another service.
//!
//! The requests are those of the services' own protocols: JSON 1.0 for SQS, JSON 1.1 for EventBridge, the query protocol
//! for SNS, a plain PUT for S3.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{DeadLetter, Error, EventRecord, EventTarget, members::members, moment::uuid};

/// Something to hand over.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// To be invoked asynchronously with this payload.
    Function {
        /// The function.
        target: EventTarget,
        /// The event.
        payload: Bytes,
    },
    /// A request to another service.
    Service(ServiceRequest),
}

/// A request to another service, without a signature.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRequest {
    /// The service.
    pub service: DeliveryService,
    /// The 12-digit account that the resource is in.
    pub account: String,
    /// The region that the resource is in.
    pub region: String,
    /// The method.
    pub method: Method,
    /// The path, percent-encoded where it needs to be.
    pub path: String,
    /// The headers that the protocol asks for.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A service that takes records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryService {
    /// Amazon EventBridge.
    EventBridge,
    /// Amazon S3.
    S3,
    /// Amazon SNS.
    Sns,
    /// Amazon SQS.
    Sqs,
}

/// The bytes that stand in one segment of a path as they are; all else is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A resource that is no function.
struct Resource<'a> {
    arn: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    /// The part that follows the account.
    name: &'a str,
}

/// The record of an invocation for a destination. `random` names an object in a bucket.
///
/// # Errors
///
/// An ARN that nothing can be sent to.
pub fn destination(arn: &str, record: &EventRecord<'_>, random: u128) -> Result<Delivery, Error> {
    let resource = Resource::parse(arn, record.target).ok_or_else(|| unsupported(arn))?;
    let document = record.document();
    let request = match resource.service {
        "lambda" => {
            let target = EventTarget::destination(record.target, arn)?;
            return Ok(Delivery::Function { target, payload: document.into() });
        }
        "sqs" => resource.send_message(&document, &[]),
        "sns" => resource.publish(&document, &[]),
        "events" => resource.put_events(&document, record),
        "s3" => {
            let key = record.object_key(&uuid(random));
            resource.put_object(document, &key).ok_or_else(|| unsupported(arn))?
        }
        _ => return Err(unsupported(arn)),
    };
    Ok(Delivery::Service(request))
}

/// The event of an invocation for a dead letter queue.
///
/// # Errors
///
/// An ARN of neither a queue nor a topic.
pub fn dead_letter(arn: &str, record: &EventRecord<'_>) -> Result<Delivery, Error> {
    let resource = Resource::parse(arn, record.target).ok_or_else(|| unsupported(arn))?;
    let DeadLetter { request_id, error_code, error_message } = record.dead_letter();
    let attributes = [
        ("RequestID", "String", request_id),
        ("ErrorCode", "Number", error_code.to_string()),
        ("ErrorMessage", "String", error_message),
    ];
    // Services take no attribute without a value.
    let attributes: Vec<_> = attributes.into_iter().filter(|(_, _, value)| !value.is_empty()).collect();
    let event = String::from_utf8_lossy(record.payload);
    match resource.service {
        "sqs" => Ok(Delivery::Service(resource.send_message(&event, &attributes))),
        "sns" => Ok(Delivery::Service(resource.publish(&event, &attributes))),
        _ => Err(unsupported(arn)),
    }
}

fn unsupported(arn: &str) -> Error {
    Error::invalid_parameter(format!("{arn} is no function, queue, topic, event bus or bucket that can be sent to"))
}

/// A name, a type and a value.
type Attribute = (&'static str, &'static str, String);

// === impl Resource ===

impl<'a> Resource<'a> {
    /// A bucket's ARN has neither region nor account: they are those of the function.
    fn parse(arn: &'a str, function: &'a EventTarget) -> Option<Self> {
        let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':').skip(1);
        let (service, region, account, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let region = if region.is_empty() { function.region() } else { region };
        let account = if account.is_empty() { function.account() } else { account };
        Some(Self { arn, service, region, account, name })
    }

    fn send_message(&self, message: &str, attributes: &[Attribute]) -> ServiceRequest {
        let suffix = if self.region.starts_with("cn-") { ".cn" } else { "" };
        let url = format!("https://sqs.{}.amazonaws.com{suffix}/{}/{}", self.region, self.account, self.name);
        let mut body = json!({ "QueueUrl": url, "MessageBody": message });
        if !attributes.is_empty() {
            let attributes = attributes.iter();
            let attributes: BTreeMap<_, _> = attributes
                .map(|(name, kind, value)| (*name, json!({ "DataType": kind, "StringValue": value })))
                .collect();
            body["MessageAttributes"] = json!(attributes);
        }
        self.json_request(DeliveryService::Sqs, "application/x-amz-json-1.0", "AmazonSQS.SendMessage", &body)
    }

    fn publish(&self, message: &str, attributes: &[Attribute]) -> ServiceRequest {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "Publish").append_pair("Version", "2010-03-31");
        form.append_pair("TopicArn", self.arn).append_pair("Message", message);
        for (index, (name, kind, value)) in attributes.iter().enumerate() {
            let entry = format!("MessageAttributes.entry.{}", index + 1);
            form.append_pair(&format!("{entry}.Name"), name);
            form.append_pair(&format!("{entry}.Value.DataType"), kind);
            form.append_pair(&format!("{entry}.Value.StringValue"), value);
        }
        let mut request = self.request(DeliveryService::Sns, Method::POST, "/".to_owned(), form.finish().into());
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        request.headers.insert(CONTENT_TYPE, content_type);
        request
    }

    fn put_events(&self, document: &str, record: &EventRecord<'_>) -> ServiceRequest {
        let outcome = if record.condition == "Success" { "Success" } else { "Failure" };
        let body = json!({ "Entries": [{
            "Source": "lambda",
            "DetailType": format!("Lambda Function Invocation Result - {outcome}"),
            "Detail": document,
            "Resources": [record.target.qualified_arn(), self.arn],
            "EventBusName": self.arn,
        }] });
        self.json_request(DeliveryService::EventBridge, "application/x-amz-json-1.1", "AWSEvents.PutEvents", &body)
    }

    /// None where the name is one that leads out of its place in a path. Any other is one segment of it.
    fn put_object(&self, document: String, key: &str) -> Option<ServiceRequest> {
        if matches!(self.name, "" | "." | "..") {
            return None;
        }
        let path = format!("/{}/{key}", utf8_percent_encode(self.name, SEGMENT));
        let mut request = self.request(DeliveryService::S3, Method::PUT, path, document.into());
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(request)
    }

    fn json_request(
        &self,
        service: DeliveryService,
        content_type: &'static str,
        target: &'static str,
        body: &Value,
    ) -> ServiceRequest {
        let mut request = self.request(service, Method::POST, "/".to_owned(), body.to_string().into());
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request.headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(target));
        request
    }

    fn request(&self, service: DeliveryService, method: Method, path: String, body: Bytes) -> ServiceRequest {
        let (account, region) = (self.account.to_owned(), self.region.to_owned());
        ServiceRequest { service, account, region, method, path, headers: HeaderMap::new(), body }
    }
}

// === impl ServiceRequest ===

impl ServiceRequest {
    /// Checks, by the status and the body of its answer, that the service took it.
    ///
    /// # Errors
    ///
    /// Why it did not, in the service's own words.
    pub fn check(&self, status: u16, body: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(body);
        if !(200..300).contains(&status) {
            return Err(format!("{} answered HTTP {status}: {}", self.service, excerpt(&text)));
        }
        let [failed] = members(body, ["FailedEntryCount"]).unwrap_or_default();
        match failed.and_then(|count| count.parse::<u64>().ok()) {
            None | Some(0) => Ok(()),
            Some(_) => Err(format!("{} refused the entry: {}", self.service, excerpt(&text))),
        }
    }
}

impl std::fmt::Display for DeliveryService {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::EventBridge => "EventBridge",
            Self::S3 => "S3",
            Self::Sns => "SNS",
            Self::Sqs => "SQS",
        })
    }
}

/// Enough of an answer to see what is wrong.
fn excerpt(text: &str) -> String {
    text.chars().take(500).collect()
}
