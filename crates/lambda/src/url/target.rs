//! From a request to a function URL to the invocation that it asks for, and back.

use std::{borrow::Cow, collections::BTreeMap, io};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN},
};

use crate::{
    Caller, Error, ErrorCode, Invocation, InvocationKind, Lambda, Moment, Outcome, Response, Scope, StreamedHead,
    UrlAddress, UrlRequest,
    arn::{FunctionRef, LATEST},
    function::function::Function,
    invoke::invocation::MAX_SYNC_PAYLOAD_BYTES,
    url::{config::FunctionUrl, cors, response},
};

/// A function URL that exists.
#[derive(Clone, Debug)]
pub struct UrlTarget {
    function: FunctionRef,
    url: FunctionUrl,
}

/// The function URLs of one account and region: the function's name and the qualifier, by the URL's id.
#[derive(Debug, Default)]
pub(crate) struct UrlIndex(BTreeMap<String, (String, String)>);

// === impl Lambda ===

impl Lambda {
    /// The URL at an address. A request that names a region finds only what is there.
    pub fn url_at(&self, address: &UrlAddress) -> Option<UrlTarget> {
        let regional = |scope: &Scope| address.region.as_deref().is_none_or(|region| region == scope.region());
        let spaces = self.spaces.iter().filter(|(scope, _)| regional(scope));
        let (scope, (name, qualifier)) =
            spaces.filter_map(|(scope, space)| Some((scope, space.urls.0.get(&address.id)?))).next()?;
        let qualifier = Some(qualifier.clone()).filter(|qualifier| qualifier != LATEST);
        let function = FunctionRef { scope: scope.clone(), name: name.clone(), qualifier };
        let url = self.attachments(&function)?.url.clone()?;
        Some(UrlTarget { function, url })
    }

    /// The invocation that a request to a URL asks for, whose event is the payload. The moment's random bits choose between
    /// the versions of an alias.
    ///
    /// # Errors
    ///
    /// A function that is not to run (0 is its reserved concurrency) or has gone meanwhile.
    pub fn resolve_url(&self, moment: &Moment, target: &UrlTarget, payload: Bytes) -> Result<Invocation, Error> {
        let target = &target.function;
        let function = self.function(target).map_err(|_| target.qualified().not_found())?;
        let reserved_concurrency = function.reserved_concurrency;
        if reserved_concurrency == Some(0) {
            return Err(Error::throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
        }
        let version = function.invoked(target.qualifier.as_deref(), moment.random);
        Ok(Invocation {
            function: version.ok_or_else(|| target.not_found())?.clone(),
            target: target.clone().into(),
            reserved_concurrency,
            kind: InvocationKind::RequestResponse,
            log_tail: false,
            client_context: None,
            payload,
            generation: self.generation(),
        })
    }
}

/// The bytes that an event has beside the body, about.
const EVENT_BYTES: usize = 2 << 10;

/// Takes so many bytes as a payload may have.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_SYNC_PAYLOAD_BYTES {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorCode::RequestEntityTooLarge,
        format!("Request must be smaller than {MAX_SYNC_PAYLOAD_BYTES} bytes for the InvokeFunction operation"),
    )
}

// === impl UrlTarget ===

impl UrlTarget {
    /// The most bytes of a request's body.
    pub const MAX_BODY_BYTES: usize = MAX_SYNC_PAYLOAD_BYTES;

