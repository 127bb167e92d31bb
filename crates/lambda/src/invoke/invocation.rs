//! Invoke: which version runs, with what, and how the answer is worded.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde::de::IgnoredAny;

use crate::{
    Call, Error, ErrorCode, EventTarget, Generation, Lambda, Moment, Operation, Outcome, Response, Scope,
    arn::FunctionRef,
    function::{configuration::refuse_given, durable, record::FunctionRecord, tenancy},
    invoke::{outcome::UNHANDLED, payload},
    shapes::{InvocationRequest, InvokeAsyncRequest, InvokeWithResponseStreamRequest},
};

/// The version that ran, in the answer.
pub(crate) const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");

/// The most bytes of a payload whose answer is waited for.
pub(crate) const MAX_SYNC_PAYLOAD_BYTES: usize = 6_291_456;

/// The most bytes of a payload that is run later.
const MAX_ASYNC_PAYLOAD_BYTES: usize = 1_048_576;

/// The most bytes of a payload of the deprecated InvokeAsync.
const MAX_INVOKE_ASYNC_BYTES: usize = 262_144;

/// The most bytes of the log that an answer carries.
const LOG_TAIL_BYTES: usize = 4096;

/// An invocation that is valid and can be run.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function as the caller named it.
    pub target: EventTarget,
    /// The version that runs.
    pub function: Arc<FunctionRecord>,
    /// The number of invocations of all versions of the function together that may run at once, if it has a reservation
    /// of its own; at least 1. [`Lambda::admit`] sees to it.
    pub reserved_concurrency: Option<u32>,
    /// The kind, which says who waits for the answer.
    pub kind: InvocationKind,
    /// True if the answer carries the end of the log.
    pub log_tail: bool,
    /// The base64 JSON of `X-Amz-Client-Context`, passed on as it came. None for an event: AWS passes it to functions
    /// whose answer is waited for.
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
    pub client_context: Option<String>,
    /// A JSON text; `{}` when the request had no body.
    pub payload: Bytes,
    /// Since which reset all of this holds.
    pub generation: Generation,
}

/// An Invoke, InvokeAsync or InvokeWithResponseStream call whose payload is checked.
pub struct InvokeCall {
    request: InvocationRequest,
    kind: InvocationKind,
    payload: Bytes,
}

/// InvocationType
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationKind {
    /// The caller waits for the answer.
    RequestResponse,
    /// The function runs after the caller is answered.
    Event,
    /// Nothing runs.
    DryRun,
}

// === impl Lambda ===

