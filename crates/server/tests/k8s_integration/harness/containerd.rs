//! The node's containerd, by its own client: images the node has, and pulls without a kubelet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::image_tools::{attempt, run};
use super::settings::ctr;
use super::{Namespace, unique};

/// The node's containerd.
pub(crate) struct Containerd;

/// Where the kubelet keeps its images.
const KUBELETS: &str = "k8s.io";

// === impl Containerd ===

impl Containerd {
    /// Exports an image that the node has as an archive, which is an OCI layout and `docker save`'s format in one.
    pub(crate) fn export(namespace: &Namespace, image: &str) -> PathBuf {
        let archive = namespace.dir().join(format!("{}.tar", unique()));
        let to = fs::File::create(&archive).expect("the namespace's directory is there");
        let output = command(KUBELETS).args(["images", "export", "-", image]).stdout(to).output();
        let output = output.expect("ctr starts");
        assert!(output.status.success(), "cannot export {image}: {}", String::from_utf8_lossy(&output.stderr));
        archive
    }

    /// Pulls and unpacks an image over plain HTTP, shows what came, and removes it.
    pub(crate) fn pull(image: &str) -> String {
        Self::pull_with(&["--plain-http"], image)
    }

    /// The same as the `hosts.toml` files in a folder say.
    pub(crate) fn pull_by_hosts(folder: &Path, image: &str) -> String {
        let folder = folder.to_str().expect("paths of tests are UTF-8");
        Self::pull_with(&["--hosts-dir", folder], image)
    }

    fn pull_with(options: &[&str], image: &str) -> String {
        let own = format!("fakecloud-test-{}", unique());
        let pulled = attempt(command(&own).args(["images", "pull"]).args(options).arg(image));
        let listed = attempt(command(&own).args(["images", "ls"]));
        for remove in [&["images", "rm", "--sync", image][..], &["namespaces", "rm", &own]] {
            drop(attempt(command(&own).args(remove)));
        }
        pulled.unwrap_or_else(|said| panic!("cannot pull {image}: {said}"));
        listed.unwrap_or_else(|said| panic!("cannot list images: {said}"))
    }

    /// Removes the kubelet's images whose names contain `part`.
    pub(crate) fn remove(part: &str) {
        let images = run(command(KUBELETS).args(["images", "ls", "-q"]));
        for image in images.lines().filter(|image| image.contains(part)) {
            // A container that is just ending may still hold it.
            drop(attempt(command(KUBELETS).args(["images", "rm", image])));
        }
    }
}

fn command(namespace: &str) -> Command {
    let mut words = ctr().into_iter();
    let mut ctr = Command::new(words.next().expect("a command has a name"));
    ctr.args(words).args(["--namespace", namespace]).stdin(Stdio::null());
    ctr
}
