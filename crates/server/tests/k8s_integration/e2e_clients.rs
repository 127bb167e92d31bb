//! AWS's own clients create functions of three kinds of runtime and invoke them cold and warm, and in every way.

use crate::harness::{Clients, Fakecloud, Function, Namespace, Order, Report, with_temp_ns};

#[test]
fn boto3_invokes_python_node_and_a_custom_runtime() {
    with_temp_ns(|ns| invoke_all_runtimes(ns, Clients::boto3));
}

#[test]
fn aws_cli_invokes_python_node_and_a_custom_runtime() {
    with_temp_ns(|ns| invoke_all_runtimes(ns, Clients::aws_cli));
}

#[test]
fn javascript_sdk_invokes_python_node_and_a_custom_runtime() {
    with_temp_ns(|ns| invoke_all_runtimes(ns, Clients::javascript));
}

#[test]
fn boto3_invokes_in_every_way_and_up_to_the_limits_of_payloads() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let said = Clients::new(ns).python_program("invocations.py", &[&fakecloud.lambda.endpoint]);
        assert_eq!(said, "done\n");
    });
}

fn invoke_all_runtimes<'ns>(ns: &'ns Namespace, client: fn(&Clients<'ns>, &Order<'_>) -> Report) {
    let fakecloud = Fakecloud::start(ns);
    let clients = Clients::new(ns);
    let functions = [
        ("in-python", Function::python_report()),
        ("in-node", Function::node_report()),
        ("in-shell", Function::provided_report()),
    ];
    for (name, function) in &functions {
        let report = client(&clients, &Order { lambda: &fakecloud.lambda, name, function });
        check(name, &report);
    }
}

fn check(name: &str, report: &Report) {
    assert_eq!(report.arn, format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"), "{report:#?}");
    assert_eq!(report.listed, [name], "{report:#?}");
    assert_eq!(report.missing, "ResourceNotFoundException", "{report:#?}");
    for (call, seen, count) in [("cold", &report.cold, 1), ("warm", &report.warm, 2)] {
        assert_eq!((seen.status, seen.version.as_str(), seen.error.as_deref()), (200, "$LATEST", None), "{report:#?}");
        assert_eq!(seen.payload["event"]["call"], call, "{report:#?}");
        assert_eq!(seen.payload["count"], count, "{report:#?}");
        assert_eq!(seen.payload["pod"], report.cold.payload["pod"], "{report:#?}");
    }
    let pod = report.cold.payload["pod"].as_str().unwrap_or_default();
    assert!(pod.starts_with(&format!("fakecloud-lambda-{name}-")), "{report:#?}");
}
