//! Ranges of bytes, in downloads and in uploads.

use std::ops::Range;

/// What a download is to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Everything,
    /// From the first of these bytes to the last but one.
    Part(Range<u64>),
    /// Nothing of it is there.
    Nothing,
}

/// Reads a `Range` header, for content of this many bytes (RFC 9110, section 14.2). Several ranges at once, other units and
/// what cannot be read give everything, as the RFC allows.
pub(crate) fn wanted(header: &str, length: u64) -> Wanted {
    let Some(range) = header.trim().strip_prefix("bytes=") else { return Wanted::Everything };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Everything };
    let number = |text: &str| text.trim().parse::<u64>();
    let (start, end) = match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            Ok(count) => (length.saturating_sub(count), length),
            Err(_) => return Wanted::Everything,
        },
        (first, "") => match number(first) {
            Ok(first) => (first, length),
            Err(_) => return Wanted::Everything,
        },
        (first, last) => match (number(first), number(last)) {
            (Ok(first), Ok(last)) => (first, last.saturating_add(1).min(length)),
            (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => return Wanted::Everything,
        },
    };
    if start < end { Wanted::Part(start..end) } else { Wanted::Nothing }
}

/// Reads the `Content-Range` of a chunk, which the specification writes as `<first>-<last>`, and RFC 9110 as
/// `bytes <first>-<last>/<length>`.
pub(crate) fn chunk(header: &str) -> Option<Range<u64>> {
    let range = header.trim().trim_start_matches("bytes").trim_start_matches(['=', ' ']);
    let range = range.split('/').next().unwrap_or_default();
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse::<u64>().ok()?);
    (first <= last).then_some(first..last.checked_add(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_downloads() {
        let cases = [
            ("bytes=0-9", Wanted::Part(0..10)),
            ("bytes=90-", Wanted::Part(90..100)),
            ("bytes=-10", Wanted::Part(90..100)),
            ("bytes=-1000", Wanted::Part(0..100)),
            ("bytes=90-1000", Wanted::Part(90..100)),
            ("bytes=99-99", Wanted::Part(99..100)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=9-0", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=0-1,3-4", Wanted::Everything),
            ("lines=0-9", Wanted::Everything),
            ("bytes=a-b", Wanted::Everything),
            ("bytes=-", Wanted::Everything),
        ];
        for (header, expected) in cases {
            assert_eq!(wanted(header, 100), expected, "{header}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Nothing);
    }

    #[test]
    fn ranges_of_chunks() {
        let cases = [
            ("0-9", Some(0..10)),
            ("bytes 0-9/*", Some(0..10)),
            ("bytes=5-5", Some(5..6)),
            ("9-0", None),
            ("0-18446744073709551615", None),
            ("0", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(chunk(header), expected, "{header}");
        }
    }
}
