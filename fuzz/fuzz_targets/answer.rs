//! Any bytes from a Pod: one answer or one fault, however they were cut into pieces on the way.
//!
//! The first two bytes of an input say where the rest is cut.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;

use self::answer_reader::{AnswerReader, NoAnswer};

// The server is a program, of which no other one can be made; this file needs nothing else of it.
#[path = "../../crates/server/src/environments/answer_reader.rs"]
mod answer_reader;

/// What came of an answer: its status, its body, whether it is whole, whether its connection serves on, and what is left.
type Read = Result<(u16, Vec<u8>, bool, bool, Vec<u8>), NoAnswer>;

fuzz_target!(|bytes: &[u8]| {
    let [first, second, bytes @ ..] = bytes else { return };
    let whole = read(&[bytes]);
    let (first, second) = (usize::from(*first), usize::from(*second));
    let first = first.min(bytes.len());
    let second = (first + second).min(bytes.len());
    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
    assert_eq!(read(&pieces), whole, "in three pieces");
    if bytes.len() <= 4096 {
        assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    }
    if let Ok((_, body, ..)) = &whole {
        assert!(body.len() <= bytes.len(), "the body is longer than what came");
    }
});

fn read(pieces: &[&[u8]]) -> Read {
    let (mut reader, mut received, mut body) = (AnswerReader::new(), BytesMut::new(), BytesMut::new());
    for piece in pieces {
        received.extend_from_slice(piece);
        reader.read(&mut received, &mut body)?;
    }
    // Whatever follows a whole answer on its connection is not the reader's business.
    if !reader.is_complete() {
        reader.end()?;
    }
    let (status, complete, keeps) = (reader.status().as_u16(), reader.is_complete(), reader.keeps_connection());
    Ok((status, body.to_vec(), complete, keeps, received.to_vec()))
}
