//! Bodies of requests, piece by piece.

use bytes::Bytes;

use super::head::{Framing, HEAD_BYTES_MAX, owned};

/// A body that is being read.
#[derive(Debug)]
pub(crate) enum Body {
    /// So many bytes are to come.
    Length(u64),
    /// A chunk's size is to come.
    ChunkSize,
    /// So many bytes of a chunk are to come, and the end of its line.
    Chunk(u64),
    /// The end of a chunk's line is to come.
    ChunkEnd,
    /// The fields behind the last chunk are to come.
    Trailers,
    /// Everything has come.
    Done,
}

/// A piece of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Data(Bytes),
    End(Vec<(String, String)>),
}

/// A body that breaks the rules of its framing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

// === impl Body ===

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(bytes) => Self::Length(bytes),
            Framing::Chunked => Self::ChunkSize,
        }
    }

    /// The next piece, taken from the front of the input. `None` waits for more bytes.
    ///
    /// # Errors
    /// The framing is broken.
    pub(crate) fn next(&mut self, input: &mut Vec<u8>) -> Result<Option<Piece>, Malformed> {
        loop {
            match self {
                Self::Done => return Ok(None),
                Self::Length(0) => {
                    *self = Self::Done;
                    return Ok(Some(Piece::End(Vec::new())));
                }
                Self::Length(left) => return Ok(take(input, left).map(Piece::Data)),
                Self::Chunk(0) => *self = Self::ChunkEnd,
                Self::Chunk(left) => return Ok(take(input, left).map(Piece::Data)),
                Self::ChunkSize => match httparse::parse_chunk_size(input).map_err(|_| Malformed)? {
                    httparse::Status::Partial if input.len() > HEAD_BYTES_MAX => return Err(Malformed),
                    httparse::Status::Partial => return Ok(None),
                    httparse::Status::Complete((head, size)) => {
                        input.drain(..head);
                        *self = if size == 0 { Self::Trailers } else { Self::Chunk(size) };
                    }
                },
                Self::ChunkEnd => match input.get(..2) {
                    None => return Ok(None),
                    Some(b"\r\n") => {
                        input.drain(..2);
                        *self = Self::ChunkSize;
                    }
                    Some(_) => return Err(Malformed),
                },
                Self::Trailers => {
                    let Some(trailers) = trailers(input)? else { return Ok(None) };
                    *self = Self::Done;
                    return Ok(Some(Piece::End(trailers)));
                }
            }
        }
    }
}

fn take(input: &mut Vec<u8>, left: &mut u64) -> Option<Bytes> {
    if input.is_empty() {
        return None;
    }
    let bytes = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left -= bytes as u64;
    let rest = input.split_off(bytes);
    Some(std::mem::replace(input, rest).into())
}

fn trailers(input: &mut Vec<u8>) -> Result<Option<Vec<(String, String)>>, Malformed> {
    let mut fields = [httparse::EMPTY_HEADER; 16];
    match httparse::parse_headers(input, &mut fields).map_err(|_| Malformed)? {
        // An error's body comes in a trailer, of up to 6 MiB in base64.
        httparse::Status::Partial if input.len() > 9 * 1024 * 1024 => Err(Malformed),
        httparse::Status::Partial => Ok(None),
        httparse::Status::Complete((bytes, fields)) => {
            let fields = owned(fields);
            input.drain(..bytes);
            Ok(Some(fields))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data, trailers and what is left of the input.
    type Everything = (Vec<u8>, Vec<(String, String)>, Vec<u8>);

    /// Reads the input, cut into pieces of a size.
    fn read(framing: Framing, input: &[u8], piece: usize) -> Result<Everything, Malformed> {
        let mut body = Body::new(framing);
        let (mut data, mut trailers, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        for bytes in input.chunks(piece) {
            buffer.extend_from_slice(bytes);
            while let Some(next) = body.next(&mut buffer)? {
                match next {
                    Piece::Data(bytes) => data.extend_from_slice(&bytes),
                    Piece::End(fields) => trailers = fields,
                }
            }
        }
        assert!(matches!(body, Body::Done));
        Ok((data, trailers, buffer))
    }

    #[test]
    fn body_is_the_same_wherever_the_input_is_cut() {
        let chunked = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\nGET";
        for piece in 1..=chunked.len() {
            let (data, trailers, rest) = read(Framing::Chunked, chunked, piece).unwrap();
            assert_eq!((data.as_slice(), rest.as_slice()), (&b"abcde"[..], &b"GET"[..]), "pieces of {piece}");
            assert_eq!(trailers, [("T".to_owned(), "v".to_owned())]);
            let (data, _, rest) = read(Framing::Length(5), b"abcdeGET", piece).unwrap();
            assert_eq!((data.as_slice(), rest.as_slice()), (&b"abcde"[..], &b"GET"[..]), "pieces of {piece}");
        }
    }

    #[test]
    fn framing_that_is_broken_is_refused() {
        for broken in [&b"x\r\n"[..], b"3\r\nabcd\r\n", b"0\r\n\x00: v\r\n\r\n", b"fffffffffffffffffffff\r\n"] {
            assert_eq!(read(Framing::Chunked, broken, 1).err(), Some(Malformed), "{broken:?}");
        }
    }
}
