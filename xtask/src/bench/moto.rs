//! moto's server: another emulator that creates functions, and so something to stand beside.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use super::functions::{ACCOUNT, ROLE};
use super::peer::{self, Peer};
use crate::moto;

/// What an AWS client sends along with a call of IAM.
const IAM_HEADERS: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n";

/// Installs moto unless it is there, starts it and makes the functions' role, without which it refuses them.
///
/// # Errors
/// When it cannot be installed, and those of [`Peer::start`].
pub(crate) fn start(log: &Path) -> Result<Peer> {
    let packages = moto::ensure()?;
    let address = peer::free_address()?;
    let mut command = Command::new("python3");
    command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &address.port().to_string()]);
    // One account, so that both get the same requests; moto's own is another.
    command.env("PYTHONPATH", packages).env("MOTO_ACCOUNT_ID", ACCOUNT);
    let moto = Peer::start("moto", &mut command, address, log)?;
    create_role(&moto)?;
    Ok(moto)
}

fn create_role(moto: &Peer) -> Result<()> {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    let call = format!("Action=CreateRole&Version=2010-05-08&RoleName={ROLE}&AssumeRolePolicyDocument=");
    moto.client()?.send("POST", "/", IAM_HEADERS, (call + &percent_encoded(&trust)).as_bytes())?.success()?;
    Ok(())
}

fn percent_encoded(document: &Value) -> String {
    document.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}
