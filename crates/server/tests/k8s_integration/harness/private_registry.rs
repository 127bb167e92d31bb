//! Debian's `docker-registry`, which gives images to those who know a password.

use std::fs::{self, File};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use serde_json::json;

use super::image_tools::image_tool;
use super::{Namespace, eventually};

/// A registry on this host that lets nobody in without the password, until the end of the test.
pub(crate) struct PrivateRegistry {
    /// Its host and port.
    pub(crate) address: String,
    process: Child,
}

/// User and password, as skopeo takes them.
pub(crate) const CREDENTIALS: &str = "puller:secret";

/// The same as `htpasswd -B` writes it.
const HTPASSWD: &str = "puller:$2y$04$YcBJ91P0ShzMRWcy6j.L6epg66zB3qJVPL/h4BuP6Qp4VsfcNE2zC\n";

impl PrivateRegistry {
    /// Starts the registry and waits until it serves.
    pub(crate) fn start(namespace: &Namespace) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("this host has free ports");
        let address = free.local_addr().expect("a listener has an address").to_string();
        drop(free);
        let dir = namespace.dir().join("private-registry");
        fs::create_dir(&dir).expect("a test has one private registry");
        let (config, users, log) = (dir.join("config.yml"), dir.join("htpasswd"), dir.join("log"));
        fs::write(&users, HTPASSWD).expect("the directory takes files");
        // YAML, of which JSON is a part.
        let settings = json!({
            "version": "0.1",
            "storage": {"filesystem": {"rootdirectory": dir.join("storage")}},
            "auth": {"htpasswd": {"realm": "private", "path": users}},
            "http": {"addr": address},
        });
        fs::write(&config, settings.to_string()).expect("the directory takes files");
        let output = File::create(&log).expect("the directory takes files");
        let mut command = image_tool("docker-registry");
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(output);
        let process = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut registry = Self { address, process };
        eventually("docker-registry serves", || {
            if let Some(status) = registry.process.try_wait().expect("an own child can be waited for") {
                panic!("docker-registry ended: {status}\n{}", fs::read_to_string(&log).unwrap_or_default());
            }
            std::net::TcpStream::connect(&registry.address).ok()
        });
        registry
    }
}

impl Drop for PrivateRegistry {
    fn drop(&mut self) {
        self.process.kill().expect("an own child can be killed");
        self.process.wait().expect("an own child can be waited for");
    }
}
