//! fakecloud as `deploy/` runs it: a Deployment behind a Service.

use std::thread;

use serde_json::{Value, json};

use crate::harness::{Clients, Function, Kubectl, Lambda, Order, Pod, describe, require_cluster, unique, with_temp_ns};

const NAMESPACE: &str = "fakecloud";
const DNS_NAME: &str = "http://fakecloud.fakecloud.svc.cluster.local:4566";

/// Asks the given endpoint for its health, and to invoke another function.
const CALLER: &str = r#"
import json, urllib.request

def ask(url, body=None):
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=25) as answer:
        return json.load(answer)

def handler(event, context):
    endpoint, callee = event["endpoint"], event["callee"]
    invoked = ask(f"{endpoint}/2015-03-31/functions/{callee}/invocations", json.dumps("over DNS").encode())
    return {"health": ask(f"{endpoint}/_fakecloud/health")["status"], "invoked": invoked}
"#;

#[test]
fn boto3_invokes_through_the_service() {
    with_temp_ns(|ns| {
        let deployed = Deployed::find();
        let name = format!("in-cluster-{}", unique());
        let order = Order { lambda: &deployed.lambda, name: &name, function: &Function::python_report() };
        let report = Clients::new(ns).boto3(&order);
        assert_eq!(report.warm.payload["event"], json!({"call": "warm"}), "{report:#?}");
        assert_eq!((&report.warm.payload["count"], report.missing.as_str()), (&json!(2), "ResourceNotFoundException"));
    });
}

#[test]
fn function_reaches_another_through_the_services_dns_name() {
    require_cluster();
    let deployed = Deployed::find();
    let [caller, callee] = ["caller", "callee"].map(|role| format!("{role}-{}", unique()));
    deployed.lambda.create_function(&caller, &Function::python(CALLER));
    deployed.lambda.create_function(&callee, &Function::python_report());
    let returned = deployed.lambda.invoke(&caller, &json!({"endpoint": DNS_NAME, "callee": callee})).returned();

    assert_eq!(returned["health"], "ok");
    assert_eq!(returned["invoked"]["event"], "over DNS");
    let pods = Pod::list(&deployed.kubectl, &format!("fakecloud-lambda={callee}"));
    assert_eq!(pods.iter().map(|pod| pod.name.as_str()).collect::<Vec<_>>(), [&returned["invoked"]["pod"]]);
    let owner = &pods[0].object["metadata"]["ownerReferences"][0];
    assert_eq!(owner["kind"], "Pod");
    assert!(owner["name"].as_str().is_some_and(|name| name.starts_with("fakecloud-")), "{owner}");
    for function in [&caller, &callee] {
        deployed.lambda.delete_function(function);
    }
}

/// The fakecloud that `deploy/` describes; says what is wrong with it when a test fails.
struct Deployed {
    lambda: Lambda,
    kubectl: Kubectl,
}

impl Deployed {
    /// By its Service's address.
    fn find() -> Self {
        let kubectl = Kubectl::admin().in_namespace(NAMESPACE);
        let service = kubectl.json(&["get", "service", "fakecloud"]);
        let Value::String(address) = &service["spec"]["clusterIP"] else { panic!("no cluster IP: {service:#}") };
        Self { lambda: Lambda::new(&format!("http://{address}:4566")), kubectl }
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        if thread::panicking() {
            describe(&self.kubectl);
        }
    }
}
