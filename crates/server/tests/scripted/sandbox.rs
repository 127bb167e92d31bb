//! What keeps a function where its operator wants it.

use reqwest::Method;
use serde_json::json;

use crate::api::Api;
use crate::server::Server;

#[tokio::test]
async fn tags_take_nothing_from_the_operator_and_those_that_do_not_count_are_told_once() {
    let api = Api::start().await;
    let settings = [("FAKECLOUD_K8S_RUNTIME_CLASS", "gvisor"), ("FAKECLOUD_K8S_TAG_LABELS", "team.example/")];
    let server = Server::start_with(&api, &settings).await;
    server.create_function("hello").await;
    let tags = json!({ "Tags": {
        "fakecloud-k8s/runtime-class": "runc",
        "fakecloud-k8s/priority-class": "system-node-critical",
        "fakecloud-k8s/labels": "app.kubernetes.io/name=fakecloud team.example/a=b",
        "fakecloud-k8s/tolerations": "node-role.kubernetes.io/control-plane",
    } });
    let arn = "/2017-03-31/tags/arn:aws:lambda:us-east-1:000000000000:function:hello";
    server.call(Method::POST, arn, &tags, 204).await;
    for _ in 0..2 {
        assert_eq!(server.invoke("hello", json!({})).await.status, 200);
    }
    let pod = api.only_pod();
    let (labels, spec) = (&pod["metadata"]["labels"], &pod["spec"]);
    assert_eq!(spec["runtimeClassName"], "gvisor");
    assert!(spec["priorityClassName"].is_null() && spec["tolerations"].is_null(), "{spec}");
    assert_eq!(labels["team.example/a"], "b");
    assert!(labels["app.kubernetes.io/name"].is_null(), "{labels}");
    let told = server.logged("does not count");
    assert_eq!(told.len(), 4, "{told:?}");
    for (tag, setting) in [
        ("runtime-class", "FAKECLOUD_K8S_TAGS"),
        ("priority-class", "FAKECLOUD_K8S_TAGS"),
        ("labels", "app.kubernetes.io"),
        ("tolerations", "FAKECLOUD_K8S_TAG_TOLERATIONS"),
    ] {
        let tag = format!("fakecloud-k8s/{tag}");
        assert!(told.iter().any(|line| line.contains(&tag) && line.contains(setting)), "{tag}: {told:?}");
    }
}
