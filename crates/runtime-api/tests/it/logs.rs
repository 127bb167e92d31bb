//! Logs: text and JSON, levels, the tail, and lines cut anywhere.

use bytes::Bytes;
use fakecloud_runtime_api::{Configuration, Exit, Input, Invocation, Level, LogFormat, LogTail};

use crate::harness::{NEXT, RUNTIME, Sandbox, configuration, invocation, response};

fn json(application: Level, system: Level) -> Sandbox {
    let mut configuration = configuration();
    configuration.logging.format = LogFormat::Json;
    configuration.logging.application_level = application;
    configuration.logging.system_level = system;
    Sandbox::with(configuration, &[])
}

fn with_tail(id: &str) -> Invocation {
    Invocation { log_tail: LogTail::Tail, ..invocation(id) }
}

/// The log of an initialisation and of an invocation that takes no time.
fn log_of_one_invocation(mut sandbox: Sandbox) -> Vec<String> {
    let mut all = sandbox.feed(Input::Initialize);
    all.extend(sandbox.get(NEXT, &[]));
    all.extend(sandbox.invoke(invocation("a")));
    all.extend(sandbox.post(&response("a"), &[], "1"));
    all.extend(sandbox.get(NEXT, &[]));
    all.retain(|it| it.starts_with("log: "));
    all
}

fn kinds(log: &[String]) -> Vec<String> {
    let kind = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(&line["log: ".len()..]).expect("a line of JSON");
        line["type"].as_str().expect("a line with a type").to_owned()
    };
    log.iter().map(kind).collect()
}

