//! Pods that are there before anybody calls.

use serde_json::{Value, json};

use crate::api::{Api, Create};
use crate::server::{Server, until};

async fn with_version(settings: &[(&str, &str)]) -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, settings).await;
    server.create_function("hello").await;
    server.publish("hello").await;
    (api, server)
}

/// The configuration once it has this status.
async fn settled(server: &Server, qualifier: &str, status: &str) -> Value {
    until(async || {
        let config = server.provisioned("hello", qualifier).await;
        (config["Status"] == status).then_some(config)
    })
    .await
}

#[tokio::test]
async fn provisioned_pods_are_ready_before_the_first_invocation() {
    let (api, server) = with_version(&[]).await;
    let put = server.provision("hello", "1", 2).await;
    assert_eq!((&put["Status"], &put["AllocatedProvisionedConcurrentExecutions"]), (&json!("IN_PROGRESS"), &json!(0)));
    let ready = settled(&server, "1", "READY").await;
    assert_eq!(ready["AvailableProvisionedConcurrentExecutions"], 2);
    let pods = api.pods();
    assert_eq!(pods.len(), 2);
    for pod in &pods {
        assert_eq!(api.variable(pod, "AWS_LAMBDA_INITIALIZATION_TYPE"), "provisioned-concurrency");
    }
    let sleep = json!({ "sleep_ms": 300 });
    let (one, two) = tokio::join!(server.invoke("hello:1", sleep.clone()), server.invoke("hello:1", sleep));
    assert_eq!((one.status, two.status), (200, 200));
    assert_ne!(one.body, two.body, "each ran on a Pod of its own");
    assert_eq!(api.creates(), 2, "neither waited for a start");
}

#[tokio::test]
async fn provisioned_pods_outlive_the_idle_ttl_and_are_replaced_when_lost() {
    let (api, server) = with_version(&[("FAKECLOUD_LAMBDA_IDLE_TTL", "200ms")]).await;
    server.provision("hello", "1", 1).await;
    settled(&server, "1", "READY").await;
    let pod = api.pods()[0].clone();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(api.pods(), std::slice::from_ref(&pod));
    api.kill_process(&pod).await;
    until(async || (api.creates() == 2).then_some(())).await;
    settled(&server, "1", "READY").await;
    until(async || (api.pods().len() == 1 && api.pods()[0] != pod).then_some(())).await;
}

#[tokio::test]
async fn failed_start_is_the_status_reason_until_one_succeeds() {
    let (api, server) = with_version(&[]).await;
    let reason = "exceeded quota: pods, requested: pods=1";
    api.script(vec![Create::Forbidden(reason); 2]);
    server.provision("hello", "1", 1).await;
    let failed = settled(&server, "1", "FAILED").await;
    assert!(failed["StatusReason"].as_str().unwrap().contains(reason), "{failed}");
    let ready = settled(&server, "1", "READY").await;
    assert_eq!(ready.get("StatusReason"), None);
}

