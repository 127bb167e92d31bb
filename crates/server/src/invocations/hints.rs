//! What the log says where an invocation ended in a way whose likely cause its answer does not name.

use fakecloud_lambda::Outcome;
use fakecloud_podspec::Function;
use tracing::warn;

use crate::environments::lease::Lease;

/// Logs what is likely behind the end of an invocation on this lease, and what helps.
pub(crate) fn log(outcome: &Outcome, lease: &Lease, function: &Function, request_id: &str) {
    let environment = lease.environment().as_str();
    if outcome.is_killed_runtime() {
        warn!(
            request_id,
            environment,
            memory_mb = function.memory.get(),
            "the runtime was killed, as the kernel does with a function that needs more memory than its Pod may use: if it \
             did not kill itself, raise its MemorySize; the Pod serves on, and Kubernetes says nothing of it"
        );
    }
    if matches!(outcome, Outcome::TimedOut { .. }) && lease.is_first() {
        warn!(
            request_id,
            environment,
            timeout_s = function.timeout.get(),
            "the first invocation in a Pod timed out; its time includes the initialisation of the runtime, which AWS does \
             not count: if that takes long, raise the function's Timeout"
        );
    }
}
