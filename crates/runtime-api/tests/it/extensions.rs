//! The Extensions API: registration, events, and extensions that fail.

use fakecloud_runtime_api::{Exit, Input, Process, Role, SpawnFailure};

use crate::harness::{ACCEPTED, EVENT_NEXT, NEXT, REGISTER, RUNTIME, Sandbox, configuration, invocation, response};

const EXTENSION: Process = Process { role: Role::Extension(0), generation: 1 };
const BOTH: &str = r#"{"events":["INVOKE","SHUTDOWN"]}"#;

fn refused(kind: &str, message: &str) -> String {
    format!(r#"answer: 403 {{"errorMessage":"{message}","errorType":"{kind}"}}"#)
}

fn begun(extensions: &[&str]) -> Sandbox {
    let mut sandbox = Sandbox::with(configuration(), extensions);
    sandbox.feed(Input::Initialize);
    sandbox
}

fn name(name: &str) -> [(&str, &str); 1] {
    [("Lambda-Extension-Name", name)]
}

#[test]
fn runtime_starts_when_every_external_extension_has_registered() {
    let mut sandbox = Sandbox::with(configuration(), &["a", "b"]);
    assert_eq!(sandbox.feed(Input::Initialize), ["spawn a 1", "spawn b 1"]);
    let function = r#"{"functionName":"greeter","functionVersion":"$LATEST","handler":"app.handler"}"#;
    assert_eq!(sandbox.post(REGISTER, &name("b"), BOTH), [format!("answer: 200 {function}")]);
    assert_eq!(
        sandbox.post(REGISTER, &name("a"), "{}"),
        [format!("answer: 200 {function}"), "spawn runtime 1".to_owned()]
    );
}

#[test]
fn account_is_told_to_who_asks_for_it() {
    let mut sandbox = begun(&[]);
    let headers = [("Lambda-Extension-Name", "a"), ("Lambda-Extension-Accept-Feature", "x, accountId")];
    let answer = sandbox.post(REGISTER, &headers, "{}");
    assert!(answer[0].contains(r#""accountId":"123456789012""#), "{answer:?}");
}

#[test]
fn environment_is_ready_when_all_extensions_ask_for_an_event() {
    let mut sandbox = begun(&["agent"]);
    let external = sandbox.register("agent", BOTH);
    let internal = sandbox.register("inside", r#"{"events":["INVOKE"]}"#);
    assert!(sandbox.get(NEXT, &[]).is_empty());
    assert!(sandbox.event_next(&internal).is_empty());
    assert_eq!(
        sandbox.event_next(&external),
        [
            "log: EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
            "log: EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]",
            "init done after 0 ms",
        ]
    );
}

#[test]
fn registration_is_refused_for_what_is_wrong_with_it() {
    let mut sandbox = begun(&["agent"]);
    let empty = refused("Extension.InvalidExtensionName", "Empty extension name");
    assert_eq!(sandbox.post(REGISTER, &[], BOTH), [empty.as_str()]);
    assert_eq!(sandbox.post(REGISTER, &name(""), BOTH), [empty]);
    let internal = "SHUTDOWN: internal extensions cannot register for this event";
    assert_eq!(sandbox.post(REGISTER, &name("inside"), BOTH), [refused("Extension.InvalidEventType", internal)]);
    let unknown = sandbox.post(REGISTER, &name("agent"), r#"{"events":["RESTORE"]}"#);
    assert_eq!(unknown, [refused("Extension.InvalidEventType", "RESTORE: no such event")]);
    for body in ["nonsense", "[1]", r#"{"events":7}"#, "\u{0}"] {
        assert!(sandbox.post(REGISTER, &name("agent"), body)[0].contains("InvalidRequestFormat"), "{body}");
    }
    sandbox.register("agent", BOTH);
    let again = "State transition from Registered to Registered failed for extension agent. Error: State transition is not allowed";
    assert_eq!(sandbox.post(REGISTER, &name("agent"), BOTH), [refused("Extension.InvalidExtensionState", again)]);
    sandbox.register("inside", "");
    let again = refused("Extension.InvalidExtensionState", "Extension with this name already registered");
    assert_eq!(sandbox.post(REGISTER, &name("inside"), ""), [again]);
}

#[test]
fn registration_closes_when_the_runtime_asks_for_its_first_event() {
    let (mut sandbox, _) = Sandbox::ready_with_extension();
    let closed = refused("Extension.RegistrationClosed", "Extension registration closed already");
    assert_eq!(sandbox.post(REGISTER, &name("late"), "{}"), [closed]);
}

#[test]
fn ten_extensions_may_register_and_not_one_more() {
    let mut sandbox = begun(&["agent"]);
    sandbox.register("agent", BOTH);
    for number in 1..10 {
        sandbox.register(&format!("inside-{number}"), "{}");
    }
    let refusal = refused("Extension.TooManyExtensions", "Extension limit (10) reached");
    assert_eq!(sandbox.post(REGISTER, &name("one-more"), "{}"), [refusal]);
}

#[test]
fn eleven_executables_fail_the_initialisation() {
    let names: Vec<String> = (0..11).map(|number| format!("agent-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut sandbox = Sandbox::with(configuration(), &names);
    let told = sandbox.feed(Input::Initialize);
    assert!(told.iter().any(|it| it.contains("init failed after 0 ms: Extension.TooManyExtensions")), "{told:?}");
    assert!(told.iter().all(|it| !it.starts_with("spawn")), "{told:?}");
    let told = sandbox.invoke(invocation("a"));
    assert!(told.iter().any(|it| it.starts_with("ended a: error Extension.TooManyExtensions")), "{told:?}");
}

#[test]
fn identifier_is_checked_at_every_call() {
    let mut sandbox = begun(&["agent"]);
    let paths = ["/2020-01-01/extension/init/error", "/2020-01-01/extension/exit/error"];
    let subscriptions = ["/2022-07-01/telemetry", "/2020-08-15/logs"];
    let calls = paths.map(|it| ("POST", it)).into_iter().chain(subscriptions.map(|it| ("PUT", it)));
    for (method, path) in calls.chain([("GET", EVENT_NEXT)]) {
        let missing = refused("Extension.MissingHeader", "Missing Lambda-Extension-Identifier header");
        assert_eq!(sandbox.send(method, path, &[], "{}"), [missing], "{path}");
        let invalid = refused("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
        assert_eq!(sandbox.send(method, path, &[("Lambda-Extension-Identifier", "x")], "{}"), [invalid], "{path}");
        let id = "00000000-0000-0000-0000-000000000000";
        let unknown = refused("Extension.UnknownExtensionIdentifier", &format!("Unknown extension {id}"));
        assert_eq!(sandbox.send(method, path, &[("Lambda-Extension-Identifier", id)], "{}"), [unknown], "{path}");
    }
}

#[test]
fn extension_gets_the_invocation_and_the_environment_waits_for_it() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    let deadline = sandbox.now.epoch_ms + 3_000;
    let begun = sandbox.invoke(invocation("a"));
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:greeter";
    let event = format!(
        r#"{{"deadlineMs":{deadline},"eventType":"INVOKE","invokedFunctionArn":"{arn}","requestId":"a","tracing":{{"type":"X-Amzn-Trace-Id","value":"Root=1-2-3"}}}}"#
    );
    assert_eq!(begun[1], format!("answer: 200 {event}"));
    assert!(sandbox.header("Lambda-Extension-Event-Identifier").is_some());
    assert_eq!(sandbox.post(&response("a"), &[], "1"), ["ended a: success - 1", ACCEPTED]);
    assert!(sandbox.get(NEXT, &[]).is_empty(), "the extension is not done");
    sandbox.sleep(40);
    assert_eq!(sandbox.event_next(&identifier).last().unwrap(), "free a: 40 ms");
}

#[test]
fn extension_that_did_not_register_for_invoke_is_not_waited_for() {
    let mut sandbox = begun(&["agent"]);
    let identifier = sandbox.register("agent", r#"{"events":["SHUTDOWN"]}"#);
    sandbox.get(NEXT, &[]);
    sandbox.event_next(&identifier);
    assert_eq!(sandbox.invoke(invocation("a")).len(), 2, "START and the runtime's event");
    sandbox.post(&response("a"), &[], "1");
    assert_eq!(sandbox.get(NEXT, &[]).last().unwrap(), "free a: 0 ms");
}

#[test]
fn extension_that_holds_the_environment_too_long_is_a_timeout_behind_the_answer() {
    let (mut sandbox, _) = Sandbox::ready_with_extension();
    sandbox.invoke(invocation("a"));
    sandbox.post(&response("a"), &[], "1");
    sandbox.get(NEXT, &[]);
    let cut = sandbox.after(3_000);
    assert!(cut.iter().any(|it| it.ends_with("Status: timeout")), "{cut:?}");
    assert!(cut.iter().all(|it| !it.starts_with("ended")), "{cut:?}");
}

#[test]
fn second_call_for_an_event_is_refused_while_the_first_waits() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    let state = format!(
        "State transition from Ready to Ready failed for extension {identifier}. Error: State transition is not allowed"
    );
    assert_eq!(sandbox.event_next(&identifier), [refused("Extension.InvalidExtensionState", &state)]);
}

#[test]
fn extension_whose_connection_broke_gets_the_event_when_it_asks_again() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    sandbox.hang_up(sandbox.calls);
    sandbox.invoke(invocation("a"));
    assert!(sandbox.event_next(&identifier)[0].contains(r#""eventType":"INVOKE""#));
}

#[test]
fn extension_that_ends_fails_what_runs() {
    for (exit, words) in
        [(Exit::Status(0), "exit code 0"), (Exit::Status(2), "exit status 2"), (Exit::Signal(9), "signal: killed")]
    {
        let (mut sandbox, _) = Sandbox::ready_with_extension();
        sandbox.invoke(invocation("a"));
        let told = sandbox.exit(EXTENSION, exit);
        let object = format!(r#"{{"errorType":"Extension.Crash","errorMessage":"RequestId: a Error: {words}"}}"#);
        assert!(told.contains(&format!("ended a: error Extension.Crash {object}")), "{told:?}");
        assert_eq!(told.last().unwrap(), "terminate runtime 1");
        assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(15)).last().unwrap(), "free a: 0 ms");
    }
}

#[test]
fn extension_that_ends_before_it_registers_fails_the_initialisation() {
    let mut sandbox = begun(&["agent"]);
    let told = sandbox.exit(EXTENSION, Exit::Status(1));
    assert_eq!(told[0], "log: EXTENSION\tName: agent\tState: Exited\tEvents: []\tError Type: Extension.Crash");
    assert!(told.iter().any(|it| it.starts_with("init failed after 0 ms: Extension.Crash")), "{told:?}");
    assert_eq!(told.last().unwrap(), "close connections");
}

#[test]
fn extension_that_cannot_be_started_is_a_launch_error() {
    let mut sandbox = begun(&["agent"]);
    let failure =
        SpawnFailure::Program { path: "/opt/extensions/agent".to_owned(), reason: "permission denied".to_owned() };
    let told = sandbox.feed(Input::SpawnFailed { process: EXTENSION, failure });
    assert!(told.iter().any(|it| it.starts_with("init failed after 0 ms: Extension.LaunchError")), "{told:?}");
}

#[test]
fn extension_that_never_registers_is_cut_off_with_the_initialisation() {
    let mut sandbox = begun(&["agent"]);
    let cut = sandbox.after(10_000);
    assert!(cut.iter().any(|it| it.starts_with("init failed after 10000 ms")), "{cut:?}");
    assert_eq!(cut.last().unwrap(), "kill extension 0 1");
}

#[test]
fn extension_tells_its_own_errors_with_a_type() {
    let mut sandbox = begun(&["agent"]);
    let identifier = sandbox.register("agent", BOTH);
    let id = ("Lambda-Extension-Identifier", identifier.as_str());
    let kind = ("Lambda-Extension-Function-Error-Type", "Extension.NoConfig");
    let missing = sandbox.post("/2020-01-01/extension/init/error", &[id], "{}");
    let message = "Lambda-Extension-Function-Error-Type not found";
    assert_eq!(missing, [refused("Extension.MissingHeader", message)]);
    let told = sandbox.post("/2020-01-01/extension/init/error", &[id, kind], "{}");
    assert_eq!(told[0], ACCEPTED);
    let object = r#"{"errorType":"Extension.InitError","errorMessage":"Error: agent: Extension.NoConfig"}"#;
    assert!(told.contains(&format!("init failed after 0 ms: Extension.InitError {object}")), "{told:?}");
}

#[test]
fn extension_that_gives_up_later_fails_what_runs() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    sandbox.invoke(invocation("a"));
    let id = ("Lambda-Extension-Identifier", identifier.as_str());
    let kind = ("Lambda-Extension-Function-Error-Type", "Extension.Lost");
    assert!(sandbox.post("/2020-01-01/extension/init/error", &[id, kind], "{}")[0].contains("InvalidExtensionState"));
    let told = sandbox.post("/2020-01-01/extension/exit/error", &[id, kind], "{}");
    assert_eq!(told[0], ACCEPTED);
    assert!(told.iter().any(|it| it.starts_with("ended a: error Extension.ExitError")), "{told:?}");
    let again = sandbox.post("/2020-01-01/extension/exit/error", &[id, kind], "{}");
    assert!(again[0].contains("InvalidExtensionState"), "{again:?}");
}

#[test]
fn identifiers_of_an_old_generation_are_unknown() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    sandbox.exit(RUNTIME, Exit::Status(1));
    sandbox.exit(EXTENSION, Exit::Status(0));
    sandbox.invoke(invocation("a"));
    assert!(sandbox.event_next(&identifier)[0].contains("Extension.UnknownExtensionIdentifier"));
}
