//! A function is updated, again and again, while it is being invoked.

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, Lambda, Namespace, eventually, with_temp_ns};

const CLIENTS: usize = 4;
const UPDATES: u64 = 4;

/// An old Pod is deleted once its last invocation has ended, long before the idle TTL of 10 min would have it.
const DELETED_WITHIN: Duration = Duration::from_secs(10);

/// Its version is how often its code and its environment were updated.
const VERSION: &str = r#"
import os, time

def handler(event, context):
    time.sleep(0.02)
    return CODE + int(os.environ["CONFIGURED"])
"#;

#[test]
fn updates_under_traffic_switch_answers_and_drain_old_pods() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("updated", &function(0));

        let (answered, ended) = (AtomicU64::new(0), AtomicBool::new(false));
        let seen: BTreeSet<u64> = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| scope.spawn(|| invoke_until(lambda, &answered, &ended))).collect();
            // An assertion that fails must not leave the clients running.
            let updated = panic::catch_unwind(AssertUnwindSafe(|| {
                for version in 1..=UPDATES {
                    update(ns, &fakecloud, version, &answered);
                }
            }));
            ended.store(true, Ordering::SeqCst);
            let seen = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
            updated.unwrap_or_else(|failure| panic::resume_unwind(failure));
            seen
        });
        assert_eq!(seen, (0..=UPDATES).collect(), "clients were served by every version");
    });
}

/// Invokes one time after another, and gives the versions that answered. None may be older than the last update that had
/// been answered when the invocation was sent.
fn invoke_until(lambda: &Lambda, answered: &AtomicU64, ended: &AtomicBool) -> BTreeSet<u64> {
    let mut seen = BTreeSet::new();
    while !ended.load(Ordering::SeqCst) {
        let oldest = answered.load(Ordering::SeqCst);
        let answer = lambda.invoke("updated", &Value::Null);
        let version = answer.returned().as_u64().unwrap_or_else(|| panic!("no version: {answer}"));
        assert!(version >= oldest, "version {version} answered after the update to {oldest}");
        seen.insert(version);
    }
    seen
}

fn function(code: u64) -> Function {
    Function::python(&VERSION.replace("CODE", &code.to_string())).variable("CONFIGURED", "0")
}

/// Updates the code or the environment once the clients have Pods, and sees each of these Pods deleted.
fn update(ns: &Namespace, fakecloud: &Fakecloud, version: u64, answered: &AtomicU64) {
    eventually("the version before answers", || {
        let answer = fakecloud.lambda.invoke("updated", &Value::Null);
        (answer.returned() == json!(version - 1)).then_some(())
    });
    let old: Vec<String> = ns.pods_of("updated").into_iter().map(|pod| pod.name).collect();
    assert!(!old.is_empty());

    let (code, configured) = (version.div_ceil(2), version / 2);
    if version.is_multiple_of(2) {
        let environment = json!({"Environment": {"Variables": {"CONFIGURED": configured.to_string()}}});
        fakecloud.lambda.update_configuration("updated", &environment);
    } else {
        fakecloud.lambda.update_code("updated", &function(code));
    }
    answered.store(version, Ordering::SeqCst);
    let updated_at = Instant::now();
    eventually("every old Pod is being deleted", || {
        let mut left: Vec<String> = ns.pods_of("updated").into_iter().map(|pod| pod.name).collect();
        left.retain(|pod| old.contains(pod));
        let waited = updated_at.elapsed();
        assert!(left.is_empty() || waited < DELETED_WITHIN, "{left:?} are still there {waited:?} after the update");
        left.is_empty().then_some(())
    });
}
