//! Extensions as processes, with telemetry.

use std::os::unix::fs::PermissionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

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
    let seen = environment.folder.path().join("seen");
    // The extension asks for batches every 25 ms, and gets none any more once it ends.
    let told = || std::fs::read_to_string(&seen).unwrap().matches("platform.report").count();
    until(|| told() == 2);
    let killed = std::process::Command::new("kill").arg(environment.supervisor.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(environment.supervisor.wait().unwrap().success());
    let seen = std::fs::read_to_string(seen).unwrap();
    let events: Vec<&str> = seen.lines().filter(|line| !line.contains(' ')).collect();
    assert_eq!(events, ["INVOKE", "INVOKE", "SHUTDOWN"]);
    for kind in ["platform.initStart", "platform.start", "function hello", "platform.runtimeDone", "platform.report"] {
        assert!(seen.contains(kind), "no {kind} in {seen}");
    }
}

/// Waits for what comes within milliseconds, and fails when it does not come at all.
fn until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "it did not come");
        sleep(Duration::from_millis(5));
    }
}
