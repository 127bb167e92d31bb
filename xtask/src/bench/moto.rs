//! moto's server as a process of this host: another emulator that creates functions, and so something to stand beside.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::functions::{ACCOUNT, ROLE};
use super::http::Client;
use crate::moto;

/// Python imports for seconds, more so on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// What an AWS client sends along with a call of IAM.
const IAM_HEADERS: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n";

/// A running moto, ended when dropped.
pub(crate) struct Moto {
    process: Child,
    address: SocketAddr,
}

impl Moto {
    /// Installs moto unless it is there, starts it and makes the functions' role, without which it refuses them.
    ///
    /// # Errors
    /// When it cannot be installed, ends, with its log, or does not serve within 60 s.
    pub(crate) fn start(log: &Path) -> Result<Self> {
        let packages = moto::ensure()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let output = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let process = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("PYTHONPATH", packages)
            // One account, so that both get the same requests; moto's own is another.
            .env("MOTO_ACCOUNT_ID", ACCOUNT)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start python3")?;
        let mut moto = Self { process, address: (Ipv4Addr::LOCALHOST, port).into() };
        moto.await_ready(log)?;
        moto.create_role()?;
        Ok(moto)
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::connect(self.address)
    }

    fn await_ready(&mut self, log: &Path) -> Result<()> {
        let began = Instant::now();
        while self.client().is_err() {
            let ended = self.process.try_wait()?;
            if ended.is_some() || began.elapsed() > START_TIMEOUT {
                let said = fs::read_to_string(log).unwrap_or_default();
                let how = ended.map_or_else(|| "does not serve".to_owned(), |status| format!("ended: {status}"));
                bail!("moto {how}; its log:\n{said}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn create_role(&self) -> Result<()> {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "lambda.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        });
        let call = format!("Action=CreateRole&Version=2010-05-08&RoleName={ROLE}&AssumeRolePolicyDocument=");
        self.client()?.send("POST", "/", IAM_HEADERS, (call + &percent_encoded(&trust)).as_bytes())?.success()?;
        Ok(())
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn percent_encoded(document: &Value) -> String {
    document.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}
