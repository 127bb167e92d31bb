//! HTTP as bytes: a client that says what a test says, and a server that answers what a test wants.

use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// The server that fakecloud forwards to.
pub(crate) struct Upstream(TcpListener);

/// One end of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    /// What has come and was not asked for yet.
    unread: Vec<u8>,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// The next connection that fakecloud opens.
    pub(crate) async fn accept(&self) -> Wire {
        Wire { stream: soon(self.0.accept()).await.unwrap().0, unread: Vec::new() }
    }
}

impl Wire {
    /// A connection to a URL's host and port.
    pub(crate) async fn connect(url: &str) -> Self {
        let stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
        Self { stream, unread: Vec::new() }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let mut left = bytes.as_ref();
        while !left.is_empty() {
            soon(self.stream.writable()).await.unwrap();
            match self.stream.try_write(left) {
                Ok(written) => left = &left[written..],
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
            }
        }
    }

    /// Writes for as long as the other end takes it; says whether it took all, which it does not once it has closed.
    pub(crate) async fn try_write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let mut left = bytes.as_ref();
        while !left.is_empty() {
            soon(self.stream.writable()).await.unwrap();
            match self.stream.try_write(left) {
                Ok(written) => left = &left[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_closed) => return false,
            }
        }
        true
    }

    /// Reads until `end`, which must come, and no further.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let find = |unread: &[u8]| unread.windows(end.len()).position(|window| window == end.as_bytes());
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.unread[searched..]) {
                let read = self.unread.drain(..searched + at + end.len()).collect();
                return String::from_utf8(read).unwrap();
            }
            searched = self.unread.len().saturating_sub(end.len());
            assert!(self.read().await.unwrap() > 0, "it ended after: {}", String::from_utf8_lossy(&self.unread));
        }
    }

    /// The first line and the headers.
    pub(crate) async fn read_head(&mut self) -> String {
        self.read_until("\r\n\r\n").await
    }

    /// One answer that says how long its body is.
    pub(crate) async fn read_answer(&mut self) -> String {
        let mut answer = self.read_head().await;
        let length = answer.lines().find_map(|line| line.strip_prefix("content-length: "));
        let bytes: usize = length.expect("the answer says how long it is").parse().unwrap();
        while self.unread.len() < bytes {
            assert!(self.read().await.unwrap() > 0, "it ended after: {}", String::from_utf8_lossy(&self.unread));
        }
        answer.push_str(std::str::from_utf8(&self.unread[..bytes]).unwrap());
        self.unread.drain(..bytes);
        answer
    }

    /// Reads until the other end closes.
    pub(crate) async fn read_to_end(&mut self) -> String {
        while self.read().await.unwrap() > 0 {}
        String::from_utf8(std::mem::take(&mut self.unread)).unwrap()
    }

    /// Waits until the other end has closed or reset the connection.
    pub(crate) async fn closed(&mut self) {
        while self.read().await.is_ok_and(|bytes| bytes > 0) {}
    }

    /// How many bytes came; 0 at the end.
    async fn read(&mut self) -> io::Result<usize> {
        loop {
            soon(self.stream.readable()).await?;
            let mut piece = [0; 64 << 10];
            match self.stream.try_read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(bytes) => {
                    self.unread.extend_from_slice(&piece[..bytes]);
                    return Ok(bytes);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), event).await.expect("it did not happen within 20 s")
}