impl Lambda {
    /// Finds out what a call runs. The moment's random bits choose between the versions of an alias. An event is taken even
    /// where 0 is the function's reserved concurrency: it goes to the destinations.
    ///
    /// # Errors
    ///
    /// An unknown function or version; a tenant that is missing or one too many; a durable function; a function that is not
    /// to run now (0 is its reserved concurrency).
    pub fn resolve(&self, scope: &Scope, moment: &Moment, call: InvokeCall) -> Result<Invocation, Error> {
        let InvokeCall { request, kind, payload } = call;
        let target = FunctionRef::parse(scope, &request.function_name, request.qualifier.as_deref())?;
        let function = self.function(&target).map_err(|_| target.qualified().not_found())?;
        let reserved_concurrency = function.reserved_concurrency;
        let version = function.invoked(target.qualifier.as_deref(), moment.random).ok_or_else(|| target.not_found())?;
        durable::refuse(version, target.qualifier.as_deref())?;
        tenancy::check(version, request.tenant_id.as_deref())?;
        if reserved_concurrency == Some(0) && kind == InvocationKind::RequestResponse {
            return Err(Error::throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
        }
        Ok(Invocation {
            function: Arc::clone(version),
            target: EventTarget::from(target).of_tenant(request.tenant_id),
            reserved_concurrency,
            kind,
            log_tail: request.log_type.as_deref() == Some("Tail"),
            client_context: request.client_context.filter(|_| kind != InvocationKind::Event),
            payload,
            generation: self.generation(),
        })
    }
}

// === impl InvokeCall ===

impl InvokeCall {
    /// Checks what can be checked without knowing any function, which takes the longer the larger the payload is.
    ///
    /// # Errors
    ///
    /// A payload that is no JSON or too large, a client context that is none, a member that nothing acts on yet, and any
    /// other call.
    pub fn of(call: &Call) -> Result<Self, Error> {
        let Input { request, kind, payload_bytes_max } = input(call)?;
        check_client_context(request.client_context.as_deref())?;
        let payload = request.payload.and_then(|index| call.blob(index)).cloned();
        let payload = payload.unwrap_or_else(|| Bytes::from_static(b"{}"));
        payload::check(kind, &payload, payload_bytes_max)?;
        Ok(Self { request, kind, payload })
    }
}

/// The input that the three operations have in common.
struct Input {
    request: InvocationRequest,
    kind: InvocationKind,
    payload_bytes_max: usize,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other operation is an invocation")]
fn input(call: &Call) -> Result<Input, Error> {
    match call.operation() {
        Operation::Invoke => Input::of(call.input()?),
        Operation::InvokeWithResponseStream => {
            let InvokeWithResponseStreamRequest {
                client_context,
                function_name,
                invocation_type,
                log_type,
                payload,
                qualifier,
                tenant_id,
            } = call.input()?;
            Input::of(InvocationRequest {
                client_context,
                durable_execution_name: None,
                function_name,
                invocation_type,
                log_type,
                payload,
                qualifier,
                tenant_id,
            })
        }
        Operation::InvokeAsync => {
            let InvokeAsyncRequest { function_name, invoke_args } = call.input()?;
            let request =
                InvocationRequest { function_name, payload: Some(invoke_args), ..InvocationRequest::default() };
            Ok(Input { request, kind: InvocationKind::Event, payload_bytes_max: MAX_INVOKE_ASYNC_BYTES })
        }
        other => Err(Error::service(format!("{} is not an invocation", other.name()))),
    }
}

impl Input {
    fn of(request: InvocationRequest) -> Result<Self, Error> {
        refuse_given("DurableExecutionName", request.durable_execution_name.is_some())?;
        let kind = InvocationKind::parse(request.invocation_type.as_deref());
        Ok(Self { request, kind, payload_bytes_max: payload_bytes_max(kind) })
    }
}

/// The most bytes of a payload of Invoke.
pub(crate) fn payload_bytes_max(kind: InvocationKind) -> usize {
    match kind {
        InvocationKind::RequestResponse | InvocationKind::DryRun => MAX_SYNC_PAYLOAD_BYTES,
        InvocationKind::Event => MAX_ASYNC_PAYLOAD_BYTES,
    }
}

fn check_client_context(context: Option<&str>) -> Result<(), Error> {
    let is_object = |text: &str| {
        let json = STANDARD.decode(text).ok()?;
        serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(&json).ok()
    };
    match context {
        Some(text) if is_object(text).is_none() => Err(Error::new(
            ErrorCode::InvalidRequestContent,
            "Client context must be a valid Base64-encoded JSON object.",
        )),
        Some(_) | None => Ok(()),
    }
}

// === impl Invocation ===

impl Invocation {
    /// The answer to a caller who does not wait: 202 for an event, 204 for a dry run.
    pub fn accepted(&self) -> Response {
        Response::empty(if self.kind == InvocationKind::DryRun { 204 } else { 202 })
    }

    /// The answer to a caller who waits. Of `log`, the last 4,096 bytes are sent if the caller asked for them.
    ///
    /// # Errors
    ///
    /// `ServiceException` when the runtime did not answer as one.
    pub fn answer(&self, outcome: Outcome, log: Option<&[u8]>) -> Result<Response, Error> {
        let (payload, failed) = outcome.into_payload()?;
        let mut response = Response::empty(200);
        let headers = &mut response.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(EXECUTED_VERSION, self.executed_version());
        if failed {
            headers.insert("X-Amz-Function-Error", HeaderValue::from_static(UNHANDLED));
        }
        if let Some(log) = log.filter(|_| self.log_tail) {
            let tail = STANDARD.encode(&log[log.len().saturating_sub(LOG_TAIL_BYTES)..]);
            headers.insert("X-Amz-Log-Result", HeaderValue::from_str(&tail).expect("base64 is visible ASCII"));
        }
        response.body = payload;
        Ok(response)
    }

    pub(crate) fn executed_version(&self) -> HeaderValue {
        HeaderValue::from_str(&self.function.version).expect("a version is $LATEST or digits")
    }
}

// === impl InvocationKind ===

impl InvocationKind {
    /// AWS's name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }

    /// The model allows no other texts.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        match text {
            Some("Event") => Self::Event,
            Some("DryRun") => Self::DryRun,
            _ => Self::RequestResponse,
        }
    }
}