#[tokio::test]
async fn more_than_a_limit_allows_fails_with_its_name() {
    let (api, server) = with_version(&[("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "1")]).await;
    server.provision("hello", "1", 2).await;
    let failed = settled(&server, "1", "FAILED").await;
    assert!(failed["StatusReason"].as_str().unwrap().contains("FAKECLOUD_LAMBDA_MAX_CONCURRENCY=1"), "{failed}");
    until(async || (api.pods().len() == 1).then_some(())).await;
}

#[tokio::test]
async fn alias_takes_its_pods_along_and_deletion_ends_them() {
    let (api, server) = with_version(&[]).await;
    server.alias("hello", "live", "1").await;
    server.provision("hello", "live", 1).await;
    settled(&server, "live", "READY").await;
    let first = api.pods();
    server.update_environment("hello", "new", std::time::Duration::from_secs(10)).await;
    assert_eq!(server.publish("hello").await, "2");
    server.alias("hello", "live", "2").await;
    until(async || api.deleted().contains(&first[0]).then_some(())).await;
    settled(&server, "live", "READY").await;
    let creates = api.creates();
    assert_eq!(server.invoke("hello:live", json!({})).await.status, 200);
    assert_eq!(api.creates(), creates, "the new version was provisioned as well");
    server.unprovision("hello", "live").await;
    until(async || api.pods().is_empty().then_some(())).await;
}

/// Two versions, and an alias of the first one with a provisioned Pod; gives what that Pod answers.
async fn with_provisioned_alias(settings: &[(&str, &str)]) -> (Api, Server, Value) {
    let (api, server) = with_version(settings).await;
    server.alias("hello", "live", "1").await;
    server.provision("hello", "live", 1).await;
    settled(&server, "live", "READY").await;
    server.update_environment("hello", "new", std::time::Duration::from_secs(10)).await;
    assert_eq!(server.publish("hello").await, "2");
    let old = server.invoke("hello:live", json!({})).await.body;
    (api, server, old)
}

/// What the alias says of versions beside the one that it names.
async fn weights(server: &Server) -> Value {
    server.get("/2015-03-31/functions/hello/aliases/live").await["RoutingConfig"]["AdditionalVersionWeights"].clone()
}

#[tokio::test]
async fn alias_that_moves_is_served_by_its_old_pod_until_the_new_one_is_ready() {
    let (api, mut server, old) = with_provisioned_alias(&[]).await;
    let first = api.pods();
    api.script([Create::NeverScheduled]);
    server.alias("hello", "live", "2").await;
    let second = until(async || api.pods().into_iter().find(|pod| !first.contains(pod))).await;
    assert_eq!(server.provisioned("hello", "live").await["Status"], "IN_PROGRESS");
    assert_eq!(weights(&server).await, json!({ "1": 1.0 }));
    assert_eq!(server.invoke("hello:live", json!({})).await.body, old);

    api.let_listen(&second).await;
    until(async || weights(&server).await.is_null().then_some(())).await;
    let new = server.invoke("hello:live", json!({})).await;
    assert_eq!(new.status, 200);
    assert_ne!(new.body, old);
    until(async || (api.deleted() == first).then_some(())).await;
    assert_eq!(api.creates(), 2, "nobody waited for a Pod");

    server.restart().await;
    assert_eq!(weights(&server).await, Value::Null);
}

#[tokio::test]
async fn callers_of_an_alias_that_moves_never_wait_for_a_start() {
    let (api, server, _old) = with_provisioned_alias(&[]).await;
    for version in ["2", "1", "2", "1"] {
        server.alias("hello", "live", version).await;
        while !weights(&server).await.is_null() {
            assert_eq!(server.invoke("hello:live", json!({})).await.status, 200);
        }
        assert_eq!(server.invoke("hello:live", json!({})).await.status, 200);
    }
    // One for each move, unless the version's last Pod has not been stopped yet. A caller's own start would be one more.
    assert!(api.creates() <= 5, "{} Pods were created", api.creates());
}

#[tokio::test]
async fn version_that_does_not_start_leaves_the_alias_to_the_old_one() {
    let (api, server, old) = with_provisioned_alias(&[]).await;
    api.script(vec![Create::Forbidden("exceeded quota: pods"); 2]);
    server.alias("hello", "live", "2").await;
    settled(&server, "live", "FAILED").await;
    assert_eq!(server.invoke("hello:live", json!({})).await.body, old);
    settled(&server, "live", "READY").await;
    until(async || weights(&server).await.is_null().then_some(())).await;
    assert_ne!(server.invoke("hello:live", json!({})).await.body, old);
}

#[tokio::test]
async fn alias_moves_at_once_where_there_is_no_room_for_both_versions() {
    let (api, server, old) = with_provisioned_alias(&[("FAKECLOUD_LAMBDA_MAX_PODS", "1")]).await;
    let first = api.pods();
    server.alias("hello", "live", "2").await;
    until(async || weights(&server).await.is_null().then_some(())).await;
    assert_ne!(server.invoke("hello:live", json!({})).await.body, old);
    assert_eq!(api.deleted(), first);
    settled(&server, "live", "READY").await;
}

#[tokio::test]
async fn restart_provisions_again() {
    let (api, mut server) = with_version(&[]).await;
    server.provision("hello", "1", 1).await;
    settled(&server, "1", "READY").await;
    let creates = api.creates();
    server.restart().await;
    settled(&server, "1", "READY").await;
    assert_eq!(api.creates(), creates + 1);
}
