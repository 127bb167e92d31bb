//! Extensions as processes, with telemetry.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::fakecloud::{Environment, python};

/// An extension that subscribes to telemetry and writes what it gets, and its events, to a file.
const EXTENSION: &str = include_str!("extension.py");

#[test]
fn extension_gets_events_and_telemetry_and_ends_with_the_environment() {
    let mut environment = Environment::with(json!({}), |folder| {
        let path = folder.join("extensions/agent");
        let program = format!("#!{}\nSEEN = {:?}\n{EXTENSION}", python(), folder.join("seen").display().to_string());
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(folder.join("extensions/README"), "no executable").unwrap();
    });
    assert_eq!(environment.invoke("a", &json!({"do": "print", "text": "hello\n"})).json(), json!(null));
    assert_eq!(environment.invoke("b", &json!({"do": "echo", "value": 1})).json(), 1);
    let killed = std::process::Command::new("kill").arg(environment.supervisor.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(environment.supervisor.wait().unwrap().success());
    let seen = std::fs::read_to_string(environment.folder.path().join("seen")).unwrap();
    let events: Vec<&str> = seen.lines().filter(|line| !line.contains(' ')).collect();
    assert_eq!(events, ["INVOKE", "INVOKE", "SHUTDOWN"]);
    for kind in ["platform.initStart", "platform.start", "function hello", "platform.runtimeDone", "platform.report"] {
        assert!(seen.contains(kind), "no {kind} in {seen}");
    }
}
