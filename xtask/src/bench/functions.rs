//! The functions that are measured, made through the Lambda API as a client would.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::http::Client;
use super::server::Server;
use crate::shell;

/// What an AWS client sends along; fakecloud reads account and region from it.
pub(crate) const HEADERS: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0\r\n\
    Content-Type: application/json\r\n";

/// The account of [`HEADERS`].
pub(crate) const ACCOUNT: &str = "000000000000";

/// The role of every function.
pub(crate) const ROLE: &str = "bench";

/// The event of every invocation, and the answer of every function.
pub(crate) const EVENT: &[u8] = br#"{"bench":1}"#;

const PYTHON: &[u8] = b"def handler(event, context):\n    return event\n";

/// A custom runtime without a library, so that the runtime itself costs next to nothing.
const BOOTSTRAP: &str = include_str!("../../assets/bench/bootstrap.rs");

/// The code of a function, ready to be uploaded.
pub(crate) struct Code {
    runtime: &'static str,
    handler: &'static str,
    zip_base64: String,
}

impl Code {
    /// A Python function that answers its event, in a zip of at least `bytes`.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub(crate) fn python(bytes: u64) -> Result<Self> {
        let zip_base64 = zip("app.py", PYTHON, bytes)?;
        Ok(Self { runtime: "python3.12", handler: "app.handler", zip_base64 })
    }

    /// The same as a static program on `provided.al2023`, in a zip of at least `bytes`.
    ///
    /// # Errors
    /// When rustc cannot compile it.
    pub(crate) fn provided(dir: &Path, bytes: u64) -> Result<Self> {
        let program = compile_bootstrap(dir)?;
        Ok(Self { runtime: "provided.al2023", handler: "bootstrap", zip_base64: zip("bootstrap", &program, bytes)? })
    }
}

/// `CreateFunction`.
///
/// # Errors
/// What fakecloud answers instead of success.
pub(crate) fn create(server: &Server, name: &str, code: &Code) -> Result<()> {
    call(server, "POST", "/2015-03-31/functions", &creation(name, code))
}

/// The body of `CreateFunction`.
pub(crate) fn creation(name: &str, code: &Code) -> Value {
    json!({
        "FunctionName": name,
        "Runtime": code.runtime,
        "Handler": code.handler,
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
        "Timeout": 30,
        "Code": { "ZipFile": code.zip_base64 },
    })
}

/// `UpdateFunctionConfiguration` with an environment of its own, so that the next invocation is a cold start.
///
/// # Errors
/// What fakecloud answers instead of success.
pub(crate) fn make_cold(server: &Server, name: &str, round: usize) -> Result<()> {
    let request = json!({ "Environment": { "Variables": { "ROUND": round.to_string() } } });
    call(server, "PUT", &format!("/2015-03-31/functions/{name}/configuration"), &request)
}

/// `DeleteFunction`.
///
/// # Errors
/// What fakecloud answers instead of success.
pub(crate) fn delete(server: &Server, name: &str) -> Result<()> {
    server.client()?.send("DELETE", &format!("/2015-03-31/functions/{name}"), HEADERS, b"")?.success()?;
    Ok(())
}

/// `Invoke`, or the same request to an emulator of its own when `path` is the emulator's.
///
/// # Errors
/// Any answer but the event that was sent.
pub(crate) fn invoke(client: &mut Client, path: &str) -> Result<()> {
    let answer = client.send("POST", path, HEADERS, EVENT)?.success()?;
    // Python writes JSON with spaces; the content is what counts.
    let same = answer == EVENT || serde_json::from_slice::<Value>(&answer)? == serde_json::from_slice::<Value>(EVENT)?;
    ensure!(same, "{path} answered {:?} instead of the event", String::from_utf8_lossy(&answer));
    Ok(())
}

/// Invokes all functions in the same moment, each on a connection of its own: the time until the last has answered.
///
/// # Errors
/// Any answer but the event.
pub(crate) fn invoke_at_once(server: &Server, functions: &[String]) -> Result<Duration> {
    Ok(answers_at_once(server, functions)?.into_iter().max().unwrap_or_default())
}

/// The same: the time until each has answered.
///
/// # Errors
/// Any answer but the event.
pub(crate) fn answers_at_once(server: &Server, functions: &[String]) -> Result<Vec<Duration>> {
    let clients = functions.iter().map(|_| server.client()).collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    thread::scope(|scope| {
        let invocations: Vec<_> = clients
            .into_iter()
            .zip(functions)
            .map(|(mut client, name)| {
                scope.spawn(move || invoke(&mut client, &invoke_path(name)).map(|()| began.elapsed()))
            })
            .collect();
        invocations.into_iter().map(|it| it.join().expect("a measurement does not panic")).collect()
    })
}

/// Where a function is invoked through fakecloud.
pub(crate) fn invoke_path(name: &str) -> String {
    format!("/2015-03-31/functions/{name}/invocations")
}

/// On a connection of its own: minutes may lie between two calls, and a server may close what idles.
fn call(server: &Server, method: &str, path: &str, request: &Value) -> Result<()> {
    server.client()?.send(method, path, HEADERS, &serde_json::to_vec(request)?)?.success()?;
    Ok(())
}

/// A zip with the program, and random bytes beside it that make it as large as asked for.
fn zip(name: &str, program: &[u8], bytes: u64) -> Result<String> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file(name, stored.unix_permissions(0o755))?;
    zip.write_all(program)?;
    let filler = bytes.saturating_sub(program.len() as u64);
    if filler > 0 {
        zip.start_file("filler", stored.unix_permissions(0o644))?;
        std::io::copy(&mut fs::File::open("/dev/urandom")?.take(filler), &mut zip)?;
    }
    Ok(STANDARD.encode(zip.finish()?.into_inner()))
}

fn compile_bootstrap(dir: &Path) -> Result<Vec<u8>> {
    let (source, program) = (dir.join("bootstrap.rs"), dir.join("bootstrap"));
    fs::write(&source, BOOTSTRAP)?;
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "-Copt-level=3", "-Cstrip=symbols", "-Ctarget-feature=+crt-static", "-o"]);
    shell::run(rustc.arg(&program).arg(&source))?;
    fs::read(&program).with_context(|| format!("cannot read {}", program.display()))
}
