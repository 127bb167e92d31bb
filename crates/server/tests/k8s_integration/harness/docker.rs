//! Docker's daemon and client, as a developer has them.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::image_tools::{attempt, image_tool, run};
use super::{Namespace, eventually};

/// A daemon of the test's own, with nothing in it; it ends with the test.
///
/// It starts no container, and so needs no network of its own. Plain HTTP is what it speaks to registries on loopback
/// addresses, as everywhere.
pub(crate) struct Docker {
    dir: PathBuf,
    daemon: Child,
    /// What stands before a command for it to run as root; empty where the test does.
    sudo: Vec<&'static str>,
}

// === impl Docker ===

impl Docker {
    /// Starts the daemon and waits until it answers.
    pub(crate) fn start(namespace: &Namespace) -> Self {
        let dir = namespace.dir().join("docker");
        fs::create_dir(&dir).expect("a test has one Docker daemon");
        let sudo = if run(Command::new("id").arg("-u")).trim() == "0" { vec![] } else { vec!["sudo", "-n"] };
        let log = File::create(dir.join("log")).expect("the directory is there");
        let mut command = as_root(&sudo, image_tool("dockerd"));
        command.args(["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none"]);
        command.arg("--data-root").arg(dir.join("data")).arg("--exec-root").arg(dir.join("exec"));
        command.arg("--pidfile").arg(dir.join("pid")).arg("--host").arg(format!("unix://{}", dir.join("s").display()));
        command.stdout(log.try_clone().expect("a file has a second handle")).stderr(log);
        let daemon = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut docker = Self { dir, daemon, sudo };
        eventually("Docker's daemon answers", || {
            if let Some(status) = docker.daemon.try_wait().expect("an own child can be waited for") {
                panic!("dockerd ended instead of serving: {status}\n{}", docker.log());
            }
            docker.attempt(&["version"]).ok()
        });
        docker
    }

    /// What a command of the client printed.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        self.attempt(args).unwrap_or_else(|said| panic!("docker {args:?} failed: {said}\n{}", self.log()))
    }

    /// The same, or what it said instead.
    pub(crate) fn attempt(&self, args: &[&str]) -> Result<String, String> {
        attempt(self.command().args(args))
    }

    /// Logs in to a registry as ECR's documentation says: as AWS, with the password on standard input.
    pub(crate) fn login(&self, registry: &str, password: &str) -> Result<String, String> {
        let file = self.dir.join("password");
        let mut to = File::create(&file).expect("the directory is there");
        to.write_all(password.as_bytes()).expect("the disk has space");
        let from = File::open(&file).expect("it was just written");
        let args = ["login", "--username", "AWS", "--password-stdin", registry];
        attempt(self.command().args(args).stdin(from))
    }

    fn command(&self) -> Command {
        let mut docker = as_root(&self.sudo, image_tool("docker"));
        docker.arg("--config").arg(self.dir.join("config"));
        docker.arg("--host").arg(format!("unix://{}", self.dir.join("s").display()));
        docker
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let id = self.daemon.id().to_string();
        let mut kill = as_root(&self.sudo, Command::new("kill"));
        // It ends its containerd and unmounts what it mounted.
        drop(kill.args(["-s", "TERM", &id]).stderr(Stdio::null()).status());
        drop(self.daemon.wait());
        let mut remove = as_root(&self.sudo, Command::new("rm"));
        drop(remove.arg("-rf").arg(&self.dir).status());
    }
}

/// The command as root runs it, with its environment.
fn as_root(sudo: &[&str], command: Command) -> Command {
    let Some((program, options)) = sudo.split_first() else { return command };
    let mut outer = Command::new(program);
    outer.args(options).arg("env");
    outer.args(command.get_envs().filter_map(|(name, value)| {
        let mut variable = name.to_owned();
        variable.push("=");
        variable.push(value?);
        Some(variable)
    }));
    outer.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    outer
}
