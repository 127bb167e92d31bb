//! `X-Amzn-Trace-Id`: what a request brings, or what AWS's front ends make up for it.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};

use crate::headers::TRACE_ID;
use crate::request_id;

/// The header's value, new where the request has none: the time, 96 random bits, and that nobody samples it.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(TRACE_ID).cloned().unwrap_or_else(fresh)
}

/// One that no request has brought.
pub(crate) fn fresh() -> HeaderValue {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // One number of 96 bits takes five times as long to write as two.
    let (high, low) = (request_id::random_u64() >> 32, request_id::random_u64());
    let text = format!("Root=1-{seconds:08x}-{high:08x}{low:016x};Sampled=0");
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
        assert_eq!(text.len(), "Root=1-65b1a2c3-0123456789abcdef01234567;Sampled=0".len(), "{text}");
        assert!(text.starts_with("Root=1-") && text.ends_with(";Sampled=0"), "{text}");
        assert_ne!(of(&HeaderMap::new()), fresh);
    }
}
