//! The last words to a client whose request did not become whole: as bytes, for no request was read.

use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::activity::{HEAD_BYTES_MAX, HeadRefused, SHORT_HEAD_BYTES};
use crate::tls::stream::Stream;

/// The time in which a client reads the answer. A later one hears of a closed connection.
const PARTING_MAX: Duration = Duration::from_secs(5);

/// The bytes of a request that are read and thrown away: a client that is still sending would not see the answer otherwise.
const DISCARDED_BYTES_MAX: u64 = 4 << 20;

/// Why a request did not become whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    HeadRefused(HeadRefused),
    HeadTooSlow(Duration),
}

/// Answers, and ends the connection when the client has had time to read it.
pub(super) async fn part(mut stream: Stream, why: Parting) {
    // A client that does not listen is not to be helped.
    drop(timeout(PARTING_MAX, say(&mut stream, why)).await);
}

async fn say(stream: &mut Stream, why: Parting) -> io::Result<()> {
    stream.write_all(why.answer().as_bytes()).await?;
    stream.shutdown().await?;
    stream.discard(DISCARDED_BYTES_MAX).await
}

impl Parting {
    /// An answer that clients of AWS read: the service is not known, and most read JSON.
    fn answer(self) -> String {
        let (status, code, message) = match self {
            Self::HeadRefused(HeadRefused::TooLong) => (
                "431 Request Header Fields Too Large",
                "RequestHeaderFieldsTooLarge",
                format!(
                    "the request line and the headers have more than {HEAD_BYTES_MAX} bytes: send fewer or shorter headers"
                ),
            ),
            Self::HeadRefused(HeadRefused::NoRoom) => (
                "503 Service Unavailable",
                "ServiceUnavailable",
                format!(
                    "other requests have the memory for headers of more than {SHORT_HEAD_BYTES} bytes: send it again, or \
                     with shorter headers"
                ),
            ),
            Self::HeadTooSlow(limit) => (
                "408 Request Timeout",
                "RequestTimeout",
                format!("the headers were not complete within {limit:?} (FAKECLOUD_HEAD_TIMEOUT): send them faster"),
            ),
        };
        let body = json!({ "__type": code, "message": message }).to_string();
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-amzn-errortype: {code}\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    }
}
