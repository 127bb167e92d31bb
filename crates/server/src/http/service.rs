//! Which AWS service a request is for. No IO: what the head of a request says, and a form where that says nothing.

use std::borrow::Cow;
use std::cell::LazyCell;

use fakecloud_lambda::{is_lambda_path, is_region_name};
use form_urlencoded::parse as parse_form;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Request, Uri};

use crate::common::headers::TARGET;

/// A service of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Service {
    /// AWS Lambda.
    Lambda,
    /// Elastic Container Registry.
    Ecr,
    /// Security Token Service.
    Sts,
    /// Identity and Access Management.
    Iam,
    /// Any other, by the name in its signatures and host names (`s3`, `sqs`, `events`), or by what its target header
    /// begins with (`DynamoDB_20120810`) where nothing else is known.
    Other(String),
    /// The request does not tell.
    Unknown,
}

/// What the head of a request tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identified {
    /// The service.
    Service(Service),
    /// That it may be a call of the query protocol; which service it is for stands in its form, see [`of_form`].
    Form {
        /// Whom its host names, for a form that does not tell.
        otherwise: Service,
    },
}

/// What precedes the region or the end in the name of a host that is AWS's, or that stands for AWS on one machine.
const SUFFIXES: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".localhost.localstack.cloud", ".localhost"];

/// What ECR's calls have in their target header.
const ECR_TARGET: &str = "AmazonEC2ContainerRegistry_V20150921";

/// Versions of query protocols that are dated, and so tell the service of a call that is not signed.
const QUERY_VERSIONS: [(&str, &str); 7] = [
    ("2010-03-31", "sns"),
    ("2010-05-08", "iam"),
    ("2010-05-15", "cloudformation"),
    ("2010-08-01", "monitoring"),
    ("2011-06-15", "sts"),
    ("2012-11-05", "sqs"),
    ("2016-11-15", "ec2"),
];

impl Service {
    /// The service of this name in signatures and hosts.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "lambda" => Self::Lambda,
            "ecr" => Self::Ecr,
            "sts" => Self::Sts,
            "iam" => Self::Iam,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name for messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Lambda => "lambda",
            Self::Ecr => "ecr",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Other(name) => name,
            Self::Unknown => "unknown",
        }
    }
}

/// Reads the head of a request. The best witness comes first: whom the caller signed for, then what it says, then whom
/// it addressed, for anybody may give a server a name that looks like one of AWS's. Only S3's names come before paths:
/// the keys of objects may look like anything.
pub(crate) fn identify<B>(request: &Request<B>) -> Identified {
    let (uri, headers) = (request.uri(), request.headers());
    let query = uri.query().unwrap_or_default();
    let host = LazyCell::new(|| of_host(headers));
    let found = of_authorization(headers)
        .or_else(|| of_presigned_query(query))
        .or_else(|| of_target(headers))
        .or_else(|| host.clone().filter(|service| *service == Service::named("s3")))
        .or_else(|| is_lambda_path(uri.path()).then_some(Service::Lambda))
        .or_else(|| of_query_protocol(query.as_bytes()).filter(|service| *service != Service::Unknown));
    match found {
        Some(service) => Identified::Service(service),
        None if has_form(request) => Identified::Form { otherwise: host.clone().unwrap_or(Service::Unknown) },
        None => {
            let service = host.clone().or_else(|| of_content_type(headers));
            Identified::Service(service.unwrap_or(Service::Unknown))
        }
    }
}

/// Services that have paths below `/v2` as well, by the names of their hosts.
const WITH_V2: [&str; 3] = ["apigateway", "execute-api", "s3"];

/// Whether a request whose path is one of the registry of images is for another service. The registry's clients sign
/// nothing, and call it by whatever name they know.
pub(crate) fn is_for_another_v2(uri: &Uri, headers: &HeaderMap) -> bool {
    let signed_for = || of_authorization(headers).or_else(|| of_presigned_query(uri.query()?));
    let addressed = || of_host(headers).filter(|service| WITH_V2.contains(&service.name()));
    (uri.path() == "/v2" || uri.path().starts_with("/v2/"))
        && signed_for().or_else(|| of_target(headers)).or_else(addressed).is_some()
}

