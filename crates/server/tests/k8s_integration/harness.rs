//! What the tests speak: namespaces, fakecloud processes, functions, Pods and clients.

mod answer;
mod clients;
mod containerd;
mod docker;
mod fakecloud;
mod function;
mod image_layout;
mod image_tools;
mod images;
mod kubectl;
mod lambda;
mod moto;
mod namespace;
mod node;
mod node_registry;
mod pods;
mod private_registry;
mod second_node;
mod service_account;
mod settings;
mod stranger;
mod witness;

use std::thread;
use std::time::{Duration, Instant};

pub(crate) use self::answer::Answer;
pub(crate) use self::clients::{Clients, Order, Report};
pub(crate) use self::containerd::Containerd;
pub(crate) use self::docker::Docker;
pub(crate) use self::fakecloud::{Fakecloud, LogLevel, free_port};
pub(crate) use self::function::{Function, zip};
pub(crate) use self::image_layout::{ImageLayout, digest_of, random_bytes};
pub(crate) use self::image_tools::{Skopeo, place};
pub(crate) use self::images::Images;
pub(crate) use self::kubectl::Kubectl;
pub(crate) use self::lambda::Lambda;
pub(crate) use self::moto::Moto;
pub(crate) use self::namespace::{Namespace, describe, with_temp_ns};
pub(crate) use self::node::Node;
pub(crate) use self::node_registry::NodeRegistry;
pub(crate) use self::pods::Pod;
pub(crate) use self::private_registry::{CREDENTIALS, PrivateRegistry};
pub(crate) use self::second_node::SecondNode;
pub(crate) use self::service_account::{ServiceAccount, role_rules};
pub(crate) use self::settings::{faketime, host, require_cluster};
pub(crate) use self::stranger::stranger;
pub(crate) use self::witness::Witness;

/// How long a test waits for anything before it fails; no single wait is longer.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(60);

const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Waits until `probe` finds something.
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {} s in vain until {what}", WAIT_MAX.as_secs());
        thread::sleep(POLL_INTERVAL);
    }
}

/// 64 random bits in hexadecimal, for names that nobody else has.
pub(crate) fn unique() -> String {
    let random = getrandom::u64().expect("the OS has a random source");
    format!("{random:016x}")
}
