//! What is kept on disk, and what is not.

use reqwest::Method;
use serde_json::json;

use crate::api::Api;
use crate::archive::{base64_of, zip_of};
use crate::client::signature;
use crate::server::Server;

/// The files below a folder of the data directory.
fn files(server: &Server, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(server.data().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Text that does not compress, another one for each seed: a zip of it has about 70 kB.
fn text(seed: u32) -> String {
    let number = |n: u32| n.wrapping_mul(2_654_435_761).rotate_left(seed % 31) ^ seed.wrapping_mul(40_503);
    (0..20_000).map(|n| format!("{:x}", number(n))).collect()
}

#[tokio::test]
async fn archive_of_a_call_that_fails_is_not_stored() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let code = json!({ "ZipFile": base64_of(&zip_of("x = 1")) });
    let create = |members: serde_json::Value| {
        let mut body = json!({
            "FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler",
            "Role": "arn:aws:iam::000000000000:role/any", "Code": code,
        });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let unknown_layer = json!({ "Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"] });
    let create = create(unknown_layer);
    let layer = json!({ "Content": code, "CompatibleRuntimes": ["python3.12"] });
    let calls = [
        (Method::POST, "/2015-03-31/functions", &create, 400),
        (Method::PUT, "/2015-03-31/functions/none/code", &code, 404),
        (Method::POST, "/2018-10-31/layers/arn:aws:lambda:us-east-1:111122223333:layer:l/versions", &layer, 403),
    ];
    for (method, path, body, status) in calls {
        server.call(method, path, body, status).await;
        assert_eq!(files(&server, "zips"), Vec::<String>::new(), "{path}");
    }
    server.create_function("f").await;
    assert_eq!(files(&server, "zips").len(), 1);
}

#[tokio::test]
async fn full_house_is_told_in_the_words_of_each_service_and_lets_delete() {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_DATA_LIMIT", "200kB")]).await;
    server.create_function("first").await;
    let layer = |seed| json!({ "Content": { "ZipFile": base64_of(&zip_of(&text(seed))) } });
    let path = "/2018-10-31/layers/l/versions";
    let mut refused = None;
    for seed in 1..10 {
        let answer = server.request(Method::POST, path).json(&layer(seed)).send().await.unwrap();
        if answer.status() != 201 {
            let error = answer.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
            refused = Some((answer.status().as_u16(), error, answer.text().await.unwrap()));
            break;
        }
    }
    let (status, error, body) = refused.unwrap();
    assert_eq!((status, error.as_str()), (400, "CodeStorageExceededException"), "{body}");
    assert!(body.contains("FAKECLOUD_DATA_LIMIT"), "{body}");

    // What is still free goes to pieces of an upload, until not even a record fits.
    let begun = server.request(Method::POST, "/v2/app/blobs/uploads/").send().await.unwrap();
    let upload = begun.headers()["location"].to_str().unwrap().to_owned();
    let upload = format!("/v2/{}", upload.split_once("/v2/").unwrap().1);
    let mut last = None;
    for _ in 0..100 {
        let answer = server.request(Method::PATCH, &upload).body(vec![7; 4096]).send().await.unwrap();
        if answer.status() != 202 {
            last = Some((answer.status().as_u16(), answer.text().await.unwrap()));
            break;
        }
    }
    let (status, body) = last.unwrap();
    assert!(status == 403 && body.contains("DENIED") && body.contains("FAKECLOUD_DATA_LIMIT"), "{status} {body}");
    let target = "AmazonEC2ContainerRegistry_V20150921.CreateRepository";
    let create = server.request(Method::POST, "/").header("x-amz-target", target);
    let create = create.header("content-type", "application/x-amz-json-1.1").body(r#"{"repositoryName":"other"}"#);
    let answer = create.send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("LimitExceededException") && answer.contains("FAKECLOUD_DATA_LIMIT"), "{answer}");
    let form = "Action=CreatePolicy&Version=2010-05-08&PolicyName=p&PolicyDocument=x";
    let create = server.request(Method::POST, "/").header("authorization", signature("test", "iam")).body(form);
    let create = create.header("content-type", "application/x-www-form-urlencoded");
    let answer = create.send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("<Code>LimitExceeded</Code>") && answer.contains("FAKECLOUD_DATA_LIMIT"), "{answer}");

    server.get("/2015-03-31/functions/first").await;
    server.call(Method::DELETE, "/2015-03-31/functions/first", &json!(null), 204).await;
}

#[tokio::test]
async fn archive_that_nothing_needs_makes_room_before_another_is_refused() {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_DATA_LIMIT", "400kB")]).await;
    let path = "/2018-10-31/layers/l/versions";
    let publish = |seed| json!({ "Content": { "ZipFile": base64_of(&zip_of(&text(seed))) } });
    let mut refused = 0;
    for seed in 1..10 {
        let answer = server.request(Method::POST, path).json(&publish(seed)).send().await.unwrap();
        refused += u32::from(answer.status() == 400);
    }
    assert!(refused > 0, "all of them fit");
    server.call(Method::DELETE, "/2018-10-31/layers/l/versions/1", &json!(null), 204).await;
    let kept = files(&server, "zips").len();
    server.call(Method::POST, path, &publish(20), 201).await;
    assert_eq!(files(&server, "zips").len(), kept, "one came, one went");
    let answer = server.request(Method::POST, path).json(&publish(21)).send().await.unwrap();
    assert_eq!(answer.status(), 400, "all that is left is needed");
}
