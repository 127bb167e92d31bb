//! What a function is made of reaches its Pods: code, updates of it, the environment, layers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Fakecloud, Function, Namespace, eventually, with_temp_ns};

const VERSION: &str = r#"
import os, socket

def handler(event, context):
    return {"pod": socket.gethostname(), "code": "CODE", "colour": os.environ.get("COLOUR")}
"#;

#[test]
fn code_update_reaches_a_new_pod() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("changing", &version("first"));
        let before = fakecloud.lambda.invoke("changing", &Value::Null).returned();
        assert_eq!(before["code"], "first");

        fakecloud.lambda.update_code("changing", &version("second"));
        let after = fakecloud.lambda.invoke("changing", &Value::Null).returned();
        assert_eq!(after["code"], "second");
        only_the_new_pod_remains(ns, &before, &after);
    });
}

#[test]
fn environment_update_reaches_a_new_pod() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("changing", &version("same").variable("COLOUR", "red"));
        let before = fakecloud.lambda.invoke("changing", &Value::Null).returned();
        assert_eq!(before["colour"], "red");

        let changes = json!({"Environment": {"Variables": {"COLOUR": "blue"}}});
        fakecloud.lambda.update_configuration("changing", &changes);
        let after = fakecloud.lambda.invoke("changing", &Value::Null).returned();
        assert_eq!(after["colour"], "blue");
        only_the_new_pod_remains(ns, &before, &after);
    });
}

#[test]
fn layers_land_in_opt_in_attach_order() {
    const READER: &str = r#"
import os
import from_layer

def handler(event, context):
    files = {name: open("/opt/" + name).read() for name in sorted(os.listdir("/opt")) if os.path.isfile("/opt/" + name)}
    return {"files": files, "imported": from_layer.ORIGIN}
"#;
    with_temp_ns(|ns| {
        let lambda = &Fakecloud::start(ns).lambda;
        let first = lambda.publish_layer(
            "first",
            &[("only-first", b"1"), ("shared", b"first"), ("python/from_layer.py", b"ORIGIN = 'first'")],
        );
        let second = lambda.publish_layer("second", &[("only-second", b"2"), ("shared", b"second")]);

        let ordered =
            |arns: &[&String]| Function::python(READER).layers(&arns.iter().copied().cloned().collect::<Vec<_>>());
        lambda.create_function("first-then-second", &ordered(&[&first, &second]));
        lambda.create_function("second-then-first", &ordered(&[&second, &first]));
        for (name, winner) in [("first-then-second", "second"), ("second-then-first", "first")] {
            let expected = json!({"only-first": "1", "only-second": "2", "shared": winner});
            let returned = lambda.invoke(name, &Value::Null).returned();
            assert_eq!(returned, json!({"files": expected, "imported": "first"}), "{name}");
        }
    });
}

#[test]
fn zip_of_40_mb_arrives_whole() {
    const HASHER: &str = r#"
import hashlib

def handler(event, context):
    with open("/var/task/ballast", "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
"#;
    with_temp_ns(|ns| {
        let mut ballast = vec![0; 40_000_000];
        getrandom::fill(&mut ballast).unwrap();
        let expected: String = Sha256::digest(&ballast).iter().map(|byte| format!("{byte:02x}")).collect();

        let fakecloud = Fakecloud::start(ns);
        let created = fakecloud.lambda.create_function("heavy", &Function::python(HASHER).file("ballast", ballast));
        assert!(created["CodeSize"].as_u64() > Some(40_000_000), "{created:#}");
        assert_eq!(fakecloud.lambda.invoke("heavy", &Value::Null).returned(), json!(expected));
    });
}

/// Made by `make.py` beside it: links, duplicates, zip64 extras, modes of all ones, a backslash.
const ODD: &[u8] = include_bytes!("../../../artifacts/tests/packers/function.zip");

#[test]
fn archive_with_all_that_real_packers_write_runs_as_on_aws() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let code = json!({"Code": {"ZipFile": STANDARD.encode(ODD)}});
        fakecloud.lambda.create_function("odd", &Function::python("").members(code));
        let expected = json!({
            "streamed": 1,
            "links": {"modules": "/opt/python", "dangling": "../nowhere"},
            "private": "read by its owner",
            "names": ["app.py", "dangling", r"lib\helper.txt", "modules", "private", "streamed.py"],
        });
        assert_eq!(fakecloud.lambda.invoke("odd", &Value::Null).returned(), expected);
        let log = fakecloud.log();
        for words in
            [r#"1 names have a backslash, "lib\\helper.txt" first"#, "1 entries may be read by their owner only"]
        {
            assert!(log.contains(words), "{words}: {log}");
        }
    });
}

fn version(code: &str) -> Function {
    Function::python(&VERSION.replace("CODE", code))
}

fn only_the_new_pod_remains(ns: &Namespace, before: &Value, after: &Value) {
    assert_ne!(after["pod"], before["pod"]);
    eventually("only the new Pod remains", || {
        let pods = ns.pods_of("changing");
        let names: Vec<_> = pods.iter().map(|pod| pod.name.as_str()).collect();
        (names == [&after["pod"]]).then_some(())
    });
}
