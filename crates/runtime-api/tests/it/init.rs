//! Init: what starts when, and what becomes of an initialisation that fails.

use fakecloud_runtime_api::{Exit, Initialization, Input, Process, Role, SpawnFailure};

use crate::harness::{ACCEPTED, INIT_ERROR, NEXT, RUNTIME, Sandbox, configuration, invocation, report_line, response};

const EXITED: &str =
    r#"{"errorType":"Runtime.ExitError","errorMessage":"Error: Runtime exited with error: exit status 1"}"#;

fn runtime(generation: u32) -> Process {
    Process { role: Role::Runtime, generation }
}

#[test]
fn runtime_starts_at_once_and_is_ready_when_it_asks_for_an_event() {
    let mut sandbox = Sandbox::new();
    assert_eq!(sandbox.feed(Input::Initialize), ["spawn runtime 1"]);
    sandbox.sleep(250);
    assert_eq!(sandbox.get(NEXT, &[]), ["init done after 250 ms"]);
    assert_eq!(sandbox.environment.poll_timeout(), None, "nothing is awaited any more");
}

#[test]
fn environment_begins_once() {
    let mut sandbox = Sandbox::ready();
    assert!(sandbox.feed(Input::Initialize).is_empty());
}

#[test]
fn runtime_version_is_the_first_line_of_the_log() {
    let mut configuration = configuration();
    let (version, arn) = ("python:3.14.v1".to_owned(), "arn:aws:lambda:eu-west-1::runtime:ab".to_owned());
    configuration.runtime_version = Some(fakecloud_runtime_api::RuntimeVersion { version, arn });
    let mut sandbox = Sandbox::with(configuration, &[]);
    let line =
        "log: INIT_START Runtime Version: python:3.14.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab";
    assert_eq!(sandbox.feed(Input::Initialize), [line, "spawn runtime 1"]);
}

#[test]
fn invocation_waits_for_the_initialisation_and_its_clock_begins_behind_it() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    assert!(sandbox.invoke(invocation("a")).is_empty());
    assert!(sandbox.after(9_999).is_empty(), "the function's 3 s have not begun");
    let begun = sandbox.get(NEXT, &[]);
    assert_eq!(begun, ["init done after 9999 ms", "log: START RequestId: a Version: $LATEST", "answer: 200 {}"]);
    let deadline = sandbox.header("Lambda-Runtime-Deadline-Ms").unwrap();
    assert_eq!(deadline, (sandbox.now.epoch_ms + 3_000).to_string());
}

#[test]
fn init_is_cut_off_after_ten_seconds_and_tried_again_by_the_next_invocation() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    let cut = sandbox.after(10_000);
    let error = r#"{"errorType":"Sandbox.Timedout","errorMessage":"Error: Init timed out after 10.00 seconds"}"#;
    assert_eq!(
        cut,
        [
            "log: INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout".to_owned(),
            format!("init failed after 10000 ms: Sandbox.Timedout {error}"),
            "kill runtime 1".to_owned(),
        ]
    );
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(9)), ["close connections"]);
    let begun = sandbox.invoke(invocation("a"));
    assert_eq!(begun, ["log: START RequestId: a Version: $LATEST", "spawn runtime 2"]);
    sandbox.sleep(1_000);
    assert_eq!(sandbox.get(NEXT, &[]), ["answer: 200 {}"]);
    sandbox.post(&response("a"), &[], "1");
    let done = sandbox.get(NEXT, &[]);
    let figures = "Duration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\t";
    assert_eq!(done, ["log: END RequestId: a".to_owned(), report_line("a", figures), "free a: 1000 ms".to_owned()]);
}

#[test]
fn invocation_that_waits_for_a_failing_init_is_the_second_try() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    sandbox.invoke(invocation("a"));
    let failed = sandbox.exit(RUNTIME, Exit::Status(1));
    assert_eq!(
        failed,
        [
            "log: Error: Runtime exited with error: exit status 1".to_owned(),
            "log: Runtime.ExitError".to_owned(),
            "log: INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError"
                .to_owned(),
            format!("init failed after 0 ms: Runtime.ExitError {EXITED}"),
            "close connections".to_owned(),
            "log: START RequestId: a Version: $LATEST".to_owned(),
            "spawn runtime 2".to_owned(),
        ]
    );
    let failed = sandbox.exit(runtime(2), Exit::Status(1));
    let message = "RequestId: a Error: Runtime exited with error: exit status 1";
    let figures = "Duration: 0.00 ms\tBilled Duration: 0 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\t\
                   Status: error\tError Type: Runtime.ExitError";
    assert_eq!(
        failed,
        [
            "log: INIT_REPORT Init Duration: 0.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError"
                .to_owned(),
            format!("log: {message}"),
            "log: Runtime.ExitError".to_owned(),
            "log: END RequestId: a".to_owned(),
            report_line("a", figures),
            format!(
                r#"ended a: error Runtime.ExitError {{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}"#
            ),
            "close connections".to_owned(),
            "free a: 0 ms".to_owned(),
        ]
    );
}

