//! How many invocations run at once, on how many Pods, and what becomes of Pods that nobody wants any more.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Clients, Fakecloud, Function, LogLevel, Namespace, eventually, with_temp_ns};

#[test]
fn boto3_is_throttled_beyond_a_reservation() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        throttle(ns, &fakecloud, "reservation", "ReservedFunctionConcurrentInvocationLimitExceeded", &[200]);
    });
}

#[test]
fn boto3_is_throttled_where_the_queue_for_the_only_pod_is_full() {
    with_temp_ns(|ns| {
        let settings = [("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "1"), ("FAKECLOUD_LAMBDA_QUEUE_LIMIT", "1")];
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &settings);
        throttle(ns, &fakecloud, "queue", "ConcurrentInvocationLimitExceeded", &[200, 200]);
        let log = fakecloud.log();
        assert!(
            log.contains("FAKECLOUD_LAMBDA_QUEUE_LIMIT=1 invocations of it wait already"),
            "the log names the limit"
        );
    });
}

/// Has a function invoked once more than `limit` allows: the one too many is refused for this reason, the others are
/// answered with these statuses.
fn throttle(ns: &Namespace, fakecloud: &Fakecloud<'_>, limit: &str, reason: &str, others: &[u16]) {
    fakecloud.lambda.create_function("limited", &Function::python_sleepy());
    let report = Clients::new(ns).python_program("throttle.py", &[&fakecloud.lambda.endpoint, "limited", limit]);
    let expected = json!({
        "code": "TooManyRequestsException",
        "message": "Rate Exceeded.",
        "status": 429,
        "reason": reason,
        "retry_after": "1",
        "others": others,
        "afterwards": 200,
    });
    assert_eq!(serde_json::from_str::<Value>(&report).expect("the program prints JSON"), expected);
    assert_eq!(ns.pods_of("limited").len(), 1, "what is throttled starts no Pod");
}

#[test]
fn full_house_ends_the_idle_pod_of_another_function_and_else_lets_wait() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_MAX_PODS", "1")]);
        let lambda = &fakecloud.lambda;
        for name in ["first", "second"] {
            lambda.create_function(name, &Function::python_sleepy());
        }
        lambda.invoke("first", &json!({})).returned();

        // The second takes the place of the first, and the first waits for that of the second.
        std::thread::scope(|scope| {
            scope.spawn(|| lambda.invoke("second", &json!({"sleep": 3})).returned());
            eventually("the second function has the only Pod", || {
                let pods = ns.pods();
                assert!(pods.iter().filter(|pod| pod.object["metadata"]["deletionTimestamp"].is_null()).count() <= 1);
                (pods.len() == 1 && ns.pods_of("second").len() == 1).then_some(())
            });
            assert_eq!(lambda.invoke("first", &json!({})).returned()["run"], 1, "a new Pod");
        });
        assert_eq!(ns.pods_of("first").len(), 1);
    });
}

#[test]
fn caller_that_hangs_up_retires_the_pod_once_its_handler_has_ended() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("patient", &Function::python_sleepy());
        let first = lambda.invoke("patient", &json!({})).returned();

        let began = Instant::now();
        invoke_and_hang_up(&lambda.endpoint, "patient", &json!({"sleep": 8}));
        let next = lambda.invoke("patient", &json!({})).returned();
        assert_ne!(next["pod"], first["pod"], "nobody waits behind it, and the emulator is not called twice at once");
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        let is_there = |name: &Value| ns.pods_of("patient").iter().any(|pod| *name == pod.name);
        assert!(is_there(&first["pod"]), "its handler is not cut off");
        eventually("the deserted Pod is gone", || (!is_there(&first["pod"])).then_some(()));
        assert!(began.elapsed() >= Duration::from_secs(8), "{:?}", began.elapsed());
        assert_eq!(lambda.invoke("patient", &json!({})).returned()["pod"], next["pod"]);
    });
}

#[test]
fn evicted_container_is_a_pod_that_goes() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("warm", &Function::python_sleepy());
        let first = lambda.invoke("warm", &json!({})).returned();

        let listed = lambda.get("/_fakecloud/lambda/warm-containers").expect("fakecloud answers").expect(200);
        let [container] = listed["containers"].as_array().expect("a list").as_slice() else { panic!("{listed}") };
        assert_eq!((&container["functionName"], &container["containerId"]), (&json!("warm"), &first["pod"]));
        assert_eq!(container["runtime"], "python3.12");
        let timeline =
            lambda.get("/_fakecloud/lambda/pool").expect("fakecloud answers").expect(200)["instances"][0]["timeline"]
                .clone();
        for step in ["created", "scheduled", "initCalled", "located", "portOpen", "firstByte"] {
            assert!(timeline[step].is_u64(), "{step} was not seen: {timeline}");
        }

        let evict = "/_fakecloud/lambda/warm/evict-container";
        assert_eq!(lambda.post(evict, &Value::Null).expect(200), json!({"evicted": true}));
        assert_eq!(lambda.post(evict, &Value::Null).expect(200), json!({"evicted": false}));
        let next = lambda.invoke("warm", &json!({})).returned();
        assert_eq!(next["run"], 1);
        assert_ne!(next["pod"], first["pod"]);
        eventually("the evicted Pod is gone", || (ns.pods_of("warm").len() == 1).then_some(()));
    });
}

/// Sends an invocation, gives it time to reach its Pod, and closes the connection.
fn invoke_and_hang_up(endpoint: &str, function: &str, event: &Value) {
    let address = endpoint.strip_prefix("http://").expect("tests serve plain HTTP");
    let mut stream = TcpStream::connect(address).expect("fakecloud listens");
    let body = event.to_string();
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("fakecloud reads the request");
    std::thread::sleep(Duration::from_secs(1));
}
