//! Functions from images of the server's own registry, as their Pods are asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::image::{Content, Image, Repository, Upload};
use crate::server::Server;

/// A repository under ECR's name for it; the push below makes it in the account and region that nobody names.
const URI: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app:latest";

const CODE: &str = "/2015-03-31/functions/f/code";

/// Pushes an image that follows from a number as the newest one, and gives its digest.
async fn push(server: &Server, number: u64) -> String {
    let image = Image::of([1, 2].map(|layer| Content::numbered(10 * number + layer, 1_000)));
    let repository = Repository::new(server, "team/app");
    for blob in &image.blobs {
        repository.upload(blob, Upload::Whole).await.unwrap();
    }
    repository.tag(&image, "latest").await.unwrap();
    image.manifest.digest
}

async fn create(server: &Server) -> (u16, Value) {
    let request = json!({
        "FunctionName": "f", "PackageType": "Image", "Code": { "ImageUri": URI },
        "Role": "arn:aws:iam::000000000000:role/any",
    });
    server.ask(Method::POST, "/2015-03-31/functions", &request).await
}

async fn update(server: &Server) {
    server.call(Method::PUT, CODE, &json!({ "ImageUri": URI }), 200).await;
}

/// The Pod that an invocation runs on, and its image.
async fn invoke(server: &Server, api: &Api) -> (String, String) {
    let answer = server.invoke("f", json!({})).await;
    let pod = answer.body.as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
    let image = api.image(&pod);
    (pod, image)
}

/// The image that nodes pull from this server.
fn own(server: &Server, digest: &str) -> String {
    let port = server.endpoint().rsplit(':').next().unwrap();
    format!("fakecloud.example:{port}/team/app@{digest}")
}

#[tokio::test]
async fn pod_is_replaced_when_the_code_is_named_again_and_is_another_image() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let first = push(&server, 1).await;
    assert_eq!(create(&server).await.0, 201);
    let (pod, image) = invoke(&server, &api).await;
    assert_eq!(image, own(&server, &first));

    update(&server).await;
    assert_eq!(invoke(&server, &api).await.0, pod, "the same image again needs no other Pod");
    let second = push(&server, 2).await;
    assert_eq!(invoke(&server, &api).await.0, pod, "a tag that moves changes nothing by itself");

    update(&server).await;
    let (other, image) = invoke(&server, &api).await;
    assert_ne!(other, pod);
    assert_eq!(image, own(&server, &second));
}

#[tokio::test]
async fn function_runs_its_image_after_a_restart_whatever_its_tag_means_then() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let first = push(&server, 1).await;
    create(&server).await;
    let second = push(&server, 2).await;
    server.restart().await;
    assert_eq!(invoke(&server, &api).await.1, own(&server, &first));
    update(&server).await;
    assert_eq!(invoke(&server, &api).await.1, own(&server, &second));
}

#[tokio::test]
async fn image_is_looked_for_only_where_ecr_means_this_registry() {
    let api = Api::start().await;
    let (status, refusal) = create(&Server::start(&api).await).await;
    assert_eq!(status, 400);
    let message = refusal["message"].as_str().unwrap();
    let aws = format!("Source image {URI} does not exist. Provide a valid source image.");
    assert!(message.starts_with(&aws) && message.contains("FAKECLOUD_ECR=external"), "{message}");

    for (registry, image) in [("", URI), ("registry.test:5000", "registry.test:5000/team/app:latest")] {
        let mut settings = vec![("FAKECLOUD_ECR", "external")];
        settings.extend(Some(("FAKECLOUD_K8S_ECR_URL", registry)).filter(|_| !registry.is_empty()));
        let server = Server::start_with(&api, &settings).await;
        assert_eq!(create(&server).await.0, 201);
        assert_eq!(invoke(&server, &api).await.1, image);
    }
}