#[test]
fn second_try_has_the_functions_own_time() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    sandbox.exit(RUNTIME, Exit::Status(1));
    sandbox.invoke(invocation("a"));
    assert!(sandbox.after(2_999).is_empty());
    let cut = sandbox.after(1);
    let told: Vec<&String> = cut.iter().filter(|it| it.starts_with("ended")).collect();
    let error =
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: a Error: Task timed out after 3.00 seconds"}"#;
    assert_eq!(told, [&format!("ended a: error Sandbox.Timedout {error}")]);
    assert!(cut.contains(&"kill runtime 2".to_owned()), "{cut:?}");
}

#[test]
fn error_that_the_runtime_tells_is_passed_on_as_it_is() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    let body = r#"{"errorMessage":"no module","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]}"#;
    let kind = [("Lambda-Runtime-Function-Error-Type", "Runtime.ImportModuleError")];
    let told = sandbox.post(INIT_ERROR, &kind, body);
    assert_eq!(told[0], ACCEPTED);
    assert_eq!(told[2], format!("init failed after 0 ms: Runtime.ImportModuleError {body}"));
    assert_eq!(told.last().unwrap(), "kill runtime 1");
    // The first fatal error is the one that is told.
    assert_eq!(sandbox.exit(RUNTIME, Exit::Status(1)), ["close connections"]);
}

#[test]
fn error_without_a_type_or_a_body_is_an_error_all_the_same() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    let told = sandbox.post(INIT_ERROR, &[], "");
    let error = r#"{"errorType":"Runtime.Unknown","errorMessage":""}"#;
    assert_eq!(told[2], format!("init failed after 0 ms: Runtime.Unknown {error}"));
}

#[test]
fn init_error_behind_the_initialisation_is_refused() {
    let mut sandbox = Sandbox::busy("a");
    let told = sandbox.post(INIT_ERROR, &[], "{}");
    let message =
        "State transition from Running to InitError failed for runtime. Error: State transition is not allowed";
    assert_eq!(told, [format!(r#"answer: 403 {{"errorMessage":"{message}","errorType":"InvalidStateTransition"}}"#)]);
}

#[test]
fn runtime_that_cannot_be_started_is_told_with_its_path() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    let failure =
        SpawnFailure::Program { path: "/var/task/bootstrap".to_owned(), reason: "permission denied".to_owned() };
    let told = sandbox.feed(Input::SpawnFailed { process: RUNTIME, failure });
    let error = r#"{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"Error: fork/exec /var/task/bootstrap: permission denied"}"#;
    assert!(told.contains(&format!("init failed after 0 ms: Runtime.InvalidEntrypoint {error}")), "{told:?}");
}

#[test]
fn init_ahead_of_invocations_has_at_least_130_seconds_and_at_most_900() {
    for (timeout_s, limit_ms) in [(3, 130_000), (200, 200_000), (1_800, 900_000)] {
        for initialization in [Initialization::ProvisionedConcurrency, Initialization::SnapStart] {
            let mut configuration = configuration();
            configuration.initialization = initialization;
            configuration.timeout = std::time::Duration::from_secs(timeout_s);
            let mut sandbox = Sandbox::with(configuration, &[]);
            sandbox.feed(Input::Initialize);
            assert!(sandbox.after(limit_ms - 1).is_empty(), "{initialization:?} {timeout_s}");
            assert!(!sandbox.after(1).is_empty(), "{initialization:?} {timeout_s}");
        }
    }
}

#[test]
fn late_exit_of_an_old_process_is_not_the_new_ones() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    sandbox.after(10_000);
    assert_eq!(sandbox.after(2_000), ["close connections"], "the kernel is given 2 s to kill it");
    sandbox.invoke(invocation("a"));
    assert!(sandbox.exit(RUNTIME, Exit::Signal(9)).is_empty());
    assert_eq!(sandbox.get(NEXT, &[]), ["answer: 200 {}"]);
}

#[test]
fn only_the_first_init_is_reported_and_billed_on_demand() {
    let mut sandbox = Sandbox::ready();
    sandbox.invoke(invocation("a"));
    sandbox.post(&response("a"), &[], "1");
    let done = sandbox.get(NEXT, &[]);
    let figures = "Duration: 0.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\tInit Duration: 100.00 ms\t";
    assert_eq!(done[1], report_line("a", figures));
    sandbox.invoke(invocation("b"));
    sandbox.post(&response("b"), &[], "1");
    let done = sandbox.get(NEXT, &[]);
    let figures = "Duration: 0.00 ms\tBilled Duration: 0 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\t";
    assert_eq!(done[1], report_line("b", figures));
}
