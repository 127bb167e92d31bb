//! The Telemetry and Logs APIs: who gets what, in which batches, and what is dropped.

use fakecloud_runtime_api::{Exit, Input, LogFormat, Process, Role};

use crate::harness::{NEXT, RUNTIME, Sandbox, configuration, invocation, response};

const TELEMETRY: &str = "/2022-07-01/telemetry";
const LOGS: &str = "/2020-08-15/logs";
const EXTENSION: Process = Process { role: Role::Extension(0), generation: 1 };

/// A sandbox whose extension has registered, with its identifier.
fn registered() -> (Sandbox, String) {
    registered_with(LogFormat::Text)
}

fn registered_with(format: LogFormat) -> (Sandbox, String) {
    let mut configuration = configuration();
    configuration.logging.format = format;
    let mut sandbox = Sandbox::with(configuration, &["agent"]);
    sandbox.feed(Input::Initialize);
    let identifier = sandbox.register("agent", r#"{"events":["INVOKE","SHUTDOWN"]}"#);
    (sandbox, identifier)
}

fn subscribe(sandbox: &mut Sandbox, path: &str, identifier: &str, body: &str) -> Vec<String> {
    sandbox.send("PUT", path, &[("Lambda-Extension-Identifier", identifier)], body)
}

fn http(schema: &str, types: &str) -> String {
    format!(
        r#"{{"schemaVersion":"{schema}","types":[{types}],"buffering":{{"timeoutMs":25}},"destination":{{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/in"}}}}"#
    )
}

/// Subscribes and initialises. What was to be delivered until then is taken.
fn subscribed(schema: &str, types: &str) -> Sandbox {
    let (mut sandbox, identifier) = registered();
    assert_eq!(subscribe(&mut sandbox, TELEMETRY, &identifier, &http(schema, types))[0], r#"answer: 200 "OK""#);
    ready(&mut sandbox, &identifier);
    sandbox
}

fn ready(sandbox: &mut Sandbox, identifier: &str) {
    sandbox.get(NEXT, &[]);
    sandbox.event_next(identifier);
    sandbox.after(1_000);
    sandbox.delivered(1, true);
}

fn batches(actions: &[String]) -> Vec<&String> {
    actions.iter().filter(|it| it.starts_with("deliver")).collect()
}

/// The types of a batch's items.
fn types(batch: &str) -> Vec<String> {
    let (_, json) = batch.split_once(": ").expect("a batch behind its destination");
    let items: Vec<serde_json::Value> = serde_json::from_str(json).expect("a batch of JSON");
    items.iter().map(|item| item["type"].as_str().expect("an item with a type").to_owned()).collect()
}

#[test]
fn subscriber_gets_what_happened_before_it_subscribed() {
    let (mut sandbox, identifier) = registered();
    sandbox.sleep(5);
    subscribe(&mut sandbox, TELEMETRY, &identifier, &http("2022-12-13", r#""platform""#));
    sandbox.get(NEXT, &[]);
    sandbox.event_next(&identifier);
    let delivered = sandbox.after(25);
    let batch = &delivered[0];
    assert!(batch.starts_with(r#"deliver 1 to POST 8080/in: [{"time":"2023-11-14T22:13:20.000Z","type":"platform.initStart","record":{"functionName":"greeter","#), "{batch}");
    assert_eq!(
        types(batch),
        [
            "platform.initStart",
            "platform.telemetrySubscription",
            "platform.initRuntimeDone",
            "platform.extension",
            "platform.initReport",
        ]
    );
}

#[test]
fn invocation_is_told_from_its_start_to_its_report() {
    let mut sandbox = subscribed("2022-12-13", r#""platform","function","extension""#);
    sandbox.invoke(invocation("a"));
    sandbox.print(RUNTIME, "hello\n");
    sandbox.print(EXTENSION, "agent here\n");
    sandbox.sleep(7);
    sandbox.post(&response("a"), &[], "12345");
    sandbox.get(NEXT, &[]);
    let delivered = sandbox.after(25);
    let [batch] = batches(&delivered)[..] else { panic!("{delivered:?}") };
    assert_eq!(types(batch), ["platform.start", "function", "extension", "platform.runtimeDone"]);
    assert!(batch.contains(r#""type":"function","record":"hello"}"#), "{batch}");
    assert!(batch.contains(r#""metrics":{"durationMs":7.0,"producedBytes":5}"#), "{batch}");
    assert!(
        batch.contains(
            r#""spans":[{"durationMs":7.0,"name":"responseLatency"},{"durationMs":0.0,"name":"responseDuration"}]"#
        ),
        "{batch}"
    );
    assert!(batch.contains(r#""tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2-3"}"#), "{batch}");
}

#[test]
fn one_batch_is_under_way_at_a_time() {
    let mut sandbox = subscribed("2022-12-13", r#""function""#);
    sandbox.print(RUNTIME, "one\n");
    assert_eq!(batches(&sandbox.after(25)).len(), 1);
    sandbox.print(RUNTIME, "two\n");
    assert!(sandbox.after(60_000).is_empty());
    let next = sandbox.delivered(1, true);
    assert!(next[0].contains(r#""record":"two""#), "{next:?}");
}

#[test]
fn batch_is_sent_when_its_bytes_are_there() {
    let mut sandbox = subscribed("2022-12-13", r#""function""#);
    let sent = sandbox.print(RUNTIME, &format!("{}\n", "x".repeat(255 * 1024)));
    assert!(batches(&sent).is_empty());
    let sent = sandbox.print(RUNTIME, &format!("{}\n", "x".repeat(1024)));
    assert_eq!(batches(&sent).len(), 1);
}

#[test]
fn batch_is_sent_when_its_items_are_there() {
    let (mut sandbox, identifier) = registered();
    let body = r#"{"types":["function"],"buffering":{"maxItems":1000},"destination":{"protocol":"TCP","port":1}}"#;
    subscribe(&mut sandbox, TELEMETRY, &identifier, body);
    ready(&mut sandbox, &identifier);
    assert!(batches(&sandbox.print(RUNTIME, &"\n".repeat(999))).is_empty());
    assert_eq!(batches(&sandbox.print(RUNTIME, "\n")).len(), 1);
}

#[test]
fn what_overflows_is_dropped_and_counted() {
    let mut sandbox = subscribed("2022-12-13", r#""function""#);
    sandbox.print(RUNTIME, "first\n");
    sandbox.after(25);
    let line = format!("{}\n", "x".repeat(100 * 1024));
    for _ in 0..20 {
        sandbox.print(RUNTIME, &line);
    }
    assert!(sandbox.environment.held_bytes() <= 2 * 256 * 1024, "{}", sandbox.environment.held_bytes());
    let next = sandbox.delivered(1, true);
    assert!(next[0].ends_with("bytes"), "{next:?}");
    let sent = sandbox.delivered(1, true);
    assert_eq!(batches(&sent).len(), 1);
    sandbox.delivered(1, true);
    sandbox.print(RUNTIME, "last\n");
    let last = sandbox.after(25);
    assert!(!last[0].contains("logsDropped"), "told already: {last:?}");
}

#[test]
fn batch_that_is_refused_counts_as_dropped() {
    let mut sandbox = subscribed("2022-12-13", r#""function""#);
    sandbox.print(RUNTIME, "lost\n");
    sandbox.after(25);
    sandbox.delivered(1, false);
    sandbox.print(RUNTIME, "here\n");
    let next = sandbox.after(25);
    assert_eq!(types(&next[0]), ["platform.logsDropped", "function"]);
    assert!(next[0].contains(r#""droppedRecords":1"#), "{next:?}");
}

#[test]
fn subscriptions_close_with_the_initialisation() {
    let (mut sandbox, identifier) = registered();
    ready(&mut sandbox, &identifier);
    for (path, kind) in [(TELEMETRY, "Telemetry.SubscriptionClosed"), (LOGS, "Logs.SubscriptionClosed")] {
        let refused = subscribe(&mut sandbox, path, &identifier, &http("2022-12-13", r#""platform""#));
        assert!(refused[0].starts_with("answer: 403") && refused[0].contains(kind), "{refused:?}");
    }
}

#[test]
fn body_that_is_wrong_is_refused_with_a_sentence() {
    let (mut sandbox, identifier) = registered();
    let refused = subscribe(&mut sandbox, TELEMETRY, &identifier, &http("2022-12-13", r#""metrics""#));
    let message = r#"types has \"metrics\": expected platform, function or extension"#;
    assert_eq!(refused, [format!(r#"answer: 400 {{"errorMessage":"{message}","errorType":"ValidationError"}}"#)]);
}

#[test]
fn later_subscription_of_an_extension_replaces_its_earlier_one() {
    let (mut sandbox, identifier) = registered();
    subscribe(&mut sandbox, TELEMETRY, &identifier, &http("2022-12-13", r#""function""#));
    subscribe(&mut sandbox, TELEMETRY, &identifier, &http("2022-12-13", r#""function""#));
    sandbox.print(EXTENSION, "not wanted\n");
    sandbox.get(NEXT, &[]);
    sandbox.event_next(&identifier);
    sandbox.print(RUNTIME, "x\n");
    let sent = sandbox.after(25);
    assert_eq!(batches(&sent).len(), 1);
    assert!(sent[0].starts_with("deliver 2 "), "{sent:?}");
}

#[test]
fn json_line_is_an_object_from_the_second_schema_on() {
    for (schema, record) in
        [("2022-07-01", r#""{\"a\":1}""#), ("2022-12-13", r#"{"a":1}"#), ("2025-01-29", r#"{"a":1}"#)]
    {
        let mut sandbox = subscribed(schema, r#""function""#);
        sandbox.print(RUNTIME, "{\"a\":1}\n");
        let sent = sandbox.after(25);
        assert!(sent[0].contains(&format!(r#""record":{record}}}"#)), "{schema}: {sent:?}");
    }
}

#[test]
fn tcp_gets_one_object_each_line() {
    let (mut sandbox, identifier) = registered();
    let body = r#"{"types":["function"],"destination":{"protocol":"TCP","port":8080}}"#;
    subscribe(&mut sandbox, TELEMETRY, &identifier, body);
    sandbox.print(RUNTIME, "too early\n");
    ready(&mut sandbox, &identifier);
    sandbox.print(RUNTIME, "one\ntwo\n");
    let sent = sandbox.after(1_000);
    let time = r#"{"time":"2023-11-14T22:13:21.000Z","type":"function","record""#;
    assert_eq!(sent, [format!("deliver 1 to tcp 8080: {time}:\"one\"}}\n{time}:\"two\"}}")]);
}

#[test]
fn logs_api_has_its_own_records() {
    let (mut sandbox, identifier) = registered();
    let body = r#"{"schemaVersion":"2021-03-18","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://sandbox:1"}}"#;
    let told = subscribe(&mut sandbox, LOGS, &identifier, body);
    assert_eq!(told, [r#"answer: 200 "OK""#, "log: LOGS\tName: agent\tState: Subscribed\tTypes: [Platform]"]);
    ready(&mut sandbox, &identifier);
    sandbox.invoke(invocation("a"));
    sandbox.post(&response("a"), &[], "1");
    sandbox.get(NEXT, &[]);
    sandbox.event_next(&identifier);
    let sent = sandbox.after(1_000);
    let kinds = ["platform.start", "platform.runtimeDone", "platform.end", "platform.report"];
    assert_eq!(types(&sent[0]), kinds);
    assert!(sent[0].contains(r#""record":{"requestId":"a","status":"success"}"#), "{sent:?}");
}

#[test]
fn telemetry_is_sent_at_once_when_the_processes_end() {
    let mut sandbox = subscribed("2022-12-13", r#""function""#);
    sandbox.print(RUNTIME, "last words\n");
    let told = sandbox.feed(Input::Shutdown);
    assert!(told.iter().any(|it| it.starts_with("deliver 1") && it.contains("last words")), "{told:?}");
}

#[test]
fn failure_is_told_with_its_type() {
    let mut sandbox = subscribed("2022-12-13", r#""platform""#);
    sandbox.invoke(invocation("a"));
    let told = sandbox.exit(RUNTIME, Exit::Status(1));
    let batch = batches(&told)[0];
    assert_eq!(types(batch), ["platform.start", "platform.runtimeDone", "platform.report"]);
    assert_eq!(batch.matches(r#""errorType":"Runtime.ExitError""#).count(), 2, "{batch}");
    assert_eq!(batch.matches(r#""status":"error""#).count(), 2, "{batch}");
}

#[test]
fn subscribers_of_an_old_generation_get_nothing_more() {
    let mut sandbox = subscribed("2022-12-13", r#""platform""#);
    sandbox.exit(RUNTIME, Exit::Status(1));
    sandbox.exit(EXTENSION, Exit::Status(0));
    let begun = sandbox.invoke(invocation("a"));
    assert!(batches(&begun).is_empty() && batches(&sandbox.after(2_000)).is_empty());
}