    /// The answer to a request for a URL that is not there. As on AWS it does not tell whether one ever was.
    pub fn unknown() -> Response {
        refused(r#"{"Message":null}"#)
    }

    /// The event that the function gets for a request, which takes the longer to write the larger the request is.
    ///
    /// # Errors
    ///
    /// A request that makes an event of more than 6 MB.
    pub fn event(&self, request: &UrlRequest, caller: Option<&Caller>) -> Result<Bytes, Error> {
        let mut json = Bounded(Vec::with_capacity(request.body.len() + EVENT_BYTES));
        let event = request.event(self.function.scope.region(), caller);
        serde_json::to_writer(&mut json, &event).map_err(|_full| too_large())?;
        Ok(json.0.into())
    }

    /// The error of a request whose body is longer than [`UrlTarget::MAX_BODY_BYTES`].
    pub fn too_large() -> Error {
        too_large()
    }

    /// The answer to a preflight request that the URL's Cors covers; `None` for what the function is to see.
    pub fn preflight(&self, method: &http::Method, headers: &HeaderMap) -> Option<Response> {
        cors::preflight(self.url.cors.as_ref()?, method, headers)
    }

    /// The caller, where AuthType is AWS_IAM. Any credentials will do, as everywhere; resource policies are not asked.
    ///
    /// # Errors
    ///
    /// The answer to a request that is not signed.
    pub fn authorize(&self, headers: &HeaderMap, query: Option<&str>) -> Result<Option<Caller>, Box<Response>> {
        if self.url.auth_type != "AWS_IAM" {
            return Ok(None);
        }
        let forbidden = || Box::new(self.with_cors(headers, refused(r#"{"Message":"Forbidden"}"#)));
        let access_key = access_key(headers, query).ok_or_else(forbidden)?;
        let scope = Scope::of_request(headers, query).map_err(|_incomplete| forbidden())?;
        Ok(Some(Caller::new(&access_key, &scope)))
    }

    /// Tells whether InvokeMode is RESPONSE_STREAM.
    pub fn streams(&self) -> bool {
        self.url.invoke_mode == "RESPONSE_STREAM"
    }

    /// The function's ARN, with the alias of the URL if it is one's.
    pub fn function_arn(&self) -> String {
        self.function.arn()
    }

    /// The response to a request, of an invocation whose answer is complete. `told` hears why an answer cannot be sent.
    ///
    /// # Errors
    ///
    /// That of an Invoke whose Pod did not answer as a runtime.
    pub fn response(
        &self,
        request: &HeaderMap,
        outcome: Outcome,
        told: impl FnOnce(&'static str),
    ) -> Result<Response, Error> {
        Ok(self.with_cors(request, response::complete(outcome, told)?))
    }

    /// The answer to a request that is not served, in a form that pages of other origins can read as well.
    pub fn refused(&self, request: &HeaderMap, error: &Error) -> Response {
        self.with_cors(request, error.to_response())
    }

    /// The head of a streamed response with the beginning of its body, once a piece made it known. `told` hears why it
    /// cannot be sent.
    pub fn head(
        &self,
        request: &HeaderMap,
        head: &mut StreamedHead,
        piece: &[u8],
        told: impl FnOnce(&'static str),
    ) -> Option<Response> {
        head.take(piece, told).map(|response| self.with_cors(request, response))
    }

    /// The head of a streamed response that has ended without one.
    pub fn headless(&self, request: &HeaderMap, mut head: StreamedHead) -> Response {
        self.with_cors(request, head.end())
    }

    fn with_cors(&self, request: &HeaderMap, mut response: Response) -> Response {
        if let Some(cors) = &self.url.cors {
            cors::add(cors, request.get(ORIGIN), &mut response.headers);
        }
        response
    }
}

fn refused(body: &'static str) -> Response {
    let mut response = Response::empty(403);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers.insert("x-amzn-ErrorType", HeaderValue::from_static("AccessDeniedException"));
    response.body = Bytes::from_static(body.as_bytes());
    response
}

/// The access key of a signature, in the header or in the query of a presigned URL.
fn access_key(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential: Cow<'_, str> = match header.filter(|value| value.starts_with("AWS4-")) {
        Some(header) => header.split([' ', ',']).find_map(|part| part.strip_prefix("Credential="))?.into(),
        None => {
            let mut parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
            parameters.find(|(name, _)| name == "X-Amz-Credential").map(|(_, value)| value)?
        }
    };
    // The other four parts never have a slash.
    credential.rsplitn(5, '/').nth(4).filter(|key| !key.is_empty()).map(str::to_owned)
}

// === impl UrlIndex ===

impl UrlIndex {
    /// A function has other URLs than before, or is gone.
    pub(crate) fn follow(&mut self, name: &str, old: Option<&Function>, new: Option<&Function>) {
        for (_, url) in old.into_iter().flat_map(urls) {
            self.0.remove(&url.id);
        }
        for (qualifier, url) in new.into_iter().flat_map(urls) {
            self.0.insert(url.id.clone(), (name.to_owned(), qualifier.clone()));
        }
    }
}

fn urls(function: &Function) -> impl Iterator<Item = (&String, &FunctionUrl)> {
    function.all_attachments().iter().filter_map(|(qualifier, one)| Some((qualifier, one.url.as_ref()?)))
}
