//! The event-stream encoding (`application/vnd.amazon.eventstream`) of a streamed answer: each event is a message of its
//! own, with checksums, so that a client can tell the end of an invocation from the end of a connection.
//!
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use bytes::{BufMut, Bytes, BytesMut};

/// Total length, length of the headers, and their checksum.
const PRELUDE_BYTES: usize = 12;

/// The checksum of a whole message.
const CHECKSUM_BYTES: usize = 4;

/// The type of a header whose value is a text.
const TEXT: u8 = 7;

/// A piece of what the function answers.
pub(crate) fn payload_chunk(payload: &[u8]) -> Bytes {
    event("PayloadChunk", "application/octet-stream", payload)
}

/// The end of the invocation, as JSON.
pub(crate) fn invoke_complete(json: &[u8]) -> Bytes {
    event("InvokeComplete", "application/json", json)
}

fn event(kind: &str, content_type: &str, payload: &[u8]) -> Bytes {
    let headers = [(":event-type", kind), (":content-type", content_type), (":message-type", "event")];
    let headers_bytes: usize = headers.iter().map(|(name, value)| 1 + name.len() + 1 + 2 + value.len()).sum();
    let total = PRELUDE_BYTES + headers_bytes + payload.len() + CHECKSUM_BYTES;
    let mut message = BytesMut::with_capacity(total);
    message.put_u32(u32::try_from(total).expect("an answer's pieces are far below 4 GB"));
    message.put_u32(u32::try_from(headers_bytes).expect("three short headers"));
    let checksum = crc32fast::hash(&message);
    message.put_u32(checksum);
    for (name, value) in headers {
        message.put_u8(u8::try_from(name.len()).expect("names are short"));
        message.put_slice(name.as_bytes());
        message.put_u8(TEXT);
        message.put_u16(u16::try_from(value.len()).expect("values are short"));
        message.put_slice(value.as_bytes());
    }
    message.put_slice(payload);
    let checksum = crc32fast::hash(&message);
    message.put_u32(checksum);
    message.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encoded by Python with `struct` and `zlib.crc32`.
    const HI: &str = "0000006c0000005ab25efdcf0b3a6576656e742d7479706507000c5061796c6f61644368756e6b0d3a636f6e74656e742d\
                      747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d74797065070005\
                      6576656e7468691162e469";

    #[test]
    fn piece_is_encoded_as_by_another_implementation() {
        let hex: String = payload_chunk(b"hi").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, HI);
    }

    #[test]
    fn message_without_payload_ends_after_its_headers() {
        let message = invoke_complete(b"");
        let headers = u32::from_be_bytes(message[4..8].try_into().unwrap()) as usize;
        assert_eq!(message.len(), PRELUDE_BYTES + headers + CHECKSUM_BYTES);
        assert_eq!(message[..4], u32::try_from(message.len()).unwrap().to_be_bytes());
    }
}
