//! AWS's own clients, run as users run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use super::settings::{oras, settings};
use super::{Function, Lambda, Namespace};

/// The clients, where `cargo xtask k8s-test` put them.
pub(crate) struct Clients<'ns> {
    dir: &'static Path,
    namespace: &'ns Namespace,
}

/// What a client is to create and invoke.
pub(crate) struct Order<'a> {
    pub(crate) lambda: &'a Lambda,
    pub(crate) name: &'a str,
    pub(crate) function: &'a Function,
}

/// What a client made of the answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) arn: String,
    pub(crate) cold: Call,
    pub(crate) warm: Call,
    /// The names that ListFunctions gave.
    pub(crate) listed: Vec<String>,
    /// The error's name when a function that does not exist is looked up.
    pub(crate) missing: String,
}

/// An invocation.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) status: u16,
    pub(crate) version: String,
    pub(crate) error: Option<String>,
    pub(crate) payload: Value,
}

// === impl Clients ===

impl<'ns> Clients<'ns> {
    pub(crate) fn new(namespace: &'ns Namespace) -> Self {
        Self { dir: &settings().clients, namespace }
    }

    pub(crate) fn boto3(&self, order: &Order<'_>) -> Report {
        let archive = self.archive(order);
        let mut python = self.python();
        python.arg(script("boto3_client.py")).args([&order.lambda.endpoint, order.name]);
        python.args([order.function.runtime, order.function.handler]).arg(archive);
        parse(&run(&mut python))
    }

    /// Runs a script of Node.js, which gets the SDK's directory before these arguments, and returns what it printed.
    pub(crate) fn javascript_program(&self, program: &str, args: &[&str]) -> String {
        let mut node = with_credentials(Command::new(self.dir.join("node/bin/node")));
        node.arg(script(program)).arg(self.dir.join("node_modules")).args(args);
        run(&mut node)
    }

    /// Runs a script of shell commands, which gets the AWS CLI before these arguments, and returns what it printed.
    pub(crate) fn aws_cli_script(&self, program: &str, lambda: &Lambda, args: &[&str]) -> String {
        let mut bash = with_credentials(Command::new("bash"));
        bash.arg(script(program)).arg(self.dir.join("python/bin/aws")).args(args);
        bash.env("PYTHONPATH", self.dir.join("python")).env("AWS_ENDPOINT_URL", &lambda.endpoint);
        run(&mut bash)
    }

    /// Runs a Python program that uses boto3 and ends with 0 when all is as it should be, and returns what it printed.
    pub(crate) fn python_program(&self, program: &str, args: &[&str]) -> String {
        let mut python = self.python();
        python.arg(script(program)).args(args);
        run(&mut python)
    }

    pub(crate) fn javascript(&self, order: &Order<'_>) -> Report {
        let archive = self.archive(order);
        let mut node = with_credentials(Command::new(self.dir.join("node/bin/node")));
        node.arg(script("javascript_client.mjs")).arg(self.dir.join("node_modules"));
        node.args([&order.lambda.endpoint, order.name, order.function.runtime, order.function.handler]).arg(archive);
        parse(&run(&mut node))
    }

    /// The AWS CLI, one command after another as the scripts for the other clients do.
    pub(crate) fn aws_cli(&self, order: &Order<'_>) -> Report {
        let Order { lambda, name, function } = order;
        let aws = |args: &[&str]| self.aws(lambda, args);
        let archive = format!("fileb://{}", self.archive(order).display());
        let role = "arn:aws:iam::000000000000:role/any";
        let created = aws(&[
            &["create-function", "--function-name", name, "--runtime", function.runtime, "--handler", function.handler],
            &["--role", role, "--zip-file", &archive, "--timeout", "30"][..],
        ]
        .concat());
        run(&mut self.aws_command(lambda, &["wait", "function-active-v2", "--function-name", name]));
        let cold = self.aws_invoke(order, "cold");
        let warm = self.aws_invoke(order, "warm");
        let listed = aws(&["list-functions", "--query", "Functions[].FunctionName"]);
        let missing = self.aws_missing(order);
        run(&mut self.aws_command(lambda, &["delete-function", "--function-name", name]));
        let arn = &created["FunctionArn"];
        from_json(json!({"arn": arn, "cold": cold, "warm": warm, "listed": listed, "missing": missing}))
    }

