//! Any request to the Lambda API: a checked call or an error of AWS's, and an answer of bounded length.
//!
//! An input is written as a request is: a line with method and target, lines of headers, an empty line, the body.
#![no_main]

use fakecloud_lambda::{InvokeCall, Operation, Request, Scope, operation, parse_as};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;

/// 64 KiB of text, each byte of which may take six in JSON, and what is around it.
const ANSWER_BYTES_MAX: usize = 400 << 10;

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes) else { return };
    let query = request.query.as_deref();
    let refused = Scope::of_request(&request.headers, query).err();
    let called = operation(&request.method, &request.path, query.unwrap_or_default());
    let parsed = called.and_then(|operation| {
        let call = parse_as(operation, &request)?;
        if matches!(operation, Operation::Invoke | Operation::InvokeAsync | Operation::InvokeWithResponseStream) {
            InvokeCall::of(&call)?;
        }
        Ok((call.archive().is_some(), call.image().is_some(), call.origin().is_some()))
    });
    for error in parsed.err().into_iter().chain(refused) {
        let answer = error.to_response();
        assert!(!answer.status.is_success() && !answer.status.is_server_error(), "{error}");
        assert!(answer.body.len() <= ANSWER_BYTES_MAX, "{} bytes say what is wrong", answer.body.len());
    }
});

fn request(bytes: &[u8]) -> Option<Request> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, body) = (std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]);
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let (method, target) = line.split_once(' ')?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let pairs = headers.lines().filter_map(|line| line.split_once(": "));
    let header =
        |(name, value): (&str, &str)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
    Some(Request {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers: pairs.filter_map(header).collect::<HeaderMap>(),
        body: body.to_vec().into(),
    })
}
