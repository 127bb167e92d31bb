//! `X-Amzn-Trace-Id`: what a request brings, or what AWS's front ends make up for it.

use std::time::{SystemTime, UNIX_EPOCH};

use fakecloud_lambda::hex;
use http::{HeaderMap, HeaderValue};

use crate::headers::TRACE_ID;
use crate::request_id;

/// What it looks like.
const EXAMPLE: &str = "Root=1-65b1a2c3-0123456789abcdef01234567;Sampled=0";

/// The header's value, new where the request has none: the time, 96 random bits, and that nobody samples it.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(TRACE_ID).cloned().unwrap_or_else(fresh)
}

/// One that no request has brought.
pub(crate) fn fresh() -> HeaderValue {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut text = String::with_capacity(EXAMPLE.len());
    text.push_str("Root=1-");
    // The last of the 32 bits are of the year 2106.
    text.extend(hex(&seconds.to_be_bytes()[4..]));
    text.push('-');
    text.extend(hex(&request_id::random().to_be_bytes()[..12]));
    text.push_str(";Sampled=0");
    HeaderValue::try_from(text).expect("hexadecimal digits are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_of_a_request_is_kept_and_one_without_gets_its_own() {
        let own = HeaderValue::from_static("Root=1-2-3;Parent=4");
        assert_eq!(of(&HeaderMap::from_iter([("x-amzn-trace-id".parse().unwrap(), own.clone())])), own);
        let fresh = of(&HeaderMap::new());
        let text = fresh.to_str().unwrap();
        assert_eq!(text.len(), EXAMPLE.len(), "{text}");
        assert!(text.starts_with("Root=1-") && text.ends_with(";Sampled=0"), "{text}");
        assert_ne!(of(&HeaderMap::new()), fresh);
    }
}
