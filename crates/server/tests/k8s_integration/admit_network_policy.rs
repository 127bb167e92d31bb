//! Who reaches whom under the NetworkPolicy of `deploy/`. The network of the test cluster enforces none, so what the policy
//! says is read here, as strictly as the API server's words allow: a part that this test does not know fails it.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use crate::harness::{Fakecloud, Function, Kubectl, Pod, with_temp_ns};

/// Of `deploy/`.
const NAMESPACE: &str = "fakecloud";
const FILE: &str = "deploy/components/networkpolicy/networkpolicy.yaml";
const EMULATOR: (&str, u16) = ("TCP", 8080);

/// The policy as the API server admits it.
fn policy() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(FILE);
    let file = file.to_str().expect("the repository's path is UTF-8");
    Kubectl::admin().json(&["apply", "--server-side", "--dry-run=server", "--filename", file])
}

#[test]
fn functions_take_connections_from_fakecloud_alone_and_reach_no_metadata() {
    let policy = policy();
    assert_eq!(policy["metadata"]["namespace"], NAMESPACE);
    assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
    let fakecloud = Pod::list(&Kubectl::admin().in_namespace(NAMESPACE), "app.kubernetes.io/name=fakecloud");
    let fakecloud = &fakecloud.first().expect("deploy/ is deployed").object["metadata"]["labels"];
    with_temp_ns(|ns| {
        let server = Fakecloud::start(ns);
        server.lambda.create_function("hello", &Function::python_report());
        server.lambda.invoke("hello", &json!(1)).returned();
        let function = ns.pods_of("hello").remove(0).object;
        let labels = &function["metadata"]["labels"];
        let spec = policy["spec"].as_object().expect("a policy has a spec");
        assert!(selects(&spec["podSelector"], labels), "{labels}");
        assert!(!selects(&spec["podSelector"], fakecloud), "fakecloud itself is open: {fakecloud}");

        assert!(admits(spec, fakecloud, EMULATOR), "invocations");
        assert!(!admits(spec, fakecloud, ("TCP", 9001)), "no other port");
        assert!(!admits(spec, labels, EMULATOR), "another function's Pod");
        for stranger in [json!({}), json!({"app.kubernetes.io/name": "other"}), json!({"app": "fakecloud"})] {
            assert!(!admits(spec, &stranger, EMULATOR), "{stranger}");
        }

        let own = function["status"]["podIP"].as_str().expect("a Pod that answered has an address");
        for open in [own, "10.0.0.1", "192.0.2.1", "8.8.8.8", "168.63.129.17", "2001:db8::1", "fd00:ec2::253"] {
            assert!(reaches(spec, open, ("TCP", 4566)), "{open}");
        }
        let metadata = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.20.10", "100.100.100.200"];
        let others = ["192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fe80::1"];
        for closed in metadata.into_iter().chain(others) {
            assert!(!reaches(spec, closed, ("TCP", 80)), "{closed}");
        }
        for cache in ["169.254.20.10", "169.254.25.10", "169.254.10.10", "169.254.10.11"] {
            assert!(
                reaches(spec, cache, ("UDP", 53)) && !reaches(spec, cache, ("TCP", 80)),
                "a node's cache of DNS: {cache}"
            );
        }
        assert!(!reaches(spec, "169.254.169.254", ("UDP", 53)));
    });
}

/// Whether a selector chooses what has these labels. An empty one chooses all.
fn selects(selector: &Value, labels: &Value) -> bool {
    known(selector, &["matchLabels"]);
    let wanted = selector["matchLabels"].as_object().expect("the policy selects by labels");
    wanted.iter().all(|(key, value)| labels[key] == *value)
}

/// Whether a Pod of the same namespace may open a connection to a port of a function's Pod.
fn admits(spec: &Map<String, Value>, labels: &Value, port: (&str, u16)) -> bool {
    rules(&spec["ingress"]).any(|rule| {
        known(rule, &["from", "ports"]);
        // Without `from` a rule is for everybody, without `ports` for every port.
        let from = rule["from"].as_array().is_none_or(|peers| {
            peers.iter().any(|peer| {
                known(peer, &["podSelector"]);
                selects(&peer["podSelector"], labels)
            })
        });
        from && is_open(rule, port)
    })
}

/// Whether a function's Pod may open a connection to an address and port.
fn reaches(spec: &Map<String, Value>, address: &str, port: (&str, u16)) -> bool {
    let address: IpAddr = address.parse().expect("it is an address");
    let network = |text: &Value| text.as_str().and_then(|text| text.parse::<IpNet>().ok()).expect("it is a network");
    rules(&spec["egress"]).any(|rule| {
        known(rule, &["to", "ports"]);
        let to = rule["to"].as_array().is_none_or(|peers| {
            peers.iter().any(|peer| {
                known(peer, &["ipBlock"]);
                let block = &peer["ipBlock"];
                known(block, &["cidr", "except"]);
                let mut except = block["except"].as_array().into_iter().flatten();
                network(&block["cidr"]).contains(&address) && !except.any(|one| network(one).contains(&address))
            })
        });
        to && is_open(rule, port)
    })
}

fn is_open(rule: &Value, (protocol, port): (&str, u16)) -> bool {
    rule["ports"].as_array().is_none_or(|ports| {
        ports.iter().any(|one| {
            known(one, &["protocol", "port"]);
            one["protocol"] == protocol && one["port"] == port
        })
    })
}

fn rules(rules: &Value) -> impl Iterator<Item = &Value> {
    rules.as_array().expect("there are rules").iter()
}

/// Nothing else is said than what this test understands.
fn known(object: &Value, members: &[&str]) {
    let object = object.as_object().expect("it is an object");
    assert!(object.keys().all(|key| members.contains(&key.as_str())), "{object:?}");
}
