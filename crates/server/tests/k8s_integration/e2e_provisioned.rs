//! Pods that are there before anybody calls.

use serde_json::{Value, json};

use crate::harness::{Clients, Fakecloud, Function, LogLevel, eventually, with_temp_ns};

const WHERE_AND_HOW: &str = r#"
import os, socket, time

def handler(event, context):
    time.sleep(1)
    return {"pod": socket.gethostname(), "how": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]}
"#;

#[test]
fn provisioned_version_is_ready_and_its_invocations_start_no_pod() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_IDLE_TTL", "1s")]);
        let lambda = &fakecloud.lambda;
        lambda.create_function("ready", &Function::python(WHERE_AND_HOW));
        let report = Clients::new(ns).python_program("provision.py", &[&lambda.endpoint, "ready", "2"]);
        let expected = json!({"put": "IN_PROGRESS", "status": "READY", "reason": null, "figures": [2, 2, 2]});
        assert_eq!(serde_json::from_str::<Value>(&report).unwrap(), expected);

        // The idle TTL is over, and would have ended Pods on demand.
        std::thread::sleep(std::time::Duration::from_secs(3));
        let names = || ns.pods_of("ready").into_iter().map(|pod| pod.name).collect::<Vec<_>>();
        let there = names();
        assert_eq!(there.len(), 2);
        let answers = std::thread::scope(|scope| {
            let invoke = || lambda.invoke("ready:1", &Value::Null).returned();
            let threads = [scope.spawn(invoke), scope.spawn(invoke)];
            threads.map(|thread| thread.join().unwrap())
        });
        for answer in &answers {
            assert_eq!(answer["how"], "provisioned-concurrency");
            assert!(there.iter().any(|name| answer["pod"] == *name), "{answer} ran on none of {there:?}");
        }
        assert_ne!(answers[0]["pod"], answers[1]["pod"]);
        assert_eq!(names(), there, "no Pod was started for them");

        ns.kubectl.text(&["delete", "pod", "--now", &there[0]]);
        eventually("the deleted Pod is replaced", || {
            let now = names();
            (now.len() == 2 && !now.contains(&there[0])).then_some(())
        });
    });
}

#[test]
fn alias_that_moves_is_answered_by_provisioned_pods_only_first_the_old_then_the_new() {
    with_temp_ns(|ns| {
        // A Pod that runs an invocation when it stops being provisioned becomes an ordinary one, which idles first.
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_IDLE_TTL", "5s")]);
        fakecloud.lambda.create_function("moves", &Function::python(&WHERE_AND_HOW.replace("sleep(1)", "sleep(0)")));
        let program = Clients::new(ns).python_program("move_alias.py", &[&fakecloud.lambda.endpoint, "moves"]);
        let report: Value = serde_json::from_str(&program).unwrap();
        assert_eq!((&report["weights"], &report["status"]), (&json!({"1": 1.0}), &json!("READY")), "{report}");

        let answers = report["answers"].as_array().unwrap();
        let mut seen: Vec<(&Value, &Value)> = Vec::new();
        for answer in answers {
            assert_eq!((&answer[1], &answer[2]["how"]), (&Value::Null, &json!("provisioned-concurrency")), "{report}");
            let one = (&answer[0], &answer[2]["pod"]);
            if seen.last() != Some(&one) {
                seen.push(one);
            }
        }
        assert!(matches!(seen[..], [(one, _), (two, _)] if (one, two) == (&json!("1"), &json!("2"))), "{report}");
        assert!(answers.len() > 2, "the move should take as long as a start: {report}");
        eventually("the old version's Pod is gone", || {
            let pods = ns.pods_of("moves");
            (pods.len() == 1 && seen[1].1 == &pods[0].name).then_some(())
        });
    });
}

#[test]
fn image_that_cannot_be_pulled_is_the_status_reason() {
    const IMAGE: &str = "registry.invalid/nope:1";
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12", IMAGE);
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        fakecloud.lambda.create_function("imageless", &Function::python(WHERE_AND_HOW));
        let args = [fakecloud.lambda.endpoint.as_str(), "imageless", "1"];
        let report: Value = serde_json::from_str(&Clients::new(ns).python_program("provision.py", &args)).unwrap();
        assert_eq!((&report["status"], &report["figures"][2]), (&json!("FAILED"), &json!(0)), "{report}");
        assert!(report["reason"].as_str().is_some_and(|reason| reason.contains(IMAGE)), "{report}");
    });
}
