//! A stand-in for fakecloud, and the supervisor that dials it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything takes that goes well, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A runtime that needs nothing but Python. Its events say what it does.
const RUNTIME: &str = include_str!("runtime.py");

/// A running supervisor and fakecloud's end of its connection.
pub(crate) struct Environment {
    pub(crate) supervisor: Child,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) folder: TempDir,
    listener: TcpListener,
    control: BufReader<TcpStream>,
    /// The head of the request that asked for the connection.
    pub(crate) asked: Head,
    pub(crate) api: String,
}

/// The first line and the fields of a message, names in small letters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) line: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// An answer of the supervisor.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Head,
}

// === impl Environment: making ===

impl Environment {
    /// Starts the runtime of these tests.
    pub(crate) fn start() -> Self {
        Self::with(json!({}), |_| {})
    }

    /// Starts with members of the assignment that differ, in a folder that `prepare` has filled.
    pub(crate) fn with(differs: Value, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("runtime.py"), RUNTIME).unwrap();
        std::fs::create_dir(folder.path().join("extensions")).unwrap();
        prepare(folder.path());
        let api = format!("127.0.0.1:{}", free_port());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut supervisor = Command::new(env!("CARGO_BIN_EXE_fakecloud-supervisor"))
            .env("FAKECLOUD_URL", url)
            .env("FAKECLOUD_TOKEN", "t0ken")
            .env("FAKECLOUD_RUNTIME_API", &api)
            .env("FAKECLOUD_LAMBDA_ORPHAN_TTL", "2")
            .env("NO_TEXT", OsStr::from_bytes(b"\xff"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(supervisor.stdout.take().unwrap());
        let mut assignment = assignment(folder.path());
        assignment.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
        let (mut first, head) = accept(&listener);
        assert_eq!(head.line, "GET /_fakecloud/lambda/environment HTTP/1.1");
        assert_eq!(head.field("authorization"), Some("Bearer t0ken"));
        let body = assignment.to_string();
        write!(first.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        drop(first);
        let (control, asked) = connected(&listener);
        Self { supervisor, stdout, folder, listener, control, asked, api }
    }

    /// Awaits the next connection, after one that broke.
    pub(crate) fn reconnected(&mut self) {
        (self.control, self.asked) = connected(&self.listener);
    }

    /// Takes the next batch of the log.
    pub(crate) fn batch(&self) -> Value {
        let (mut stream, head) = accept(&self.listener);
        assert_eq!(head.line, "POST /_fakecloud/lambda/environment/logs HTTP/1.1");
        let mut body = vec![0; head.field("content-length").unwrap().parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) fn break_connection(&self) {
        self.control.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    }

    /// Nobody answers the supervisor any more.
    pub(crate) fn stop_listening(&mut self) {
        self.listener = TcpListener::bind("127.0.0.1:0").unwrap();
    }
}

// === impl Environment: invocations ===

impl Environment {
    pub(crate) fn invoke(&mut self, id: &str, event: &Value) -> Answer {
        self.invoke_with(id, &[], event.to_string().as_bytes())
    }

    pub(crate) fn invoke_with(&mut self, id: &str, fields: &[(&str, &str)], event: &[u8]) -> Answer {
        self.send(id, fields, event);
        self.answer()
    }

    pub(crate) fn send(&mut self, id: &str, fields: &[(&str, &str)], event: &[u8]) {
        let mut head = format!(
            "POST /invocation HTTP/1.1\r\nX-Amzn-RequestId: {id}\r\nFakecloud-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\nContent-Length: {}\r\n",
            event.len()
        );
        fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str("\r\n");
        self.control.get_mut().write_all(&[head.as_bytes(), event].concat()).unwrap();
    }

    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        let status = head.line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = Vec::new();
        let mut trailers = Head::default();
        if let Some(length) = head.field("content-length") {
            body.resize(length.parse().unwrap(), 0);
            self.control.read_exact(&mut body).unwrap();
        } else {
            while let Some(chunk) = self.chunk() {
                body.extend(chunk);
            }
            trailers = read_fields(&mut self.control, String::new());
        }
        Answer { status, head, body, trailers }
    }

    pub(crate) fn head(&mut self) -> Head {
        read_head(&mut self.control)
    }

    /// The next chunk of an answer.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        let bytes = usize::from_str_radix(line.trim(), 16).unwrap();
        if bytes == 0 {
            return None;
        }
        let mut chunk = vec![0; bytes + 2];
        self.control.read_exact(&mut chunk).unwrap();
        chunk.truncate(bytes);
        Some(chunk)
    }

    /// The next line of the log.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    /// The lines of the log up to the one that begins so, which is the last.
    pub(crate) fn lines_to(&mut self, start: &str) -> Vec<String> {
        let mut lines = vec![self.line()];
        while lines.last().is_some_and(|it| !it.starts_with(start)) {
            let line = self.line();
            assert!(!line.is_empty(), "no {start} in {lines:?}");
            lines.push(line);
        }
        lines
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
    }
}

// === impl Head, impl Answer ===

impl Head {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn error_type(&self) -> Option<&str> {
        assert_eq!(
            self.head.field("x-amz-function-error").is_some(),
            self.head.field("fakecloud-error-type").is_some()
        );
        self.head.field("fakecloud-error-type")
    }
}

/// What runs `runtime.py` of a folder as a function with 128 MB and 3 s.
fn assignment(folder: &Path) -> Value {
    json!({
        "functionName": "f", "version": "$LATEST", "accountId": "123456789012", "region": "eu-west-1",
        "handler": "app.handler", "memoryMb": 128, "timeoutMs": 3_000, "initialization": "on-demand",
        "logFormat": "Text", "logGroup": "/aws/lambda/f",
        "accessKeyId": "AKID", "secretAccessKey": "secret", "sessionToken": "token",
        "command": [python(), folder.join("runtime.py")],
        "workingDirectory": folder, "extensionsDirectory": folder.join("extensions"),
    })
}

/// The path of Python: a command is not looked for in `PATH`.
pub(crate) fn python() -> String {
    let said = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn accept(listener: &TcpListener) -> (BufReader<TcpStream>, Head) {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = BufReader::new(stream);
    let head = read_head(&mut stream);
    (stream, head)
}

fn connected(listener: &TcpListener) -> (BufReader<TcpStream>, Head) {
    let (mut control, asked) = accept(listener);
    assert_eq!(asked.line, "GET /_fakecloud/lambda/environment/connection HTTP/1.1");
    assert_eq!(asked.field("upgrade"), Some("fakecloud-environment"));
    assert_eq!(asked.field("authorization"), Some("Bearer t0ken"));
    let upgraded = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: fakecloud-environment\r\n\r\n";
    control.get_mut().write_all(upgraded.as_bytes()).unwrap();
    (control, asked)
}

fn read_head(stream: &mut BufReader<TcpStream>) -> Head {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    read_fields(stream, line.trim_end().to_owned())
}

fn read_fields(stream: &mut BufReader<TcpStream>, line: String) -> Head {
    let mut fields = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) => fields.push((name.to_lowercase(), value.to_owned())),
            None => break,
        }
    }
    Head { line, fields }
}
