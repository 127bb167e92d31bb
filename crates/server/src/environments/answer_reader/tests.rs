//! Answers as servers send them, cut into pieces of every size.

use super::*;

/// The status and the body of an answer that comes in pieces of so many bytes, what is left of these, and whether the
/// connection may be used again.
fn read(answer: &[u8], piece_bytes: usize) -> Result<(u16, String, Vec<u8>, bool), NoAnswer> {
    let (mut reader, mut received, mut body) = (AnswerReader::new(), BytesMut::new(), BytesMut::new());
    let mut pieces = answer.chunks(piece_bytes);
    while !reader.is_complete() {
        match pieces.next() {
            Some(piece) => received.extend_from_slice(piece),
            None => reader.end()?,
        }
        reader.read(&mut received, &mut body)?;
    }
    received.extend(pieces.flatten());
    let body = String::from_utf8(body.to_vec()).unwrap();
    Ok((reader.status().as_u16(), body, received.to_vec(), reader.keeps_connection()))
}

/// The same, however the pieces are cut.
fn read_any(answer: &str) -> Result<(u16, String, Vec<u8>, bool), NoAnswer> {
    let whole = read(answer.as_bytes(), answer.len().max(1));
    for piece_bytes in 1..answer.len() {
        assert_eq!(read(answer.as_bytes(), piece_bytes), whole, "in pieces of {piece_bytes} bytes");
    }
    whole
}

fn answered(
    status: u16,
    body: &str,
    rest: &str,
    keeps_connection: bool,
) -> Result<(u16, String, Vec<u8>, bool), NoAnswer> {
    Ok((status, body.to_owned(), rest.as_bytes().to_vec(), keeps_connection))
}

#[test]
fn body_has_its_length() {
    let answer = "HTTP/1.1 200 OK\r\nDate: now\r\ncontent-length: 4\r\n\r\nnullHTTP/1.1";
    assert_eq!(read_any(answer), answered(200, "null", "HTTP/1.1", true));
    assert_eq!(read_any("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), answered(502, "", "", true));
    assert_eq!(read_any("HTTP/1.1 204 No Content\r\n\r\n"), answered(204, "", "", true));
}

#[test]
fn body_comes_in_chunks() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;a=b\r\none\r\nC\r\n two\r\nthree \r\n0\r\nX: y\r\n\r\n.";
    assert_eq!(read_any(answer), answered(200, "one two\r\nthree ", ".", true));
}

#[test]
fn body_without_a_length_ends_with_its_connection() {
    assert_eq!(read_any("HTTP/1.0 200 OK\r\n\r\nall of it"), answered(200, "all of it", "", false));
    assert_eq!(read_any("HTTP/1.1 200 OK\r\nConnection: a, Close\r\n\r\n"), answered(200, "", "", false));
    assert_eq!(read_any("HTTP/1.1 200 OK\r\n\r\n"), answered(200, "", "", false));
    let encoded = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n1";
    assert_eq!(read_any(encoded), answered(200, "1", "", false));
}

#[test]
fn older_servers_may_keep_the_connection() {
    let answer = "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n1";
    assert_eq!(read_any(answer), answered(200, "1", "", true));
    assert_eq!(read_any("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1"), answered(200, "1", "", false));
}

#[test]
fn informational_answers_come_before_the_answer() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
    assert_eq!(read_any(answer), answered(200, "1", "", true));
}

#[test]
fn connection_that_ends_too_early_leaves_no_answer() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n";
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none";
    for answer in [chunked, sized] {
        for end in 0..answer.len() {
            assert_eq!(read_any(&answer[..end]), Err(NoAnswer::Incomplete), "{:?}", &answer[..end]);
        }
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let too_long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(HEAD_BYTES_MAX));
    for answer in [
        "220 mail.example.com ESMTP\r\n",
        "HTTP/1.1 0 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n1",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\none",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\none two\r\n\r\n",
        &too_long,
    ] {
        let read = read(answer.as_bytes(), 1 << 10);
        assert!(matches!(read, Err(NoAnswer::Malformed(_))), "{read:?}: {:?}", &answer[..answer.len().min(80)]);
    }
}