#[test]
fn json_log_has_the_events_of_its_level() {
    let debug = ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report"];
    let debug: Vec<String> = debug.iter().map(|it| format!("platform.{it}")).collect();
    assert_eq!(kinds(&log_of_one_invocation(json(Level::Info, Level::Debug))), debug);
    let info = log_of_one_invocation(json(Level::Info, Level::Info));
    assert_eq!(kinds(&info), ["platform.start", "platform.report"]);
    assert_eq!(kinds(&log_of_one_invocation(json(Level::Info, Level::Warn))), Vec::<String>::new());
    let record = r#"{"requestId":"a","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2-3"},"version":"$LATEST"}"#;
    let time = "2023-11-14T22:13:20.000Z";
    assert_eq!(info[0], format!(r#"log: {{"time":"{time}","type":"platform.start","record":{record}}}"#));
    let metrics =
        r#"{"billedDurationMs":0,"durationMs":0.0,"initDurationMs":0.0,"maxMemoryUsedMB":0,"memorySizeMB":128}"#;
    assert!(info[1].contains(&format!(r#""metrics":{metrics}"#)), "{}", info[1]);
}

#[test]
fn failures_are_warnings() {
    let mut sandbox = json(Level::Info, Level::Warn);
    sandbox.feed(Input::Initialize);
    sandbox.get(NEXT, &[]);
    sandbox.invoke(invocation("a"));
    let told = sandbox.exit(RUNTIME, Exit::Status(1));
    let log: Vec<String> = told.into_iter().filter(|it| it.starts_with("log: ")).collect();
    assert_eq!(kinds(&log), ["platform.runtimeDone", "platform.report"], "and no line of plain text");
}

#[test]
fn lines_of_the_function_are_passed_on_as_they_are() {
    let mut sandbox = Sandbox::busy("a");
    assert_eq!(sandbox.print(RUNTIME, "one\ntw"), ["log: one"]);
    assert_eq!(sandbox.print(RUNTIME, "o\n{\"level\":\"TRACE\"}\n"), ["log: two", r#"log: {"level":"TRACE"}"#]);
}

#[test]
fn open_line_belongs_to_the_invocation_that_wrote_it() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.print(RUNTIME, "no line feed");
    sandbox.post(&response("a"), &[], "1");
    assert_eq!(sandbox.get(NEXT, &[])[0], "log: no line feed");
}

#[test]
fn last_words_of_a_process_are_logged() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.print(RUNTIME, "panicked at");
    assert_eq!(sandbox.exit(RUNTIME, Exit::Status(101))[0], "log: panicked at");
}

#[test]
fn json_lines_below_the_level_are_left_out() {
    let mut sandbox = json(Level::Warn, Level::Info);
    sandbox.feed(Input::Initialize);
    for (line, is_logged) in [
        (r#"{"timestamp":"t","level":"INFO"}"#, false),
        (r#"{"timestamp":"t","level":"warn"}"#, true),
        (r#"{"timestamp":"t","level":"FATAL"}"#, true),
        (r#"{"timestamp":"t","level":"WARNING"}"#, true),
        (r#"{"timestamp":"t","level":"CRITICAL"}"#, true),
        (r#"{"timestamp":"t","level":7}"#, false),
        (r#"{"timestamp":"t","level":"loud"}"#, false),
        (r#"{"level":"ERROR"}"#, false),
        (r#"{"message":"m"}"#, false),
        (r#"{"broken""#, true),
        ("plain text", true),
        ("[1]", true),
    ] {
        assert_eq!(sandbox.print(RUNTIME, &format!("{line}\n")).len(), usize::from(is_logged), "{line}");
    }
}

#[test]
fn framed_record_is_one_line_of_the_log_whatever_is_in_it() {
    let mut sandbox = Sandbox::busy("a");
    let record = Input::Record { process: RUNTIME, text: Bytes::from_static(b"a\nb\n") };
    assert_eq!(sandbox.feed(record), ["log: a\nb"]);
}

#[test]
fn tail_has_the_invocation_from_start_to_report() {
    let mut sandbox = Sandbox::ready();
    sandbox.print(RUNTIME, "before\n");
    sandbox.invoke(with_tail("a"));
    sandbox.print(RUNTIME, "hello\n");
    assert_eq!(sandbox.post(&response("a"), &[], "1").len(), 1, "the caller waits for the log");
    let told = sandbox.get(NEXT, &[]);
    let report = "REPORT RequestId: a\tDuration: 0.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\t\
                  Init Duration: 100.00 ms\t";
    let tail = format!("START RequestId: a Version: $LATEST\nhello\nEND RequestId: a\n{report}");
    assert_eq!(told[2], format!("ended a: success - 1 | {tail}"));
    assert_eq!(told[3], "free a: 0 ms");
}

#[test]
fn tail_has_the_last_4_kilobytes() {
    let mut sandbox = Sandbox::ready();
    sandbox.invoke(with_tail("a"));
    sandbox.print(RUNTIME, &"first\n".repeat(1_000));
    sandbox.print(RUNTIME, &format!("{}\n", "x".repeat(9_000)));
    sandbox.post(&response("a"), &[], "1");
    let told = sandbox.get(NEXT, &[]);
    let tail = told.iter().find_map(|it| it.strip_prefix("ended a: success - 1 | ")).unwrap();
    assert_eq!(tail.len() + 1, 4_096, "with the line feed at its end");
    assert!(tail.starts_with("xxx") && tail.contains("\nEND RequestId: a\nREPORT"), "{tail}");
}

#[test]
fn tail_is_told_with_a_failure_too() {
    let mut sandbox = Sandbox::ready();
    sandbox.invoke(with_tail("a"));
    let told = sandbox.after(3_000);
    let ended = told.iter().find(|it| it.starts_with("ended a")).unwrap();
    assert!(ended.contains(" | START RequestId: a") && ended.ends_with("Status: timeout"), "{ended}");
}

#[test]
fn tail_is_of_this_invocation_only() {
    let mut sandbox = Sandbox::ready();
    for id in ["a", "b"] {
        sandbox.invoke(with_tail(id));
        sandbox.post(&response(id), &[], "1");
        let told = sandbox.get(NEXT, &[]);
        let ended = told.iter().find(|it| it.starts_with("ended")).unwrap();
        assert!(ended.contains(&format!(" | START RequestId: {id}")), "{ended}");
    }
    sandbox.invoke(invocation("c"));
    assert_eq!(sandbox.post(&response("c"), &[], "1")[0], "ended c: success - 1", "who does not ask gets none");
}

#[test]
fn version_is_the_functions() {
    let configuration = Configuration { version: "7".to_owned(), ..configuration() };
    let mut sandbox = Sandbox::with(configuration, &[]).initialized();
    assert_eq!(sandbox.invoke(invocation("a"))[0], "log: START RequestId: a Version: 7");
}