    fn aws_invoke(&self, order: &Order<'_>, call: &str) -> Value {
        let file = self.namespace.dir().join(format!("{}-{call}.json", order.name));
        let file = file.to_str().expect("the namespace's directory is UTF-8");
        let event = json!({"call": call}).to_string();
        let args = ["invoke", "--function-name", order.name, "--payload", &event, file];
        let answer = self.aws(order.lambda, &args);
        let payload = fs::read_to_string(file).expect("the CLI wrote the payload");
        json!({
            "status": answer["StatusCode"],
            "version": answer["ExecutedVersion"],
            "error": answer["FunctionError"],
            "payload": serde_json::from_str::<Value>(&payload).expect("the payload is JSON"),
        })
    }

    /// The password for `docker login`, as `aws ecr get-login-password` prints it.
    pub(crate) fn ecr_password(&self, endpoint: &str) -> String {
        run(self.aws_cli_command(endpoint).args(["ecr", "get-login-password"])).trim_end().to_owned()
    }

    /// Runs a Python program that uses oras and ends with 0 when all is as it should be, and returns what it printed.
    pub(crate) fn oras_program(&self, program: &str, args: &[&str]) -> String {
        let mut python = self.python();
        python.env("PYTHONPATH", oras()).env("DOCKER_CONFIG", self.namespace.dir());
        run(python.arg(script(program)).args(args).current_dir(self.namespace.dir()))
    }

    /// The code in `An error occurred (CODE) when calling the GetFunction operation: …`.
    fn aws_missing(&self, order: &Order<'_>) -> String {
        let name = format!("{}-missing", order.name);
        let mut aws = self.aws_command(order.lambda, &["get-function", "--function-name", &name]);
        let output = aws.output().expect("the AWS CLI starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "get-function of a function that does not exist succeeded");
        let code = stderr.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        code.unwrap_or_else(|| panic!("no error code in: {stderr}")).0.to_owned()
    }

    fn aws(&self, lambda: &Lambda, args: &[&str]) -> Value {
        parse(&run(&mut self.aws_command(lambda, args)))
    }

    fn aws_command(&self, lambda: &Lambda, args: &[&str]) -> Command {
        let mut aws = self.aws_cli_command(&lambda.endpoint);
        aws.arg("lambda").args(args);
        aws
    }

    fn aws_cli_command(&self, endpoint: &str) -> Command {
        let mut aws = self.python();
        aws.arg(self.dir.join("python/bin/aws")).args(["--endpoint-url", endpoint]);
        aws
    }

    fn python(&self) -> Command {
        let mut python = with_credentials(Command::new("python3"));
        // Nothing is written beside the programs, which lie in the repository.
        python.env("PYTHONPATH", self.dir.join("python")).env("PYTHONDONTWRITEBYTECODE", "1");
        python
    }

    fn archive(&self, order: &Order<'_>) -> PathBuf {
        let file = self.namespace.dir().join(format!("{}.zip", order.name));
        fs::write(&file, order.function.zip()).expect("the namespace's directory takes a file");
        file
    }
}

/// What a user has set, and nothing of what this machine may have besides.
fn with_credentials(mut command: Command) -> Command {
    command
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")])
        .envs([("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_PAGER", "")])
        .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"), ("NO_PROXY", "*")])
        .envs([("AWS_DEFAULT_OUTPUT", "json")]);
    command
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/k8s_integration/clients").join(name)
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout.into_owned()
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("the client printed something else: {error}\n{text}"))
}

fn from_json<T: for<'de> Deserialize<'de>>(json: Value) -> T {
    parse(&json.to_string())
}
