//! A blocking HTTP/1.1 client of a few system calls a request, so that what is measured is the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Bodies above this many bytes are not copied behind the headers to be sent in one write with them.
const COPIED_MAX: usize = 64 << 10;

/// Longer than any cold start; an answer that takes longer is an error.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// One connection, kept alive for all its requests; a server that closes it after an answer gets another one.
pub(crate) struct Client {
    address: SocketAddr,
    closed: bool,
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    request: Vec<u8>,
    line: String,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where to go on, of the server that was asked, where it says so.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What the headers of an answer say.
struct Headers {
    length: Length,
    location: Option<String>,
    closes: bool,
}

/// How long the body of an answer is.
enum Length {
    Bytes(usize),
    Chunked,
}

impl Client {
    /// Connects to `address`.
    ///
    /// # Errors
    /// When nothing listens there.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let reader = BufReader::with_capacity(64 << 10, stream.try_clone()?);
        Ok(Self { address, closed: false, stream, reader, request: Vec::new(), line: String::new() })
    }

    /// Sends one request in one write and reads the whole answer. `headers` are lines that end with `\r\n`.
    ///
    /// # Errors
    /// A connection that breaks, 90 s without a byte, or an answer that is not HTTP/1.1.
    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        self.exchange(method, path, headers, body).with_context(|| format!("{method} http://{}{path}", self.address))
    }

    /// Reads what is at `path` and keeps nothing of it; gives its length in bytes.
    ///
    /// # Errors
    /// As above, and any answer but 200 with its length.
    pub(crate) fn discard(&mut self, path: &str) -> Result<usize> {
        let address = self.address;
        self.discard_body(path).with_context(|| format!("GET http://{address}{path}"))
    }

    fn discard_body(&mut self, path: &str) -> Result<usize> {
        let (status, headers) = self.ask("GET", path, "", b"")?;
        let Length::Bytes(length) = headers.length else { bail!("the answer does not tell its length") };
        let mut left = length;
        while left > 0 {
            let read = self.reader.fill_buf()?.len().min(left);
            ensure!(read > 0, "the connection was closed before the answer was complete");
            self.reader.consume(read);
            left -= read;
        }
        ensure!(status == 200, "status {status}");
        Ok(length)
    }

    fn exchange(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let (status, headers) = self.ask(method, path, headers, body)?;
        let body = match headers.length {
            Length::Bytes(length) => self.read_bytes(length)?,
            Length::Chunked => self.read_chunks()?,
        };
        Ok(Answer { status, location: headers.location, body })
    }

    /// Sends a request, and reads the answer as far as its body.
    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<(u16, Headers)> {
        if self.closed {
            *self = Self::connect(self.address)?;
        }
        self.request.clear();
        let (host, length) = (self.address, body.len());
        write!(self.request, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n")?;
        let (copied, rest) = if length <= COPIED_MAX { (body, &[][..]) } else { (&[][..], body) };
        self.request.extend_from_slice(copied);
        self.stream.write_all(&self.request)?;
        self.stream.write_all(rest)?;
        let status = self.read_line()?.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.context("the answer has no HTTP status")?;
        let headers = self.read_headers()?;
        self.closed = headers.closes;
        Ok((status, headers))
    }

    fn read_headers(&mut self) -> Result<Headers> {
        let mut headers = Headers { length: Length::Bytes(0), location: None, closes: false };
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(':') else { return Ok(headers) };
            if name.eq_ignore_ascii_case("content-length") {
                headers.length = Length::Bytes(value.trim().parse().context("bad Content-Length")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                headers.length = Length::Chunked;
            } else if name.eq_ignore_ascii_case("location") {
                headers.location = Some(path_of(value.trim()).to_owned());
            } else if name.eq_ignore_ascii_case("connection") {
                headers.closes = value.trim().eq_ignore_ascii_case("close");
            }
        }
    }

    fn read_chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.read_line()?, 16).context("bad length of a chunk")?;
            body.extend(self.read_bytes(length)?);
            self.read_line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn read_bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// One line without its end.
    fn read_line(&mut self) -> Result<&str> {
        self.line.clear();
        if self.reader.read_line(&mut self.line)? == 0 {
            bail!("the connection was closed before the answer was complete");
        }
        Ok(self.line.trim_end())
    }
}

/// The path with the query of a URL, which may be a path already.
fn path_of(url: &str) -> &str {
    let Some((_, after)) = url.split_once("://") else { return url };
    after.find('/').map_or("/", |path| &after[path..])
}

// === impl Answer ===

impl Answer {
    /// The body of an answer of success.
    ///
    /// # Errors
    /// Any other status, with what the server said.
    pub(crate) fn success(self) -> Result<Vec<u8>> {
        if !(200..300).contains(&self.status) {
            bail!("status {}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self.body)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn both_framings_are_read_on_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let answers = [
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n",
                "HTTP/1.1 202 Accepted\r\nLocation: http://localhost/up?a=b\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbye",
                "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\n\r\nbusy",
            ];
            for answer in answers {
                assert_ne!(stream.read(&mut request).unwrap(), 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let mut client = Client::connect(address).unwrap();
        assert_eq!(client.send("GET", "/", "", b"").unwrap().success().unwrap(), b"hello");
        assert_eq!(client.send("POST", "/", "X: y\r\n", b"{}").unwrap().success().unwrap(), b"abc0123456789abcdef");
        let led = client.send("POST", "/", "", b"").unwrap();
        assert_eq!(led.location.as_deref(), Some("/up?a=b"));
        assert_eq!(client.discard("/large").unwrap(), 3);
        let refused = client.send("POST", "/", "", b"").unwrap().success().unwrap_err().to_string();
        assert_eq!(refused, "status 429: busy");
        server.join().unwrap();
        let cut = client.send("GET", "/late", "", b"").unwrap_err().to_string();
        assert!(cut.contains("/late"), "{cut}");
    }

    #[test]
    fn server_that_closes_after_each_answer_is_connected_to_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            for body in ["a", "b"] {
                let (mut stream, _) = listener.accept().unwrap();
                assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{body}").unwrap();
            }
        });
        let mut client = Client::connect(address).unwrap();
        assert_eq!(client.send("GET", "/", "", b"").unwrap().success().unwrap(), b"a");
        assert_eq!(client.send("GET", "/", "", b"").unwrap().success().unwrap(), b"b");
        server.join().unwrap();
    }
}