/// Reads the body of a request that the head called a form.
pub(crate) fn of_form(body: &[u8], otherwise: Service) -> Service {
    of_query_protocol(body).filter(|service| *service != Service::Unknown).unwrap_or(otherwise)
}

/// The service in the credential scope of an `Authorization` header, such as
/// `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/sqs/aws4_request, …`.
fn of_authorization(headers: &HeaderMap) -> Option<Service> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    if header.starts_with("AWS ") {
        // Signature version 2 in this place is S3's alone.
        return Some(Service::named("s3"));
    }
    let (_algorithm, parameters) = header.strip_prefix("AWS4-")?.split_once(' ')?;
    let credential = parameters.split(',').find_map(|parameter| parameter.trim().strip_prefix("Credential="))?;
    // Some clients write blanks alone between the parameters.
    of_credential(credential.split(' ').next()?)
}

/// The service in the query of a presigned URL.
fn of_presigned_query(query: &str) -> Option<Service> {
    if let Some(credential) = parameter(query.as_bytes(), "X-Amz-Credential") {
        return of_credential(&credential);
    }
    // Signature version 2: of a query protocol, which names an action, or of S3.
    parameter(query.as_bytes(), "AWSAccessKeyId")?;
    of_query_protocol(query.as_bytes()).or_else(|| Some(Service::named("s3")))
}

/// The last part but one, of signatures for one region (`KEY/DATE/REGION/SERVICE/aws4_request`) as for several.
fn of_credential(credential: &str) -> Option<Service> {
    let mut parts = credential.rsplit('/');
    let (Some("aws4_request"), Some(service), Some(_region_or_date)) = (parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    (!service.is_empty()).then(|| Service::named(service))
}

/// The protocols with JSON bodies name service and operation in a header, as `DynamoDB_20120810.GetItem`.
fn of_target(headers: &HeaderMap) -> Option<Service> {
    let target = headers.get(TARGET)?.to_str().ok()?;
    let (service, _operation) = target.rsplit_once('.')?;
    Some(match service {
        ECR_TARGET => Service::Ecr,
        other => Service::Other(other.to_owned()),
    })
}

fn of_host(headers: &HeaderMap) -> Option<Service> {
    let host = headers.get(HOST)?.to_str().ok()?.to_ascii_lowercase();
    let host = host.rsplit_once(':').map_or(host.as_str(), |(name, _port)| name);
    let prefix = SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix));
    let mut labels: Vec<&str> = prefix.unwrap_or(host).split('.').collect();
    let region = labels.iter().rposition(|label| is_region_name(label));
    if prefix.is_none() && region.is_none() {
        // Any name under which somebody serves: only S3 puts a label of its own before it, the bucket.
        return labels.get(1..)?.contains(&"s3").then(|| Service::named("s3"));
    }
    labels.truncate(region.unwrap_or(labels.len()));
    let last = labels.into_iter().rfind(|label| *label != "dualstack")?;
    let service = last.strip_suffix("-fips").unwrap_or(last);
    let is_s3 = service.strip_prefix("s3-").is_some_and(|rest| is_region_name(rest) || rest == "accelerate");
    Some(Service::named(if is_s3 { "s3" } else { service }))
}

/// The service of a call that says its action and the version of its protocol.
fn of_query_protocol(form: &[u8]) -> Option<Service> {
    parameter(form, "Action")?;
    let version = parameter(form, "Version")?;
    let known = QUERY_VERSIONS.iter().find(|(known, _)| *known == version);
    Some(known.map_or(Service::Unknown, |(_, name)| Service::named(name)))
}

/// Browsers upload to S3 with forms of several parts; no other service takes those.
fn of_content_type(headers: &HeaderMap) -> Option<Service> {
    content_type(headers).starts_with("multipart/form-data").then(|| Service::named("s3"))
}

/// Whether the body may be a call of the query protocol.
fn has_form<B>(request: &Request<B>) -> bool {
    request.method() == Method::POST && content_type(request.headers()).starts_with("application/x-www-form-urlencoded")
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn parameter<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    parse_form(form).find(|(found, _)| found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
