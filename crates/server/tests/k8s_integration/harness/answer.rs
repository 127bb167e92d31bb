//! What fakecloud answered.

use std::fmt;

use http::Response;
use serde_json::Value;

/// The largest answer that a test reads, in bytes; Lambda's own limit is 6 MB.
const BODY_LEN_MAX: u64 = 64 << 20;

/// An HTTP answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(super) fn read(response: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(BODY_LEN_MAX).read_to_vec()?;
        Ok(Self { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("the body is no JSON: {error}\n{self}"))
    }

    /// The JSON of an answer with this status.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }

    /// The JSON that the handler returned.
    pub(crate) fn returned(&self) -> Value {
        assert_eq!(self.header("x-amz-function-error"), None, "{self}");
        self.expect(200)
    }

    /// The message of an AWS error, whose field is written either way.
    pub(crate) fn error_message(&self) -> String {
        let json = self.json();
        let message = json["Message"].as_str().or_else(|| json["message"].as_str());
        assert!(self.status >= 400 && self.header("x-amzn-errortype").is_some(), "not an AWS error: {self}");
        message.unwrap_or_else(|| panic!("an error without a message: {self}")).to_owned()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}\n{:?}\n{}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}
