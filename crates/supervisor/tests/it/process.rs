//! The duties of a process: variables, limits, signals, and the end.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use serde_json::json;

use crate::fakecloud::Environment;

#[test]
fn nothing_of_ours_is_in_the_runtimes_environment() {
    let mut environment =
        Environment::with(json!({"variables": {"MINE": "1"}, "defaults": {"AWS_ENDPOINT_URL": "http://f"}}), |_| {});
    let variables = environment.invoke("a", &json!({"do": "environment"})).json();
    assert_eq!((&variables["MINE"], &variables["AWS_ENDPOINT_URL"]), (&json!("1"), &json!("http://f")));
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "f");
    let ours = variables.as_object().unwrap().keys().find(|name| name.starts_with("FAKECLOUD"));
    assert_eq!(ours, None);
}

#[test]
fn runtime_has_1024_descriptors() {
    let mut environment = Environment::start();
    let code = "__import__('resource').getrlimit(__import__('resource').RLIMIT_NOFILE)";
    assert_eq!(environment.invoke("a", &json!({"do": "eval", "code": code})).json(), json!([1024, 1024]));
}

#[test]
fn processes_that_a_runtime_leaves_behind_end_with_it() {
    let mut environment = Environment::start();
    let code = "__import__('subprocess').Popen(['sleep', '600']).pid";
    let pid = environment.invoke("a", &json!({"do": "eval", "code": code})).json().as_u64().unwrap();
    assert!(is_running(pid));
    environment.invoke("b", &json!({"do": "exit", "status": 1}));
    environment.invoke("c", &json!({"do": "echo"}));
    assert!(!is_running(pid), "{pid} runs on");
}

#[test]
fn failed_initialisation_is_told_with_the_connection_and_tried_again() {
    let mut environment = Environment::with(json!({"variables": {"INIT": "error"}}), |_| {});
    assert_eq!(environment.asked.field("fakecloud-init"), Some("failed"));
    assert_eq!(environment.asked.field("fakecloud-error-type"), Some("Runtime.ImportModuleError"));
    let answer = environment.invoke("a", &json!({}));
    assert_eq!(answer.error_type(), Some("Runtime.ImportModuleError"));
    assert_eq!(answer.json(), json!({"errorMessage": "no module", "errorType": "Runtime.ImportModuleError"}));

    let mut environment = Environment::with(json!({"variables": {"INIT": "exit"}}), |_| {});
    let answer = environment.invoke("a", &json!({}));
    let message = "RequestId: a Error: Runtime exited with error: exit status 7";
    assert_eq!(answer.json(), json!({"errorType": "Runtime.ExitError", "errorMessage": message}));
}

#[test]
fn program_that_is_not_there_is_told_with_its_path() {
    let mut environment = Environment::with(json!({"command": ["/nowhere/bootstrap"]}), |_| {});
    let answer = environment.invoke("a", &json!({}));
    assert_eq!(answer.error_type(), Some("Runtime.InvalidEntrypoint"));
    assert_eq!(
        answer.json()["errorMessage"],
        "RequestId: a Error: fork/exec /nowhere/bootstrap: no such file or directory"
    );

    let mut environment = Environment::with(json!({"workingDirectory": "/nowhere"}), |_| {});
    let answer = environment.invoke("a", &json!({}));
    assert_eq!(answer.error_type(), Some("Runtime.InvalidWorkingDir"));
    assert_eq!(answer.json()["errorMessage"], "RequestId: a Error: chdir /nowhere: no such file or directory");
}

#[test]
fn sigterm_ends_the_environment() {
    let mut environment = Environment::start();
    let pid = environment.invoke("a", &json!({"do": "environment"})).json()["pid"].as_u64().unwrap();
    let killed = Command::new("kill").arg(environment.supervisor.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(environment.supervisor.wait().unwrap().success());
    assert!(!is_running(pid), "the runtime runs on");
}

#[test]
fn connection_that_breaks_is_dialled_again_and_is_the_same_environment() {
    let mut environment = Environment::start();
    let pid = environment.invoke("a", &json!({"do": "environment"})).json()["pid"].clone();
    environment.break_connection();
    environment.reconnected();
    assert_eq!(environment.invoke("b", &json!({"do": "environment"})).json()["pid"], pid);
}

#[test]
fn environment_ends_itself_when_fakecloud_is_gone() {
    let mut environment = Environment::start();
    let pid = environment.invoke("a", &json!({"do": "environment"})).json()["pid"].as_u64().unwrap();
    environment.break_connection();
    environment.stop_listening();
    assert!(environment.supervisor.wait().unwrap().success());
    assert!(!is_running(pid), "the runtime runs on");
}

#[test]
fn flood_of_connections_and_nonsense_leaves_the_runtime_served() {
    let mut environment = Environment::start();
    let mut strangers = Vec::new();
    for number in 0..600 {
        let Ok(mut stranger) = TcpStream::connect(&environment.api) else { continue };
        let nonsense: &[u8] = match number % 4 {
            0 => b"",
            1 => {
                b"POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: x\r\nContent-Length: 9\r\n\r\n"
            }
            2 => b"\0\0\0\r\n\r\n",
            _ => b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        };
        let _ = stranger.write_all(nonsense);
        strangers.push(stranger);
    }
    assert_eq!(environment.invoke("a", &json!({"do": "echo", "value": 1})).json(), 1);
    drop(strangers);
    assert_eq!(environment.invoke("b", &json!({"do": "echo", "value": 2})).json(), 2);
}

/// Whether a process is there and no zombie.
fn is_running(pid: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}
