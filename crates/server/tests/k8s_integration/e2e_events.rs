//! Asynchronous invocations on real Pods: their retries, their destinations, and the end of the server under them.

use serde_json::{Value, json};

use crate::harness::{Clients, Fakecloud, Function, LogLevel, Moto, Witness, eventually, free_port, with_temp_ns};

/// Retries after 200 ms and 400 ms.
const SOON: (&str, &str) = ("FAKECLOUD_LAMBDA_RETRY_BASE", "200ms");

/// Raises until the time that its event names.
const FLAKY: &str = "
import time

def handler(event, context):
    if time.time() < event['from']:
        raise ValueError('too early')
    return event
";

#[test]
fn boto3_finds_in_every_kind_of_destination_what_aws_sends() {
    with_temp_ns(|ns| {
        let moto = Moto::start(ns);
        let settings = [("FAKECLOUD_FORWARD_URL", moto.url.as_str()), SOON];
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &settings);
        let said = Clients::new(ns).python_program("events.py", &[&fakecloud.lambda.endpoint]);
        assert_eq!(said, "done\n");
    });
}

#[test]
fn events_that_were_accepted_run_after_a_kill9() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[SOON]);
        fakecloud.lambda.create_function("survivor", &Function::python_report());
        let events: Vec<Value> = (0..5).map(|n| json!({ "n": n })).collect();
        for event in &events {
            assert_eq!(fakecloud.lambda.send_event("survivor", event).status, 202);
        }
        // Its Pod has not even been scheduled yet.
        fakecloud.kill9();

        let restarted = fakecloud.restart();
        let mut seen = eventually("every event has run", || {
            let listed = restarted.lambda.get("/_fakecloud/lambda/invocations").ok()?.expect(200);
            let ended = listed["invocations"].as_array()?.iter().filter(|one| one["status"] == "succeeded");
            let payloads: Vec<Value> =
                ended.filter_map(|one| serde_json::from_str(one["payload"].as_str()?).ok()).collect();
            (payloads.len() >= events.len()).then_some(payloads)
        });
        seen.sort_by_key(|event| event["n"].as_u64());
        assert_eq!(seen, events);
        assert!(restarted.log().contains("goes on with asynchronous invocations of an earlier process"));
    });
}

#[test]
fn kill9_lets_an_attempt_run_again_and_a_destination_be_told_without() {
    with_temp_ns(|ns| {
        let (witness, port) = (Witness::listen(), free_port());
        let settings = [("FAKECLOUD_FORWARD_URL", format!("http://127.0.0.1:{port}"))];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &settings);
        let lambda = &fakecloud.lambda;
        for name in ["running", "told"] {
            lambda.create_function(name, &Function::python_telltale(&witness));
            lambda.invoke(name, &json!({"name": "warm", "seconds": 0})).returned();
        }
        let destination = json!({"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:ends"}});
        let config = json!({"DestinationConfig": destination});
        lambda.put("/2019-09-25/functions/told/event-invoke-config", &config).expect(200);
        assert_eq!(lambda.send_event("running", &json!({"name": "attempt", "seconds": 5})).status, 202);
        assert_eq!(lambda.send_event("told", &json!({"name": "delivery", "seconds": 0})).status, 202);
        witness.wait_for("attempt");
        // Nobody listens there yet.
        eventually("a delivery is under way", || fakecloud.log().contains("could not be told yet").then_some(()));
        fakecloud.kill9();

        let moto = Moto::start_at(ns, port);
        let queue = |what| Clients::new(ns).python_program("sqs_queue.py", &[&moto.url, "ends", what]);
        queue("make");
        let restarted = fakecloud.restart();
        let ends: Value = eventually("the destination is told", || {
            let ends: Value = serde_json::from_str(&queue("take")).expect("the program prints JSON");
            ends.as_array().is_some_and(|ends| !ends.is_empty()).then_some(ends)
        });
        let [end] = ends.as_array().expect("a list").as_slice() else { panic!("it was told more than once: {ends}") };
        assert_eq!(end["requestContext"]["condition"], "Success", "{end}");
        assert_eq!(end["requestPayload"]["name"], "delivery", "{end}");
        eventually("the attempt was made again", || {
            let listed = restarted.lambda.get("/_fakecloud/lambda/invocations").ok()?.expect(200);
            let [one] = listed["invocations"].as_array()?.as_slice() else { return None };
            (one["status"] == "succeeded" && one["source"] == "event").then_some(())
        });
        let mut heard = witness.lines();
        heard.sort();
        assert_eq!(heard, ["attempt", "attempt", "delivery", "warm", "warm"]);
    });
}

#[test]
fn retry_that_succeeds_is_the_last() {
    with_temp_ns(|ns| {
        let settings = [("FAKECLOUD_LAMBDA_RETRY_BASE", "2s")];
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &settings);
        fakecloud.lambda.create_function("flaky", &Function::python(FLAKY));
        // Warm, so that the first attempt comes at once.
        fakecloud.lambda.invoke("flaky", &json!({ "from": 0 })).returned();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later than 1970");
        fakecloud.lambda.send_event("flaky", &json!({ "from": now.as_secs() + 2 }));
        let attempts = eventually("an attempt has succeeded", || {
            let listed = fakecloud.lambda.get("/_fakecloud/lambda/invocations").ok()?.expect(200);
            let events = listed["invocations"].as_array()?.iter().filter(|one| one["source"] == "event");
            let statuses: Vec<Value> = events.map(|one| one["status"].clone()).collect();
            statuses.contains(&json!("succeeded")).then_some(statuses)
        });
        assert_eq!(attempts, ["failed", "succeeded"]);
    });
}
