//! The components of `deploy/` that change its Deployment do so, as it is now: nothing older than kubectl 1.21 reads them.

use std::fs;

use serde_json::Value;

use crate::paths;

fn read(file: &str) -> Value {
    let text = fs::read_to_string(paths::repo().join("deploy").join(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// Carries out the operations of JSON Patch (RFC 6902) that components use, where their paths exist.
fn patch(object: &mut Value, operations: &str) {
    let operations: Vec<Value> = serde_saphyr::from_str(operations).unwrap();
    for operation in operations {
        let path = operation["path"].as_str().unwrap();
        let (parent, last) = path.rsplit_once('/').unwrap();
        let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {path}"));
        match operation["op"].as_str().unwrap() {
            "remove" => {
                drop(parent.as_object_mut().unwrap().remove(last).unwrap_or_else(|| panic!("there is no {path}")))
            }
            "add" if last == "-" => parent.as_array_mut().unwrap().push(operation["value"].clone()),
            other => panic!("{other} {path}"),
        }
    }
}

#[test]
fn on_openshift_no_pod_states_a_user() {
    let component = read("components/openshift/kustomization.yaml");
    let mut deployment = read("deployment.yaml");
    for one in component["patches"].as_array().unwrap() {
        assert_eq!(one["target"]["kind"], deployment["kind"]);
        assert_eq!(one["target"]["name"], deployment["metadata"]["name"]);
        patch(&mut deployment, one["patch"].as_str().unwrap());
    }
    let text = deployment.to_string();
    for member in ["runAsUser", "runAsGroup", "fsGroup"] {
        assert!(!text.contains(&format!("{member:?}")), "{member} is stated: {text}");
    }
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let variables = pod["containers"][0]["env"].as_array().unwrap();
    let user = variables.iter().find(|one| one["name"] == "FAKECLOUD_K8S_RUN_AS_USER").unwrap();
    assert_eq!(user["value"], "image");
}

#[test]
fn fakecloud_refuses_more_data_before_its_node_ends_the_pod() {
    let deployment = read("deployment.yaml");
    let pod = &deployment["spec"]["template"]["spec"];
    let size = pod["volumes"][0]["emptyDir"]["sizeLimit"].as_str().unwrap();
    let variables = pod["containers"][0]["env"].as_array().unwrap();
    let limit = variables.iter().find(|one| one["name"] == "FAKECLOUD_DATA_LIMIT").unwrap();
    let gibibytes = |text: &str, unit| -> u64 { text.strip_suffix(unit).unwrap().parse().unwrap() };
    let (limit, size) = (gibibytes(limit["value"].as_str().unwrap(), "GiB"), gibibytes(size, "Gi"));
    assert!(limit * 5 <= size * 4, "{limit} GiB is more than four fifths of {size} GiB");
}

#[test]
fn fakecloud_asks_for_nodes_of_linux() {
    let deployment = read("deployment.yaml");
    assert_eq!(deployment["spec"]["template"]["spec"]["nodeSelector"]["kubernetes.io/os"], "linux");
}
