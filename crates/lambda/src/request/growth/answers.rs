//! The memory that the worst answers of functions take beside themselves, wherever they are looked into.

use allocation_counter::measure;
use bytes::Bytes;

use crate::{EventAnswer, Outcome, Response, StreamedHead, url::response::complete};

/// The length that answers are made to have. What a function may answer takes as many times as much as it is longer.
const ANSWER_BYTES: usize = 128 << 10;

/// As many headers as a response may have.
const FIXED_BYTES_MAX: u64 = 256 << 10;

/// An answer's text is read once with its escapes, and compacted or decoded into a buffer that doubles.
const GROWTH_MAX: u64 = 4;

fn filled(piece: &str) -> String {
    piece.repeat(ANSWER_BYTES / piece.len())
}

/// The answers that make the most of their bytes, each with what it is.
fn answers() -> Vec<(&'static str, String)> {
    let objects = format!("[{}{{}}]", filled(r#"{"":0},"#));
    let names = (0..ANSWER_BYTES / 16).map(|name| format!(r#""x{name:x}":1"#)).collect::<Vec<_>>().join(",");
    let described = |member: &str| format!(r#"{{"statusCode":200,{member}}}"#);
    let error = |member: &str| format!(r#"{{"errorType":"E","errorMessage":"m",{member}}}"#);
    vec![
        ("objects", objects.clone()),
        ("brackets", format!("{}{}", "[".repeat(ANSWER_BYTES / 2), "]".repeat(ANSWER_BYTES / 2))),
        ("members", format!("{{{names}}}")),
        ("members of one name", format!("{{{}\"\":0}}", filled(r#""":0,"#))),
        ("a text of escapes", format!("\"{}\"", filled("\\u0001"))),
        ("an error with a trace of objects", error(&format!(r#""trace":{objects}"#))),
        ("an error with a long message", error(&format!(r#""errorMessage":"{}""#, filled("\\u0001")))),
        ("a response with other objects", described(&format!(r#""other":{objects}"#))),
        ("a response with a body of objects", described(&format!(r#""body":{objects}"#))),
        ("a response with a text of escapes", described(&format!(r#""body":"{}""#, filled("\\n")))),
        (
            "a response with a body in Base64",
            described(&format!(r#""isBase64Encoded":true,"body":"{}""#, filled("AAAA"))),
        ),
        ("a response with headers", described(&format!(r#""headers":{{{names}}}"#))),
        (
            "a response with headers of nothing",
            described(&format!(r#""headers":{{{}"a":null}}"#, filled(r#""":null,"#))),
        ),
        ("a response with cookies", described(&format!(r#""cookies":[{}""]"#, filled(r#""","#)))),
        (
            "a response that names headers of the connection",
            described(&format!(r#""headers":{{"connection":"{}a"}}"#, filled("a,"))),
        ),
    ]
}

#[test]
fn no_answer_of_a_function_takes_many_times_its_length() {
    type Look = fn(Bytes);
    let looks: [(&str, Look); 6] = [
        ("as a response to a URL", |answer| drop(complete(Outcome::Success { payload: answer }, |_unfit| ()))),
        ("as what a runtime answered", |answer| drop(Outcome::from_rie(200, answer, "id", 3))),
        ("as what a runtime failed with", |answer| drop(Outcome::from_rie(502, answer, "id", 3))),
        ("as an error", |answer| {
            let failed = Outcome::FunctionError { payload: answer };
            let _seen = (failed.error_type(), failed.is_killed_runtime(), failed.may_be_last_words());
        }),
        ("as the end of an event", |answer| {
            let mut response = Response::empty(200);
            response.headers.insert("X-Amz-Function-Error", http::HeaderValue::from_static("Unhandled"));
            response.body = answer;
            drop(EventAnswer::of(&response).shortened());
        }),
        ("as the head of a stream", |answer| {
            let piece = [&answer[..], &[0; 8]].concat();
            drop(StreamedHead::default().take(&piece, |_unfit| ()));
        }),
    ];
    for (what, answer) in answers() {
        let answer = Bytes::from(answer);
        let limit = FIXED_BYTES_MAX + GROWTH_MAX * answer.len() as u64;
        for (how, look) in looks {
            let peak = measure(|| look(answer.clone())).bytes_max;
            assert!(peak <= limit, "{what}, {how}, takes {peak} bytes, of which {limit} are expected at most");
        }
    }
}
