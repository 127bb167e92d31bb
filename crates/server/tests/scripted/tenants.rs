//! Functions with tenants: whose Pods serve whom.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::archive::{base64_of, zip_of};
use crate::server::{Server, until};

const FUNCTION: &str = "/2015-03-31/functions/hello";

async fn with_tenants() -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_LAMBDA_RETRY_BASE", "300ms")]).await;
    let request = json!({
        "FunctionName": "hello", "Runtime": "python3.12", "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/any", "Code": { "ZipFile": base64_of(&zip_of("")) },
        "TenancyConfig": { "TenantIsolationMode": "PER_TENANT" },
    });
    server.call(Method::POST, "/2015-03-31/functions", &request, 201).await;
    (api, server)
}

async fn invoke(server: &Server, tenant: &str) -> Value {
    let answer = server.invocation("hello").header("x-amz-tenant-id", tenant).json(&json!({})).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn pod_serves_one_tenant_which_its_runtime_hears_of() {
    let (api, server) = with_tenants().await;
    let (blue, green) = (invoke(&server, "blue").await, invoke(&server, "green").await);
    assert_ne!(blue, green, "two tenants had one Pod");
    assert_eq!([invoke(&server, "blue").await, invoke(&server, "green").await], [blue, green]);
    assert_eq!(api.creates(), 2, "each tenant's Pod was used again");
    let mut heard: Vec<String> = api.header("hello", "x-amz-tenant-id").into_iter().flatten().collect();
    heard.sort_unstable();
    assert_eq!(heard, ["blue", "blue", "green", "green"]);
}

#[tokio::test]
async fn update_retires_the_pods_of_all_tenants() {
    let (api, server) = with_tenants().await;
    let old = [invoke(&server, "blue").await, invoke(&server, "green").await];
    let update = json!({ "Environment": { "Variables": { "VALUE": "new" } } });
    server.call(Method::PUT, &format!("{FUNCTION}/configuration"), &update, 200).await;
    until(async || (api.deleted().len() == 2).then_some(())).await;
    assert!(!old.contains(&invoke(&server, "blue").await));
}

#[tokio::test]
async fn event_is_tried_again_for_its_tenant_after_a_kill() {
    let (api, mut server) = with_tenants().await;
    let request = server.invocation("hello").header("x-amz-invocation-type", "Event");
    let request = request.header("x-amz-tenant-id", "blue").json(&json!({ "fail": true }));
    assert_eq!(request.send().await.unwrap().status(), 202);
    until(async || (api.payloads("hello").len() == 1).then_some(())).await;
    server.restart().await;
    // The Pod of before is deleted, and takes what it heard with it.
    until(async || (api.deleted().len() == 1 && api.creates() == 2).then_some(())).await;
    let heard = until(async || Some(api.header("hello", "x-amz-tenant-id")).filter(|heard| !heard.is_empty())).await;
    assert_eq!(heard[0].as_deref(), Some("blue"));
}
