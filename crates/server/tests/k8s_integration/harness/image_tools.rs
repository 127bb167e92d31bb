//! Programs that handle container images, where `cargo xtask k8s-test` unpacked them.

use std::env::{self, consts::ARCH};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Namespace;
use super::settings::image_tools;

/// skopeo, which speaks to registries over plain HTTP and keeps what it remembers beside the test's files.
pub(crate) struct Skopeo {
    dir: PathBuf,
}

/// A command with one of the programs, which finds the others and their libraries.
pub(super) fn image_tool(program: &str) -> Command {
    let root = image_tools();
    let libraries = ["usr/lib", "lib"].map(|dir| root.join(dir).join(format!("{ARCH}-linux-gnu")));
    let programs = ["usr/sbin", "usr/bin"].map(|dir| root.join(dir));
    let installed = env::var_os("PATH").unwrap_or_default();
    let path = programs.into_iter().chain(env::split_paths(&installed));
    let mut command = Command::new(program);
    command.env("PATH", env::join_paths(path).expect("no directory has a colon in its name"));
    command.env("LD_LIBRARY_PATH", env::join_paths(libraries).expect("no directory has a colon in its name"));
    command.stdin(Stdio::null());
    command
}

/// Runs a command, and gives what it printed or what it said instead.
pub(super) fn attempt(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(stdout.into_owned()) } else { Err(format!("{stdout}\n{stderr}")) }
}

/// The same where it must succeed.
pub(super) fn run(command: &mut Command) -> String {
    attempt(command).unwrap_or_else(|said| panic!("{command:?} failed: {said}"))
}

// === impl Skopeo ===

impl Skopeo {
    pub(crate) fn new(namespace: &Namespace) -> Self {
        Self { dir: namespace.dir().to_owned() }
    }

    /// Copies an image from one place to another, both as skopeo writes them, such as `docker://127.0.0.1:5000/app:v1`.
    pub(crate) fn copy(&self, from: &str, to: &str, options: &[&str]) {
        self.try_copy(from, to, options).unwrap_or_else(|said| panic!("cannot copy {from} to {to}: {said}"));
    }

    /// The same, or what skopeo said.
    pub(crate) fn try_copy(&self, from: &str, to: &str, options: &[&str]) -> Result<String, String> {
        let plain = ["--quiet", "--src-tls-verify=false", "--dest-tls-verify=false"];
        attempt(self.command("copy").args(plain).args(options).args([from, to]))
    }

    /// The bytes of an image's manifest or index.
    pub(crate) fn manifest(&self, image: &str) -> String {
        self.ask("inspect", &["--raw", image]).unwrap_or_else(|said| panic!("cannot inspect {image}: {said}"))
    }

    /// What a command that asks one registry (`inspect`, `list-tags`, `delete`) printed, or said instead.
    pub(crate) fn ask(&self, command: &str, args: &[&str]) -> Result<String, String> {
        attempt(self.command(command).arg("--tls-verify=false").args(args))
    }

    fn command(&self, command: &str) -> Command {
        let mut skopeo = image_tool("skopeo");
        // As root it would keep a cache below /var/lib, which outlives the test and its registry.
        skopeo.env("_CONTAINERS_ROOTLESS_UID", "1").env("XDG_DATA_HOME", self.dir.join("skopeo"));
        skopeo.env("REGISTRY_AUTH_FILE", self.dir.join("skopeo-auth.json"));
        skopeo.args(["--insecure-policy", command]);
        skopeo
    }
}

/// A place as skopeo writes it.
pub(crate) fn place(transport: &str, path: &Path, name: &str) -> String {
    format!("{transport}:{}:{name}", path.display())
}
