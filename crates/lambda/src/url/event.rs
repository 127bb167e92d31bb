//! The event that a function gets for a request to its URL: payload format 2.0.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{CONTENT_TYPE, COOKIE, USER_AGENT},
};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::{Scope, UrlAddress, request::origin::reached, url::hop_by_hop::remove_hop_by_hop};

/// A request to a function URL, read to its end.
#[derive(Clone, Debug)]
pub struct UrlRequest {
    /// The URL, and the path below it.
    pub address: UrlAddress,
    /// The method.
    pub method: Method,
    /// The part that follows the question mark, as it came.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The IP address of the client.
    pub source_ip: String,
    /// Such as `HTTP/1.1`.
    pub protocol: String,
    /// The request's id.
    pub request_id: String,
    /// The `X-Amzn-Trace-Id` that the request gets unless it brings one.
    pub trace_id: String,
    /// The time when it came, in milliseconds since the Unix epoch.
    pub epoch_ms: u64,
}

/// Media types whose bodies functions get as text, beside `text/*`; all others AWS takes for binary, forms too.
const TEXTS: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

impl UrlRequest {
    /// The event, for a URL in this region. `caller` is who signed the request, where signing is asked for.
    pub(crate) fn event(&self, region: &str, caller: Option<&Caller>) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.address.path,
            "rawQueryString": self.query.as_deref().unwrap_or_default(),
            "headers": self.event_headers(),
            "requestContext": self.context(region, caller),
            "isBase64Encoded": false,
        });
        let cookies = self.cookies();
        if !cookies.is_empty() {
            event["cookies"] = cookies.into();
        }
        let parameters = self.parameters();
        if !parameters.is_empty() {
            event["queryStringParameters"] = json!(parameters);
        }
        if !self.body.is_empty() {
            let text = std::str::from_utf8(&self.body).ok().filter(|_| self.has_text());
            event["isBase64Encoded"] = text.is_none().into();
            event["body"] = text.map_or_else(|| STANDARD.encode(&self.body), str::to_owned).into();
        }
        event
    }

    fn context(&self, region: &str, caller: Option<&Caller>) -> Value {
        let UrlAddress { id, region: named, host, path } = &self.address;
        let domain = if named.is_some() { host.clone() } else { format!("{id}.lambda-url.{region}.{host}") };
        let time = i64::try_from(self.epoch_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let mut context = json!({
            "accountId": caller.map_or("anonymous", |caller| &caller.account),
            "apiId": id,
            "domainName": domain,
            "domainPrefix": id,
            "http": {
                "method": self.method.as_str(),
                "path": decoded(path),
                "protocol": self.protocol,
                "sourceIp": self.source_ip,
                "userAgent": self.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes())),
            },
            "requestId": self.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.unwrap_or(jiff::Timestamp::MAX).strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.epoch_ms,
        });
        if let Some(caller) = caller {
            context["authentication"] = Value::Null;
            context["authorizer"] = json!({ "iam": caller.shown() });
        }
        context
    }

    /// By their names in lower case; several values of one are joined. What AWS's front end adds is added.
    fn event_headers(&self) -> Map<String, Value> {
        let mut joined: BTreeMap<String, String> = BTreeMap::new();
        let mut headers = self.headers.clone();
        remove_hop_by_hop(&mut headers);
        for (name, value) in &headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let separator = if *name == COOKIE { "; " } else { "," };
            joined
                .entry(name.as_str().to_owned())
                .and_modify(|values| {
                    values.push_str(separator);
                    values.push_str(&value);
                })
                .or_insert_with(|| value.clone().into_owned());
        }
        let (scheme, port) = reached(&self.headers);
        let added = [
            ("x-forwarded-for", self.source_ip.as_str()),
            ("x-forwarded-proto", scheme),
            ("x-forwarded-port", port),
            ("x-amzn-trace-id", &self.trace_id),
        ];
        for (name, value) in added {
            joined.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        joined.into_iter().map(|(name, value)| (name, value.into())).collect()
    }

    /// One by one; AWS leaves them among the headers as well.
    fn cookies(&self) -> Vec<String> {
        let headers = self.headers.get_all(COOKIE).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let cookies = headers.flat_map(|value| value.split(';').map(|one| one.trim().to_owned()).collect::<Vec<_>>());
        cookies.filter(|cookie| !cookie.is_empty()).collect()
    }

    /// Decoded; several values of one name are joined.
    fn parameters(&self) -> BTreeMap<String, String> {
        let mut joined: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes()) {
            joined
                .entry(name.into_owned())
                .and_modify(|values| {
                    values.push(',');
                    values.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        joined
    }

    /// Tells whether the body is said to be a text. A body of which nothing is said is none.
    fn has_text(&self) -> bool {
        let Some(value) = self.headers.get(CONTENT_TYPE) else { return false };
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let media = value.split(';').next().unwrap_or_default().trim();
        media.starts_with("text/") || TEXTS.contains(&media)
    }
}

/// A path as AWS shows it to people: percent-decoded once, with one slash in place of several.
fn decoded(path: &str) -> String {
    let mut shown = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let mut after_slash = false;
    shown.retain(|char| !std::mem::replace(&mut after_slash, char == '/') || char != '/');
    shown
}

/// The caller who signed a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub(crate) access_key: String,
    pub(crate) account: String,
    pub(crate) user_arn: String,
}

impl Caller {
    /// The caller with this access key in this account; fakecloud knows no users, so it is the account itself.
    pub(crate) fn new(access_key: &str, scope: &Scope) -> Self {
        let user_arn = crate::arn::account_root(scope.region(), scope.account());
        Self { access_key: access_key.to_owned(), account: scope.account().to_owned(), user_arn }
    }

    fn shown(&self) -> Value {
        json!({
            "accessKey": self.access_key,
            "accountId": self.account,
            "callerId": self.account,
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": self.user_arn,
            "userId": self.account,
        })
    }
}

#[cfg(test)]
mod tests;
