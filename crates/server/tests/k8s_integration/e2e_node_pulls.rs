//! Nodes pull from fakecloud by each of the ways that `docs/REGISTRY.md` has, and where they cannot, the caller hears what is
//! missing.

use serde_json::{Value, json};

use crate::harness::{
    Fakecloud, Function, Images, LogLevel, Namespace, NodeRegistry, eventually, host, stranger, with_temp_ns,
};

#[test]
fn node_that_is_told_nothing_is_missing_the_certificate_and_trusts_it_then() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let images = function_of_an_image(ns, &fakecloud);
        let registry = format!("{}:{}", host(), port(&fakecloud));
        let message = refusal(&fakecloud);
        for part in [format!("does not trust the certificate of {registry}").as_str(), "/_fakecloud/tls/ca.crt"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }

        let authority = fakecloud.lambda.get("/_fakecloud/tls/ca.crt").expect("fakecloud answers").body;
        let node = NodeRegistry::new(&registry);
        node.write("ca.crt", &String::from_utf8(authority).expect("PEM is a text"));
        // For half a second after a failed start, callers hear of that one.
        let answer = eventually("the node trusts fakecloud", || {
            Some(fakecloud.lambda.invoke("f", &Value::Null)).filter(|answer| answer.status == 200)
        });
        assert_eq!(answer.returned()["image"], "one");
        images.remove();
    });
}

#[test]
fn node_that_is_told_to_speaks_plain_http() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let images = function_of_an_image(ns, &fakecloud);
        let registry = format!("{}:{}", host(), port(&fakecloud));
        let node = NodeRegistry::new(&registry);
        node.write("hosts.toml", &format!("[host.\"http://{registry}\"]\n"));
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], "one");
        images.remove();
    });
}

#[test]
fn node_pulls_through_a_nodeport_on_localhost_without_being_told_anything() {
    with_temp_ns(|ns| {
        let ports = json!([{"name": "http", "port": 4566}]);
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "nodes"},
            "spec": {"type": "NodePort", "ports": ports},
        });
        ns.kubectl.create(&service);
        let node_port = ns.kubectl.json(&["get", "service", "nodes"])["spec"]["ports"][0]["nodePort"].clone();
        let registry = format!("localhost:{node_port}");

        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_K8S_ECR_URL", &registry)]);
        // fakecloud runs on the host: no selector finds it.
        ns.kubectl.create(&json!({
            "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "nodes"},
            "subsets": [{"addresses": [{"ip": host()}], "ports": [{"name": "http", "port": port(&fakecloud)}]}],
        }));
        let images = function_of_an_image(ns, &fakecloud);
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], "one");
        let image = ns.pods_of("f")[0].object["spec"]["containers"][0]["image"].to_string();
        assert!(image.contains(&registry), "{image}");
        images.remove();
    });
}

#[test]
fn pull_that_fails_says_what_is_missing() {
    with_temp_ns(|ns| {
        let plain = stranger(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec());
        for (registry, missing) in [
            ("localhost:9", "nothing listens at localhost:9"),
            ("registry.invalid:4566", "cannot resolve registry.invalid:4566"),
            (plain.trim_start_matches("http://"), "speaks plain HTTP"),
        ] {
            let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_K8S_ECR_URL", registry)]);
            let images = function_of_an_image(ns, &fakecloud);
            let message = refusal(&fakecloud);
            for part in [missing, &images.name, "docs/REGISTRY.md"] {
                assert!(message.contains(part), "{part} is missing in: {message}");
            }
        }
    });
}

/// Pushes an image to fakecloud and creates the function `f` of it.
fn function_of_an_image(ns: &Namespace, fakecloud: &Fakecloud<'_>) -> Images {
    let images = Images::new(ns);
    images.push(&fakecloud.registry(), "v1", "one");
    let uri = format!("000000000000.dkr.ecr.us-east-1.amazonaws.com/{}:v1", images.name);
    fakecloud.lambda.create_function("f", &Function::image(&uri, &Value::Null));
    images
}

/// What the caller hears when the function's Pod cannot start.
fn refusal(fakecloud: &Fakecloud<'_>) -> String {
    let answer = fakecloud.lambda.invoke("f", &Value::Null);
    assert_eq!(answer.status, 424, "{answer}");
    answer.error_message()
}

fn port(fakecloud: &Fakecloud<'_>) -> u16 {
    let registry = fakecloud.registry();
    let (_host, port) = registry.rsplit_once(':').expect("an address has a port");
    port.parse().expect("a port is a number")
}
