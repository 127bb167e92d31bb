//! The cluster's only node, where tests break the network and choose the address of the next Pod.

use std::net::Ipv4Addr;
use std::process::{Child, Command};

use super::Kubectl;
use super::settings::settings;

/// Packets to one address are dropped without a word until this is dropped.
pub(crate) struct Silence {
    address: Ipv4Addr,
}

/// The node has a label until this is dropped.
pub(crate) struct Label<'a> {
    kubectl: &'a Kubectl,
    node: String,
    name: &'a str,
}

/// Waits on the node for a Pod's directory for code, to make it a disk of its own.
pub(crate) struct LittleDisk(Child);

/// The node.
pub(crate) struct Node;

/// Mounts a disk of $2 over the directory for the code of the Pod with the uid $1, before a container sees it. Where
/// kubelets keep such directories, the mount of the same Pod's `/tmp` tells.
const LITTLE_DISK: &str = r#"
for _ in $(seq 3000); do
  tmp=$(grep -o "/[^ ]*/pods/$1/volumes/kubernetes.io~empty-dir/tmp" /proc/mounts | head -n 1)
  code=${tmp%/tmp}/code
  if [ -n "$tmp" ] && [ -d "$code" ]; then
    exec mount -t tmpfs -o "size=$2,mode=0777" tmpfs "$code"
  fi
  sleep 0.01
done
echo "the Pod has no directories" >&2
exit 1
"#;

/// Packets that the node makes itself, and those it passes on.
const CHAINS: [&str; 2] = ["OUTPUT", "FORWARD"];

// === impl Node ===

impl Node {
    /// Drops all packets to an address.
    pub(crate) fn silence(address: Ipv4Addr) -> Silence {
        for chain in CHAINS {
            run(&["iptables", "-w", "-I", chain, "-d", &address.to_string(), "-j", "DROP"]);
        }
        Silence { address }
    }

    /// Lets the code of the Pod with this uid, which no node has taken yet, have so much room and no more.
    pub(crate) fn little_disk(uid: &str, size: &str) -> LittleDisk {
        let mut waiting = command(&["sh", "-c", LITTLE_DISK, "little-disk", uid, size]);
        LittleDisk(waiting.spawn().expect("a command can be run on the node"))
    }

    /// Gives the node a label.
    pub(crate) fn label<'a>(kubectl: &'a Kubectl, name: &'a str, value: &str) -> Label<'a> {
        let node = kubectl.text(&["get", "nodes", "--output=jsonpath={.items[0].metadata.name}"]);
        kubectl.text(&["label", "node", &node, &format!("{name}={value}")]);
        Label { kubectl, node, name }
    }

    /// Makes the node give this address, which must be free, to the next Pod that starts.
    pub(crate) fn next_address(address: Ipv4Addr) {
        let before = Ipv4Addr::from_bits(address.to_bits() - 1);
        let file = format!("{}/last_reserved_ip.0", settings().node_addresses);
        run(&["sh", "-c", &format!("test -f {file} && printf %s {before} > {file}")]);
    }

    /// Whether no Pod has the address.
    pub(crate) fn is_free(address: Ipv4Addr) -> bool {
        let taken = format!("{}/{address}", settings().node_addresses);
        !command(&["test", "-e", &taken]).status().expect("a command can be run on the node").success()
    }
}

// === impl Silence ===

impl Drop for Silence {
    fn drop(&mut self) {
        for chain in CHAINS {
            run(&["iptables", "-w", "-D", chain, "-d", &self.address.to_string(), "-j", "DROP"]);
        }
    }
}

// === impl LittleDisk ===

impl LittleDisk {
    /// Waits until the Pod has it. The kubelet takes it away with the Pod.
    pub(crate) fn mounted(mut self) {
        let status = self.0.wait().expect("a command can be waited for");
        assert!(status.success(), "the disk was not mounted: {status}");
    }
}

// === impl Label ===

impl Drop for Label<'_> {
    fn drop(&mut self) {
        // The test may be failing already.
        self.kubectl.attempt(&["label", "node", &self.node, &format!("{}-", self.name)]);
    }
}

pub(super) fn run(args: &[&str]) {
    let output = command(args).output().unwrap_or_else(|error| panic!("cannot run {args:?}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?} on the node: {}\n{stderr}", output.status);
}

fn command(args: &[&str]) -> Command {
    let mut words = settings().node_shell.iter().map(String::as_str).chain(args.iter().copied());
    let mut command = Command::new(words.next().expect("a command has a name"));
    command.args(words);
    command
}
