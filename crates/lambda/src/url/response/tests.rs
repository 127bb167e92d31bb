//! Answers of functions and the responses that clients get for them.

use serde_json::json;

use super::*;

fn ignore(_unfit: Unfit) {}

fn response(answer: &str) -> Response {
    complete(Outcome::Success { payload: Bytes::copy_from_slice(answer.as_bytes()) }, ignore).unwrap()
}

/// The reason that an answer cannot be sent; nothing where it can.
fn unfit(answer: &str) -> String {
    let mut unfit = String::new();
    let response = complete(Outcome::Success { payload: Bytes::copy_from_slice(answer.as_bytes()) }, |told| {
        unfit.push_str(told);
    });
    assert_eq!(response.unwrap().status == 502, !unfit.is_empty());
    unfit
}

fn seen(response: &Response) -> (u16, &str, &[u8]) {
    (response.status.as_u16(), response.headers[CONTENT_TYPE].to_str().unwrap(), &response.body)
}

#[test]
fn answer_without_a_status_is_the_body() {
    for answer in [r#"{"hello":"world"}"#, "3", "[1,2]", "null", "true", "not even JSON"] {
        assert_eq!(seen(&response(answer)), (200, "application/json", answer.as_bytes()), "{answer}");
    }
}

#[test]
fn string_is_answered_as_it_is_and_other_json_without_spaces() {
    let cases = [
        (r#""hello""#, "hello"),
        (r#" "a \"b\"\n\u00e9" "#, "a \"b\"\né"),
        (r#""""#, ""),
        (r#"["hello", 3, true]"#, r#"["hello",3,true]"#),
        (
            "{ \"z\": [1.50,\t2 ],\r\n \"a b\": \"c \\\\\\\" d\", \"n\": null }",
            r#"{"z":[1.50,2],"a b":"c \\\" d","n":null}"#,
        ),
    ];
    for (answer, body) in cases {
        assert_eq!(seen(&response(answer)), (200, "application/json", body.as_bytes()), "{answer}");
    }
}

#[test]
fn headers_of_the_connection_are_not_passed_on() {
    let answer = json!({ "statusCode": 200, "headers": {
        "Connection": "close, X-Mine", "Keep-Alive": "timeout=5", "X-Mine": "1", "Upgrade": "h2c", "X-Other": "1",
    } });
    let headers = response(&answer.to_string()).headers;
    let names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["x-other", "content-type"]);
}

#[test]
fn answer_with_a_status_describes_the_response() {
    let answer = json!({
        "statusCode": 201,
        "headers": { "Content-Type": "text/html", "X-Number": 7, "X-Flag": true, "X-Nothing": null, "Content-Length": "99" },
        "cookies": ["a=1; Secure", "b=2"],
        "body": "<p>",
        "isBase64Encoded": false,
    });
    let response = response(&answer.to_string());
    assert_eq!(seen(&response), (201, "text/html", &b"<p>"[..]));
    assert_eq!(
        (&response.headers["x-number"], &response.headers["x-flag"]),
        (&HeaderValue::from_static("7"), &HeaderValue::from_static("true"))
    );
    assert!(!response.headers.contains_key("x-nothing") && !response.headers.contains_key("content-length"));
    let cookies: Vec<&HeaderValue> = response.headers.get_all(SET_COOKIE).into_iter().collect();
    assert_eq!(cookies, ["a=1; Secure", "b=2"]);
}

#[test]
fn body_is_decoded_left_out_or_written_as_json() {
    let cases = [
        (json!({ "statusCode": 200, "body": "/9j/", "isBase64Encoded": true }), &[0xff, 0xd8, 0xff][..]),
        (json!({ "statusCode": "418", "body": "/9j/" }), b"/9j/"),
        (json!({ "statusCode": 204 }), b""),
        (json!({ "statusCode": 200, "body": { "a": 1 } }), br#"{"a":1}"#),
        (json!({ "statusCode": 200, "body": 5, "isBase64Encoded": true }), b"5"),
    ];
    for (answer, body) in cases {
        let response = response(&answer.to_string());
        assert_eq!(
            (response.status.as_str(), &*response.body),
            (answer["statusCode"].to_string().trim_matches('"'), body)
        );
        assert_eq!(response.headers[CONTENT_TYPE], "application/json");
    }
}

#[test]
fn what_fails_or_cannot_be_sent_is_a_bad_gateway() {
    let failed = [
        Outcome::FunctionError { payload: Bytes::from_static(b"{}") },
        Outcome::TimedOut { request_id: "id".to_owned(), timeout_s: 3 },
    ];
    let wrong = [
        r#"{"statusCode": "abc"}"#,
        r#"{"statusCode": 99}"#,
        r#"{"statusCode": 101}"#,
        r#"{"statusCode": 70000}"#,
        r#"{"statusCode": 200, "headers": {"a b": "c"}}"#,
        r#"{"statusCode": 200, "headers": {"a": "line\nbreak"}}"#,
        r#"{"statusCode": 200, "headers": {"a": ["b"]}}"#,
        r#"{"statusCode": 200, "cookies": [1]}"#,
        r#"{"statusCode": 200, "body": "%", "isBase64Encoded": true}"#,
    ];
    let failed = failed.into_iter().map(|outcome| complete(outcome, ignore).unwrap());
    let responses = failed.chain(wrong.into_iter().map(response));
    for response in responses {
        assert_eq!(seen(&response), (502, "application/json", &b"Internal Server Error"[..]));
    }
}

#[test]
fn operator_is_told_why_an_answer_cannot_be_sent() {
    let cases = [
        (r#"{"statusCode": 99}"#, "statusCode is no number from 200 to 999"),
        (r#"{"statusCode": 200, "headers": {"a": ["b"]}}"#, "a header is a list or an object"),
        (
            r#"{"statusCode": 200, "headers": {"\ud800": "b"}}"#,
            "a header's name has an escape that stands for no character",
        ),
        (r#"{"statusCode": 200, "cookies": [1, 2]}"#, "a cookie is no text"),
        (
            r#"{"statusCode": 200, "body": "%", "isBase64Encoded": true}"#,
            "isBase64Encoded is true and body is no Base64",
        ),
        (r#"{"statusCode": 200, "headers": [1], "cookies": 1}"#, ""),
    ];
    for (answer, reason) in cases {
        assert_eq!(unfit(answer), reason, "{answer}");
    }
}

#[test]
fn answer_with_too_many_headers_and_cookies_cannot_be_sent() {
    let answer = |headers: usize, cookies: usize| {
        let headers = (0..headers).map(|header| format!(r#""x-{header}":"1""#)).collect::<Vec<_>>().join(",");
        let cookies = vec![r#""a=1""#; cookies].join(",");
        format!(r#"{{"statusCode":200,"headers":{{{headers}}},"cookies":[{cookies}]}}"#)
    };
    let reason = "it has more than 1,000 headers and cookies";
    for (headers, cookies) in [(40_000, 0), (0, 40_000), (1_000, 1), (1, 1_000)] {
        assert_eq!(unfit(&answer(headers, cookies)), reason, "{headers} headers, {cookies} cookies");
    }
    // Beside them it has its Content-Type.
    assert_eq!(response(&answer(600, 400)).headers.len(), 1_001);
    let streamed = answer(40_000, 0) + "\0\0\0\0\0\0\0\0<p>";
    let refused = StreamedHead::default().take(streamed.as_bytes(), |told| assert_eq!(told, reason)).unwrap();
    assert_eq!(seen(&refused), (502, "application/json", &b"Internal Server Error"[..]));
}

#[test]
fn pod_that_answers_as_no_runtime_is_told_as_to_callers_of_invoke() {
    let strange = |advice: Option<&str>| {
        let advice = advice.map(str::to_owned);
        let error =
            complete(Outcome::Unexpected { status: 404, excerpt: "no".to_owned(), advice }, ignore).unwrap_err();
        (error.code().status(), error.message().to_owned())
    };
    let said = "the function's Pod answered with HTTP 404: no";
    assert_eq!(strange(None), (500, said.to_owned()));
    assert_eq!(strange(Some("do this")), (424, format!("{said} (do this)")));
}

#[test]
fn streamed_head_ends_at_eight_zeros_wherever_the_pieces_end() {
    let streamed =
        b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/html\"},\"cookies\":[\"a=1\"]}\0\0\0\0\0\0\0\0<p>\0";
    let end = streamed.len() - 4;
    for cut in 0..end {
        let mut head = StreamedHead::default();
        assert_eq!(head.take(&streamed[..cut], ignore), None, "{cut}");
        let response = head.take(&streamed[cut..], ignore).unwrap();
        assert_eq!(seen(&response), (201, "text/html", &b"<p>\0"[..]), "{cut}");
        assert_eq!(response.headers[SET_COOKIE], "a=1");
    }
    let mut head = StreamedHead::default();
    assert_eq!(head.take(&streamed[..end], ignore).unwrap().body, "");
}

#[test]
fn streamed_head_is_searched_once_however_small_its_pieces_are() {
    let mut head = StreamedHead::default();
    for piece in [&b" "[..]; 1_000].into_iter().chain([&b"{"[..]; 1_000]) {
        let (searched, blank) = (head.searched, head.blank);
        assert_eq!(head.take(piece, ignore), None);
        assert!(head.searched + DELIMITER.len() > head.bytes.len(), "what was searched is not searched again");
        assert!(head.searched >= searched && head.blank >= blank);
    }
    assert_eq!(head.blank, 1_000);
}

#[test]
fn streamed_answer_without_a_head_is_all_body() {
    let mut head = StreamedHead::default();
    assert_eq!(
        seen(&head.take(b"text\0\0\0\0\0\0\0\0", ignore).unwrap()),
        (200, "application/octet-stream", &b"text\0\0\0\0\0\0\0\0"[..])
    );
    let mut head = StreamedHead::default();
    assert_eq!(head.take(b"{\"a\": 1}", ignore), None);
    assert_eq!(seen(&head.end()), (200, "application/octet-stream", &b"{\"a\": 1}"[..]));
    let long = vec![b'{'; HEAD_BYTES_MAX + 1];
    assert_eq!(StreamedHead::default().take(&long[1..], ignore), None);
    assert_eq!(StreamedHead::default().take(&long, ignore).unwrap().body.len(), long.len());
    let broken = StreamedHead::default().take(b"{\"statusCode\": 1}\0\0\0\0\0\0\0\0", ignore).unwrap();
    assert_eq!(broken.status, 502);
}
