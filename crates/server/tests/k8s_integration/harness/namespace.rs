//! A namespace for one test, and what is left to read when the test fails.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::rc::Rc;

use serde_json::json;
use tempfile::TempDir;

use super::fakecloud::Process;
use super::settings::settings;
use super::{Kubectl, Pod, eventually, unique};

/// A namespace, and the fakecloud processes that work in it.
pub(crate) struct Namespace {
    pub(crate) name: String,
    /// kubectl in this namespace, as the administrator.
    pub(crate) kubectl: Kubectl,
    dir: TempDir,
    processes: RefCell<Vec<Rc<Process>>>,
}

/// Runs a test in a namespace of its own. When it fails, prints every container's state, the events and the logs of
/// fakecloud before it removes them.
pub(crate) fn with_temp_ns(test: impl FnOnce(&Namespace)) {
    let namespace = Namespace::create();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| test(&namespace)));
    if outcome.is_err() {
        namespace.describe();
    }
    match outcome.is_err() && settings().keep {
        true => eprintln!("kept: namespace {} and {}", namespace.name, namespace.dir.keep().display()),
        false => namespace.remove(),
    }
    if let Err(panic) = outcome {
        panic::resume_unwind(panic);
    }
}

/// Prints every container's state and log, and the events, of a namespace.
pub(crate) fn describe(kubectl: &Kubectl) {
    for pod in Pod::list(kubectl, "") {
        eprintln!("\n--- {}: {}", pod.name, pod.states());
        eprintln!("{}", kubectl.attempt(&["logs", &pod.name, "--all-containers", "--tail=50"]));
    }
    eprintln!("\n--- events\n{}", kubectl.attempt(&["get", "events", "--sort-by=.lastTimestamp"]));
}

// === impl Namespace ===

impl Namespace {
    fn create() -> Self {
        settings();
        let name = format!("fakecloud-test-{}", unique());
        let admin = Kubectl::admin();
        // Enforced by clusters from 1.25 on; the native test cluster enforces the same by PodSecurityPolicy.
        let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
        admin.create(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels},
        }));
        let kubectl = admin.in_namespace(&name);
        eventually("the namespace has its ServiceAccount, without which it takes no Pods", || {
            (kubectl.text(&["get", "serviceaccounts", "--output=name"]).contains("/default")).then_some(())
        });
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        Self { name, kubectl, dir, processes: RefCell::default() }
    }

    /// A directory that goes with the namespace.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The Pods of all fakecloud instances in the namespace that nobody has deleted.
    pub(crate) fn pods(&self) -> Vec<Pod> {
        self.present("fakecloud-managed-by=fakecloud")
    }

    /// The Pods of one function, of whichever instance, that nobody has deleted.
    pub(crate) fn pods_of(&self, function: &str) -> Vec<Pod> {
        self.present(&format!("fakecloud-managed-by=fakecloud,fakecloud-lambda={function}"))
    }

    /// Without Pods that are being deleted: those are the kubelet's, which may take its time (Kubernetes 1.20 needs up
    /// to a minute for a Pod that is deleted within a second of its start).
    fn present(&self, selector: &str) -> Vec<Pod> {
        let mut pods = Pod::list(&self.kubectl, selector);
        pods.retain(|pod| !pod.is_terminating());
        pods
    }

    pub(super) fn adopt(&self, process: Rc<Process>) {
        self.processes.borrow_mut().push(process);
    }

    fn describe(&self) {
        eprintln!("\n--- namespace {} as the failed test left it", self.name);
        describe(&self.kubectl);
        for process in self.processes.borrow().iter() {
            eprintln!("\n--- log of fakecloud, process {}\n{}", process.id(), process.log());
        }
    }

    /// Ends the processes first, as they would otherwise work against the namespace's removal.
    fn remove(self) {
        for process in self.processes.borrow().iter() {
            process.kill9();
        }
        self.kubectl.attempt(&["delete", "pods", "--all", "--wait=false", "--grace-period=1"]);
        Kubectl::admin().attempt(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}
