//! Records of asynchronous invocations, as destinations and dead letter queues get them.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{
    Error, EventTarget, Response,
    members::{members, string},
    moment,
};

/// The most bytes of an error message that a dead letter carries.
const DEAD_LETTER_MESSAGE_BYTES: usize = 1024;

/// The status of an event that never ran.
const THROTTLED: u16 = 429;

/// The error of an event whose function has a reserved concurrency of 0.
const NOT_TO_RUN: &str = "Function not invoked. Function is configured with zero reserved concurrent executions";

/// The answer to the last attempt at an event. Its serialized form is for records on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAnswer {
    status: u16,
    executed_version: Option<String>,
    function_error: Option<String>,
    /// The function's answer; `None` when the function did not run.
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    payload: Option<Bytes>,
    /// The reason that it did not run, or the error message of a payload that was cut.
    error: Option<String>,
}

/// An asynchronous invocation that is over.
#[derive(Clone, Debug)]
pub struct EventRecord<'a> {
    /// The time when it was over, in milliseconds since the Unix epoch.
    pub epoch_ms: u64,
    /// The invocation's id, the same for every attempt.
    pub request_id: &'a str,
    /// The function that it was for.
    pub target: &'a EventTarget,
    /// The reason that it is over: `Success`, `RetriesExhausted`, `EventAgeExceeded` or `ZeroReservedConcurrency`.
    pub condition: &'a str,
    /// The number of times that the function ran.
    pub invoke_count: u32,
    /// The event.
    pub payload: &'a [u8],
    /// The answer to the last attempt; `None` when there was none.
    pub answer: Option<&'a EventAnswer>,
}

/// The attributes of a dead letter's message, which it has beside the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// `RequestID`, a text.
    pub request_id: String,
    /// `ErrorCode`, a number: the HTTP status of the last attempt.
    pub error_code: u16,
    /// `ErrorMessage`, a text of at most 1,024 bytes.
    pub error_message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: &'a str,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    executed_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'a str>,
}

// === impl EventAnswer ===

impl EventAnswer {
    /// The most bytes of a payload that are left by [`EventAnswer::shortened`].
    pub const SHORT_BYTES: usize = 4 << 10;

    /// The answer that a caller who had waited would have got.
    pub fn of(response: &Response) -> Self {
        let header = |name| response.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            status: response.status.as_u16(),
            executed_version: header("X-Amz-Executed-Version"),
            function_error: header("X-Amz-Function-Error"),
            payload: Some(response.body.clone()),
            error: None,
        }
    }

    /// The error instead of an answer: the function did not run.
    pub fn refused(error: &Error) -> Self {
        Self {
            status: error.code().status(),
            executed_version: None,
            function_error: None,
            payload: None,
            error: Some(error.message().to_owned()),
        }
    }

    /// The number of bytes that the function answered.
    pub fn payload_bytes(&self) -> usize {
        self.payload.as_ref().map_or(0, Bytes::len)
    }

    /// Tells whether the function ran and failed.
    pub fn is_function_error(&self) -> bool {
        self.function_error.is_some()
    }

    /// The same in little memory: of a payload beyond [`EventAnswer::SHORT_BYTES`] only its beginning is left, which
    /// destinations then get as a JSON string, and its error message.
    pub fn shortened(mut self) -> Self {
        self.error = self.error.as_ref().map(|error| cut(error, DEAD_LETTER_MESSAGE_BYTES).to_owned());
        let Some(payload) = &self.payload else { return self };
        let is_long = payload.len() > Self::SHORT_BYTES;
        if is_long && self.is_function_error() {
            self.error = Some(cut(&self.error_message(), DEAD_LETTER_MESSAGE_BYTES).to_owned());
        }
        // A slice would keep all of it.
        self.payload = Some(Bytes::copy_from_slice(&payload[..payload.len().min(Self::SHORT_BYTES)]));
        self
    }

    fn error_message(&self) -> String {
        if let Some(error) = &self.error {
            return error.clone();
        }
        let [message] = members(self.payload.as_deref().unwrap_or_default(), ["errorMessage"]).unwrap_or_default();
        message.and_then(string).unwrap_or_default()
    }
}

// === impl EventRecord ===

impl EventRecord<'_> {
    /// The JSON document that destinations get.
    pub fn document(&self) -> String {
        let answer = self.answer;
        let document = Document {
            version: "1.0",
            timestamp: moment::timestamp_utc(self.epoch_ms),
            request_context: RequestContext {
                request_id: self.request_id,
                function_arn: self.target.qualified_arn(),
                condition: self.condition,
                approximate_invoke_count: self.invoke_count,
            },
            request_payload: raw(self.payload),
            response_context: answer.map(|answer| ResponseContext {
                status_code: answer.status,
                executed_version: answer.executed_version.as_deref(),
                function_error: answer.function_error.as_deref(),
            }),
            response_payload: answer.and_then(|answer| answer.payload.as_deref()).map(raw),
        };
        serde_json::to_string(&document).expect("the document has string keys and no floats")
    }

    /// The attributes with which a dead letter describes the event.
    pub fn dead_letter(&self) -> DeadLetter {
        let (error_code, message) = match self.answer {
            Some(answer) => (answer.status, answer.error_message()),
            None if self.condition == "ZeroReservedConcurrency" => (THROTTLED, NOT_TO_RUN.to_owned()),
            // It never got its turn.
            None => (THROTTLED, "Rate Exceeded.".to_owned()),
        };
        let error_message = cut(&message, DEAD_LETTER_MESSAGE_BYTES).to_owned();
        DeadLetter { request_id: self.request_id.to_owned(), error_code, error_message }
    }

    /// The key of the document in a bucket; `id` is a fresh UUID.
    pub fn object_key(&self, id: &str) -> String {
        let time = moment::date_time(self.epoch_ms);
        format!("aws/lambda/async/{}/{}-{id}", self.target.name(), time.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S"))
    }
}

/// The beginning of a text, in whole characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=text.len().min(bytes_max)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

fn write_text<S: Serializer>(payload: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    payload.as_deref().map(String::from_utf8_lossy).serialize(serializer)
}

fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Bytes::from))
}

/// The text as it is where it is JSON, as a JSON string where it is not; JSON's null where it is empty.
fn raw(text: &[u8]) -> Box<RawValue> {
    let as_is = || serde_json::from_slice::<Box<RawValue>>(text);
    let as_string = || serde_json::value::to_raw_value(&String::from_utf8_lossy(text));
    let raw = if text.is_empty() { serde_json::value::to_raw_value(&()) } else { as_is().or_else(|_| as_string()) };
    raw.expect("a string is JSON")
}
