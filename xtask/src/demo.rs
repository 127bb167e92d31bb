//! `cargo xtask demo`: from nothing to a Lambda function that answers from a Pod of its own.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::clients::{self, Clients};
use crate::cluster::{self, Cluster, Provider};
use crate::deploy::{self, NAME, NAMESPACE, PORT};
use crate::{images, shell};

const FUNCTION: &str = "hello";

const SOURCE: &str = r#"import socket

def handler(event, context):
    return f"Hello, {event['name']}! This is Pod {socket.gethostname()}."
"#;

const FORWARD_WAIT_MAX: Duration = Duration::from_secs(15);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kind of cluster to show it on [default: what this machine has]
    #[arg(long, value_enum)]
    provider: Option<Provider>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { provider } = args;
    let cluster = cluster::ensure_up(provider)?;
    images::ensure_loaded(&cluster)?;
    deploy::deploy(&cluster)?;
    let clients = clients::ensure()?;
    let service = Service::reach(&cluster)?;

    let dir = tempfile::tempdir()?;
    show_function(&clients, &service.url, dir.path())?;
    show_pods(&cluster)?;
    explain(&cluster, &clients, &service.url);
    Ok(())
}

/// Creates a function and invokes it twice, each step as a user would type it.
fn show_function(clients: &Clients, url: &str, dir: &Path) -> Result<()> {
    shell::step(&format!("a function in Python, created and invoked by the AWS CLI through the Service at {url}"));
    std::fs::write(dir.join("hello.py"), SOURCE)?;
    eprintln!("\n$ cat hello.py\n{SOURCE}");
    type_in(Command::new("python3").current_dir(dir), "python3", &["-m", "zipfile", "-c", "hello.zip", "hello.py"])?;
    // An earlier demo may have left its function; where there is none, that is as well.
    let _ = shell::output(clients.aws(url).args(["lambda", "delete-function", "--function-name", FUNCTION]));

    let aws = |args: &[&str]| type_in(clients.aws(url).current_dir(dir), "aws", args);
    aws(&[
        &["lambda", "create-function", "--function-name", FUNCTION, "--runtime", "python3.12"],
        &["--handler", "hello.handler", "--role", "arn:aws:iam::000000000000:role/any"][..],
        &["--zip-file", "fileb://hello.zip", "--query", "FunctionArn"],
    ]
    .concat())?;
    aws(&["lambda", "wait", "function-active-v2", "--function-name", FUNCTION])?;
    for name in ["cold start", "warm Pod"] {
        let event = serde_json::json!({"name": name}).to_string();
        let query = ["--query", "StatusCode", "answer.json"];
        aws(&[&["lambda", "invoke", "--function-name", FUNCTION, "--payload", &event], &query[..]].concat())?;
        type_in(Command::new("cat").current_dir(dir), "cat", &["answer.json"])?;
        eprintln!();
    }
    Ok(())
}

fn show_pods(cluster: &Cluster) -> Result<()> {
    shell::step("the Pod that the function runs in");
    type_in(
        &mut cluster.kubectl(),
        "kubectl",
        &["--namespace", NAMESPACE, "get", "pods", "-l", "fakecloud-managed-by=fakecloud"],
    )
}

/// Says how to go on from here.
fn explain(cluster: &Cluster, clients: &Clients, url: &str) {
    let kubeconfig = cluster.kubeconfig.display();
    let aws = clients.dir.join("python");
    let aws = format!("PYTHONPATH={0} python3 {0}/bin/aws", aws.display());
    let forward = match cluster.provider {
        Provider::Native => String::new(),
        Provider::Kind => format!("\n    kubectl --namespace {NAMESPACE} port-forward service/{NAME} {PORT} &"),
    };
    shell::step("it works; go on with it from any shell:");
    eprintln!(
        "    export KUBECONFIG={kubeconfig}{forward}\n\
         \x20   export AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1\n\
         \x20   alias aws='{aws}'     # unless you have your own\n\
         \x20   aws lambda list-functions\n\
         and end it with:\n\
         \x20   cargo xtask cluster down"
    );
}

/// Shows a command as a user would type it, and runs it.
fn type_in(command: &mut Command, program: &str, args: &[&str]) -> Result<()> {
    let quoted: Vec<_> = args.iter().map(|arg| quote(arg)).collect();
    eprintln!("$ {program} {}", quoted.join(" "));
    shell::run(command.args(args))
}

/// A word as a shell reads it back.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The way to fakecloud's Service from this host, open as long as this lives.
struct Service {
    url: String,
    forward: Option<Child>,
}

// === impl Service ===

impl Service {
    /// A native cluster's Services are this host's as well; kind's need a forwarded port.
    fn reach(cluster: &Cluster) -> Result<Self> {
        if cluster.provider == Provider::Native {
            return Ok(Self { url: format!("http://{}:{PORT}", deploy::cluster_ip(cluster)?), forward: None });
        }
        let forward = ["--namespace", NAMESPACE, "port-forward", &format!("service/{NAME}"), &PORT.to_string()];
        let forward = cluster.kubectl().args(forward).stdout(Stdio::null()).spawn().context("cannot start kubectl")?;
        let service = Self { url: format!("http://127.0.0.1:{PORT}"), forward: Some(forward) };
        let deadline = Instant::now() + FORWARD_WAIT_MAX;
        while TcpStream::connect(("127.0.0.1", PORT)).is_err() {
            if Instant::now() > deadline {
                bail!("kubectl port-forward opened no port {PORT} in {} s", FORWARD_WAIT_MAX.as_secs());
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(forward) = &mut self.forward {
            // It may have ended by itself, which is all that could go wrong here.
            let _ = forward.kill().and_then(|()| forward.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_expand_them() {
        assert_eq!(quote("--zip-file"), "--zip-file");
        assert_eq!(quote(r#"{"name":"you"}"#), r#"'{"name":"you"}'"#);
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}
