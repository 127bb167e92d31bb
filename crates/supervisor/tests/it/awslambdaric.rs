//! AWS's own runtime client for Python, from PyPI.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::fakecloud::{Environment, python};

const PACKAGE: &str = "awslambdaric==4.2.2";

const HANDLER: &str = "
import os, time
def handler(event, context):
    if event.get('raise'):
        raise ValueError('no')
    if event.get('exit'):
        os._exit(5)
    print('id', context.aws_request_id)
    return {'event': event, 'arn': context.invoked_function_arn, 'left': context.get_remaining_time_in_millis() > 0}
";

#[test]
fn function_of_awslambdaric_answers_raises_exits_and_logs() {
    let packages = packages();
    let differs = json!({
        "command": [python(), "-m", "awslambdaric", "app.handler"],
        "variables": {"PYTHONPATH": packages}, "executionEnv": "AWS_Lambda_python3.11", "timeoutMs": 30_000,
    });
    let mut environment = Environment::with(differs, |folder| std::fs::write(folder.join("app.py"), HANDLER).unwrap());
    assert_eq!(environment.asked.field("fakecloud-init"), Some("done"));
    let answer = environment.invoke("a", &json!({"n": 1}));
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
    assert_eq!(answer.json(), json!({"event": {"n": 1}, "arn": arn, "left": true}));
    assert_eq!(environment.lines_to("REPORT")[1], "id a");
    let raised = environment.invoke("b", &json!({"raise": true}));
    assert_eq!(raised.error_type(), Some("Function.Unknown"));
    assert_eq!((&raised.json()["errorType"], &raised.json()["errorMessage"]), (&json!("ValueError"), &json!("no")));
    let traceback = environment.lines_to("REPORT").into_iter().find(|line| line.contains("[ERROR] ValueError: no"));
    assert!(traceback.is_some());
    let exited = environment.invoke("c", &json!({"exit": true}));
    assert_eq!(exited.json()["errorMessage"], "RequestId: c Error: Runtime exited with error: exit status 5");
    assert_eq!(environment.invoke("d", &json!({})).error_type(), None);
}

#[test]
fn module_that_is_missing_is_told_as_awslambdaric_tells_it() {
    let differs = json!({
        "command": [python(), "-m", "awslambdaric", "nothing.handler"],
        "variables": {"PYTHONPATH": packages()}, "timeoutMs": 30_000,
    });
    let mut environment = Environment::with(differs, |_| {});
    assert_eq!(environment.asked.field("fakecloud-error-type"), Some("Runtime.ImportModuleError"));
    let answer = environment.invoke("a", &json!({}));
    assert_eq!(answer.json()["errorType"], "Runtime.ImportModuleError");
}

#[test]
fn hooks_of_snapstart_run_before_the_snapshot_and_after_the_restore() {
    let handler = "
from snapshot_restore_py import register_after_restore, register_before_snapshot
seen = []
register_before_snapshot(lambda: seen.append('before'))
register_after_restore(lambda: seen.append('after'))
def handler(event, context):
    return seen
";
    let differs = json!({
        "command": [python(), "-m", "awslambdaric", "app.handler"],
        "variables": {"PYTHONPATH": packages()}, "initialization": "snap-start",
    });
    let mut environment = Environment::with(differs, |folder| std::fs::write(folder.join("app.py"), handler).unwrap());
    assert_eq!(environment.asked.field("fakecloud-init"), Some("done"));
    assert_eq!(environment.invoke("a", &json!({})).json(), json!(["before", "after"]));
    assert!(environment.line().starts_with("INIT_REPORT Init Duration: "));
    assert!(environment.line().starts_with("RESTORE_REPORT Restore Duration: "));
}

#[test]
fn json_log_has_one_object_for_each_record_of_awslambdaric() {
    let handler = "
import logging
def handler(event, context):
    logging.getLogger().warning('two\\nlines')
    logging.getLogger().info('too little')
";
    let differs = json!({
        "command": [python(), "-m", "awslambdaric", "app.handler"], "variables": {"PYTHONPATH": packages()},
        "logFormat": "JSON", "applicationLogLevel": "WARN", "timeoutMs": 30_000,
    });
    let mut environment = Environment::with(differs, |folder| std::fs::write(folder.join("app.py"), handler).unwrap());
    assert_eq!(environment.invoke("a", &json!({})).error_type(), None);
    let mut parsed = || -> serde_json::Value { serde_json::from_str(&environment.line()).unwrap() };
    assert_eq!(parsed()["type"], "platform.start");
    let record = parsed();
    assert_eq!((&record["level"], &record["message"]), (&json!("WARNING"), &json!("two\nlines")));
    assert_eq!(record["requestId"], "a");
    assert_eq!(parsed()["type"], "platform.report");
}

/// The folder with the package, installed by the first run.
fn packages() -> PathBuf {
    let cache = PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/fakecloud/python");
    std::fs::create_dir_all(&cache).unwrap();
    let folder = cache.join(format!("supervisor-{}", PACKAGE.replace("==", "-")));
    let lock = std::fs::File::create(cache.join(".lock-supervisor")).unwrap();
    lock.lock().unwrap();
    if !folder.is_dir() {
        let unfinished = tempfile::tempdir_in(&cache).unwrap();
        let target = unfinished.path().join("installed");
        let pip =
            Command::new(python()).args(["-m", "pip", "install", "--quiet", PACKAGE, "--target"]).arg(&target).status();
        assert!(pip.unwrap().success(), "pip cannot install {PACKAGE}");
        std::fs::rename(target, &folder).unwrap();
    }
    folder
}
