//! The token with which a Pod fetches its code stays between the Pod's init container and fakecloud.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, LogLevel, Namespace, Pod, eventually, with_temp_ns};

/// Everything that a function can read about the processes of its container.
const PRY: &str = r#"
import glob, os

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("latin-1")
    except OSError:
        return ""

def handler(event, context):
    print("the handler ran")
    paths = glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline")
    return [dict(os.environ)] + [read(path) for path in paths]
"#;

#[test]
fn token_is_in_no_log_and_no_main_container() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Trace, &[]);
        fakecloud.lambda.create_function("prying", &Function::python(PRY));
        let seen_inside = fakecloud.lambda.invoke("prying", &Value::Null).returned().to_string();
        let pod = ns.pods_of("prying").remove(0);
        let token = token(&pod);
        let [fetch_log, function_log] = [("fetch", ""), ("function", "the handler ran")]
            .map(|(container, expected)| container_log(ns, &pod, container, expected));

        // Each place is the right one: it holds what it should.
        assert!(seen_inside.contains("AWS_LAMBDA_FUNCTION_NAME"), "{seen_inside}");
        assert!(fakecloud.log().contains(&pod.name) && fakecloud.log().contains("TRACE"), "{}", fakecloud.log());
        for (place, text) in [
            ("the function's sight", &seen_inside),
            ("the main container's log", &function_log),
            ("the init container's log", &fetch_log),
            ("fakecloud's log", &fakecloud.log()),
            ("the Pod outside of the init container's environment", &without_init_environment(&pod)),
        ] {
            assert!(!text.contains(&token), "{place} holds the token");
        }
    });
}

#[test]
fn artifacts_need_the_very_token_of_their_pod() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        for name in ["mine", "theirs"] {
            fakecloud.lambda.create_function(name, &Function::python_report());
            fakecloud.lambda.invoke(name, &Value::Null).returned();
        }
        let [mine, theirs] = ["mine", "theirs"].map(|name| ns.pods_of(name).remove(0));
        assert_ne!(token(&mine), token(&theirs));

        let path = format!("/_fakecloud/lambda/_internal/code/{}", mine.name);
        for (bearer, status) in [(None, 401), (Some("guessed"), 401), (Some(token(&theirs).as_str()), 401)] {
            let answer = fakecloud.lambda.get_as(&path, bearer);
            assert_eq!(answer.status, status, "with {bearer:?}: {answer}");
        }
        let code = fakecloud.lambda.get_as(&path, Some(&token(&mine)));
        assert_eq!(code.status, 200, "{code}");
        assert_eq!(files(&code.body), [("app.py".to_owned(), include_str!("functions/report.py").to_owned())]);
    });
}

/// The files of a tar.
fn files(tar: &[u8]) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().expect("it is a tar").map(|entry| entry.expect("it is a whole tar"));
    let file = |mut entry: tar::Entry<'_, &[u8]>| {
        let mut content = String::new();
        entry.read_to_string(&mut content).expect("the file is text");
        (entry.path().expect("the entry has a name").display().to_string(), content)
    };
    entries.map(file).collect()
}

/// The log of a container, once it has what is expected: a function answers before the kubelet knows that it runs.
fn container_log(ns: &Namespace, pod: &Pod, container: &str, expected: &str) -> String {
    let container = format!("--container={container}");
    eventually("the container has a log", || {
        let log = ns.kubectl.attempt(&["logs", &pod.name, &container]);
        (log.contains(expected) && !log.contains("is waiting to start")).then_some(log)
    })
}

fn token(pod: &Pod) -> String {
    let environment = pod.container("fetch")["env"].as_array().expect("the init container has variables");
    let variable = environment.iter().find(|variable| variable["name"] == "FAKECLOUD_TOKEN");
    let token = variable.and_then(|variable| variable["value"].as_str()).unwrap_or_default();
    assert!(token.len() >= 32, "the init container's token is {token:?}");
    token.to_owned()
}

fn without_init_environment(pod: &Pod) -> String {
    let mut object = pod.object.clone();
    for container in object["spec"]["initContainers"].as_array_mut().expect("the Pod fetches code") {
        container["env"] = json!([]);
    }
    object.to_string()
}
