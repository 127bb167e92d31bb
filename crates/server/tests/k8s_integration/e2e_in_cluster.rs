//! fakecloud as `deploy/` runs it: a Deployment behind a Service.

use serde_json::{Value, json};

use crate::harness::{Clients, Function, Kubectl, Lambda, Order, Pod, unique, with_temp_ns};

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
        let name = format!("in-cluster-{}", unique());
        let order = Order { lambda: &deployed(), name: &name, function: &Function::python_report() };
        let report = Clients::new(ns).boto3(&order);
        assert_eq!(report.warm.payload["event"], json!({"call": "warm"}), "{report:#?}");
        assert_eq!((&report.warm.payload["count"], report.missing.as_str()), (&json!(2), "ResourceNotFoundException"));
    });
}

#[test]
fn function_reaches_another_through_the_services_dns_name() {
    let lambda = deployed();
    let [caller, callee] = ["caller", "callee"].map(|role| format!("{role}-{}", unique()));
    lambda.create_function(&caller, &Function::python(CALLER));
    lambda.create_function(&callee, &Function::python_report());

    let returned = lambda.invoke(&caller, &json!({"endpoint": DNS_NAME, "callee": callee})).returned();
    let pods = Pod::list(&kubectl(), &format!("fakecloud-lambda={callee}"));
    lambda.delete_function(&caller);
    lambda.delete_function(&callee);

    assert_eq!(returned["health"], "ok");
    assert_eq!(returned["invoked"]["event"], "over DNS");
    assert_eq!(pods.iter().map(|pod| pod.name.as_str()).collect::<Vec<_>>(), [&returned["invoked"]["pod"]]);
    let owner = &pods[0].object["metadata"]["ownerReferences"][0];
    assert_eq!(owner["kind"], "Pod");
    assert!(owner["name"].as_str().is_some_and(|name| name.starts_with("fakecloud-")), "{owner}");
}

/// The deployed fakecloud, by its Service's address.
fn deployed() -> Lambda {
    let service = kubectl().json(&["get", "service", "fakecloud"]);
    let Value::String(address) = &service["spec"]["clusterIP"] else { panic!("no cluster IP: {service:#}") };
    Lambda::new(&format!("http://{address}:4566"))
}

fn kubectl() -> Kubectl {
    Kubectl::admin().in_namespace(NAMESPACE)
}
