//! SnapStart: the hooks before the snapshot and after the restore.

use std::time::Duration;

use fakecloud_runtime_api::{Exit, Initialization, Input};

use crate::harness::{ACCEPTED, NEXT, RUNTIME, Sandbox, configuration, invocation};

const RESTORE_NEXT: &str = "/2018-06-01/runtime/restore/next";
const RESTORE_ERROR: &str = "/2018-06-01/runtime/restore/error";

fn sandbox() -> Sandbox {
    let mut configuration = configuration();
    configuration.initialization = Initialization::SnapStart;
    configuration.timeout = Duration::from_secs(3);
    let mut sandbox = Sandbox::with(configuration, &[]);
    sandbox.feed(Input::Initialize);
    sandbox
}

/// A sandbox whose runtime runs its hooks after the restore.
fn restoring() -> Sandbox {
    let mut sandbox = sandbox();
    let restored = sandbox.get(RESTORE_NEXT, &[]);
    assert_eq!(restored, ["log: INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: success", "answer: 200"]);
    sandbox
}

#[test]
fn runtime_is_restored_at_once_and_ready_behind_its_hooks() {
    let mut sandbox = restoring();
    sandbox.sleep(20);
    assert_eq!(sandbox.get(NEXT, &[]), ["log: RESTORE_REPORT Restore Duration: 20.00 ms", "init done after 20 ms"]);
    assert_eq!(sandbox.invoke(invocation("a"))[1], "answer: 200 {}");
}

#[test]
fn runtime_without_hooks_is_ready_at_its_first_next() {
    let mut sandbox = sandbox();
    assert_eq!(sandbox.get(NEXT, &[]).last().unwrap(), "init done after 0 ms");
}

#[test]
fn hooks_have_ten_seconds() {
    let mut sandbox = restoring();
    assert!(sandbox.after(9_999).is_empty());
    let cut = sandbox.after(1);
    assert_eq!(cut[0], "log: RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: timeout");
    assert!(cut[1].starts_with("init failed after 10000 ms: Runtime.RestoreHookUserTimeout "), "{cut:?}");
    assert_eq!(cut[2], "kill runtime 1");
}

#[test]
fn hook_that_fails_fails_the_initialisation() {
    let mut sandbox = restoring();
    let kind = [("Lambda-Runtime-Function-Error-Type", "Runtime.RestoreHookUserError")];
    let told = sandbox.post(RESTORE_ERROR, &kind, "{}");
    assert_eq!(told[0], ACCEPTED);
    assert_eq!(told[2], "init failed after 0 ms: Runtime.RestoreHookUserError {}");
}

#[test]
fn restore_of_a_runtime_that_never_was_ready_is_refused() {
    let mut sandbox = sandbox();
    assert!(sandbox.post(RESTORE_ERROR, &[], "{}")[0].starts_with("answer: 403"));
    sandbox.get(RESTORE_NEXT, &[]);
    assert!(sandbox.get(RESTORE_NEXT, &[])[0].starts_with("answer: 403"), "there is one restore");
}

#[test]
fn function_without_snapstart_has_no_restore() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    assert_eq!(sandbox.get(RESTORE_NEXT, &[]), ["answer: 404 404 page not found"]);
}

#[test]
fn restore_is_repeated_by_the_invocation_after_a_failure() {
    let mut sandbox = restoring();
    sandbox.exit(RUNTIME, Exit::Status(1));
    assert_eq!(sandbox.invoke(invocation("a"))[1], "spawn runtime 2");
    sandbox.get(RESTORE_NEXT, &[]);
    let delivered = sandbox.get(NEXT, &[]);
    assert_eq!(delivered, ["log: RESTORE_REPORT Restore Duration: 0.00 ms", "answer: 200 {}"]);
}
