//! `X-Amzn-Trace-Id`: what a request brings, or what AWS's front ends make up for it.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};

use crate::common::headers::TRACE_ID;
use crate::common::keyed_hash::hex;
use crate::common::request_id;

/// The header's value, new where the request has none: the time, 96 random bits, and that nobody samples it.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(TRACE_ID).cloned().unwrap_or_else(fresh)
}

/// One that no request has brought.
pub(crate) fn fresh() -> HeaderValue {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // 32 bits of seconds last until 2106.
    let (seconds, random) = (hex(&seconds.to_be_bytes()[4..]), hex(&request_id::random().to_be_bytes()[..12]));
    HeaderValue::try_from(["Root=1-", &seconds, "-", &random, ";Sampled=0"].concat())
        .expect("hexadecimal digits are visible ASCII")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn id_of_a_request_is_kept_and_one_without_gets_its_own() {
        let own = HeaderValue::from_static("Root=1-2-3;Parent=4");
        assert_eq!(of(&HeaderMap::from_iter([("x-amzn-trace-id".parse().unwrap(), own.clone())])), own);
        let fresh = of(&HeaderMap::new());
        let text = fresh.to_str().unwrap();
        let [root, seconds, random] = text.split('-').collect::<Vec<_>>()[..] else { panic!("{text}") };
        let random = random.strip_suffix(";Sampled=0").unwrap();
        assert_eq!((root, random.len()), ("Root=1", 24), "{text}");
        assert!(u128::from_str_radix(random, 16).is_ok(), "{text}");
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from_str_radix(seconds, 16).unwrap());
        assert!(SystemTime::now().duration_since(since).unwrap() < Duration::from_secs(60), "{text}");
        assert_ne!(of(&HeaderMap::new()), fresh);
    }
}
