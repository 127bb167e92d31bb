//! Code and layers that lie in S3.

use std::io::Write;

use axum::body::Bytes;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use crate::api::Api;
use crate::archive::zip_of;
use crate::s3::{Object, S3};
use crate::server::Server;

async fn with_s3(setting: &str) -> (Api, S3, Server) {
    let api = Api::start().await;
    let (s3, url) = S3::start().await;
    let server = Server::start_with(&api, &[(setting, &url)]).await;
    (api, s3, server)
}

fn function(code: Value) -> Value {
    json!({
        "FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/any", "Code": code,
    })
}

fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn code_and_layers_come_from_s3() {
    let (_api, s3, server) = with_s3("AWS_ENDPOINT_URL_S3").await;
    let (first, second) = (zip_of("x = 1"), zip_of("x = 2"));
    s3.put("/bucket/dir/my%20code.zip", Object::Whole(first.clone().into()));
    s3.put("/bucket/code.zip?versionId=v%2F2", Object::Whole(second.clone().into()));

    let object = json!({ "S3Bucket": "bucket", "S3Key": "dir/my code.zip" });
    let (status, created) = server.ask(Method::POST, "/2015-03-31/functions", &function(object.clone())).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!((&created["CodeSha256"], &created["CodeSize"]), (&json!(sha256(&first)), &json!(first.len())));

    let version = json!({ "S3Bucket": "bucket", "S3Key": "code.zip", "S3ObjectVersion": "v/2" });
    let (status, updated) = server.ask(Method::PUT, "/2015-03-31/functions/f/code", &version).await;
    assert_eq!((status, &updated["CodeSha256"]), (200, &json!(sha256(&second))), "{updated}");

    let (status, layer) =
        server.ask(Method::POST, "/2018-10-31/layers/l/versions", &json!({ "Content": object })).await;
    assert_eq!((status, &layer["Content"]["CodeSha256"]), (201, &json!(sha256(&first))), "{layer}");
    for credential in s3.credentials() {
        assert!(credential.starts_with("000000000000/") && credential.ends_with("/us-east-1/s3/aws4_request"));
    }
}

#[tokio::test]
async fn archive_in_s3_may_be_longer_than_an_inline_one() {
    let (_api, s3, server) = with_s3("AWS_ENDPOINT_URL_S3").await;
    // Zeros that are stored, not compressed: longer than the 52,428,800 bytes of an inline zip.
    let long = stored_zip(60 << 20);
    s3.put("/bucket/long.zip", Object::Whole(long.clone().into()));
    let in_s3 = function(json!({ "S3Bucket": "bucket", "S3Key": "long.zip" }));
    let (status, created) = server.ask(Method::POST, "/2015-03-31/functions", &in_s3).await;
    assert_eq!((status, &created["CodeSize"]), (201, &json!(long.len())), "{created}");
    assert_eq!(created["CodeSha256"], json!(sha256(&long)));
}

fn stored_zip(bytes: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("ballast", options).unwrap();
    zip.write_all(&vec![0; bytes]).unwrap();
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn object_that_is_not_there_is_told_in_words_of_aws() {
    let (_api, _s3, server) = with_s3("FAKECLOUD_FORWARD_URL").await;
    let missing = function(json!({ "S3Bucket": "bucket", "S3Key": "none" }));
    let (status, error) = server.ask(Method::POST, "/2015-03-31/functions", &missing).await;
    let words =
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.";
    assert_eq!((status, &error["message"]), (400, &json!(words)));
}

#[tokio::test]
async fn object_that_is_no_good_leaves_no_function() {
    let (_api, s3, server) = with_s3("AWS_ENDPOINT_URL").await;
    s3.put("/bucket/cut", Object::BrokenOff(Bytes::from(zip_of("x = 1")).slice(..20)));
    s3.put("/bucket/text", Object::Whole("no zip".into()));
    s3.put("/bucket/long", Object::Zeros(300 << 20));
    let cases = [
        ("cut", "Error occurred while GetObject. The object broke off"),
        ("text", "Could not unzip uploaded file"),
        ("long", "Unzipped size must be smaller than 262144000 bytes"),
    ];
    for (key, words) in cases {
        let (status, error) = server
            .ask(Method::POST, "/2015-03-31/functions", &function(json!({ "S3Bucket": "bucket", "S3Key": key })))
            .await;
        assert_eq!(status, 400, "{key}: {error}");
        assert!(error["message"].as_str().unwrap().starts_with(words), "{key}: {error}");
    }
    server.call(Method::GET, "/2015-03-31/functions/f", &Value::Null, 404).await;
}

#[tokio::test]
async fn without_an_endpoint_of_s3_the_settings_are_named() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let in_s3 = function(json!({ "S3Bucket": "bucket", "S3Key": "k" }));
    let (status, error) = server.ask(Method::POST, "/2015-03-31/functions", &in_s3).await;
    assert_eq!(status, 400, "{error}");
    for setting in ["AWS_ENDPOINT_URL_S3", "FAKECLOUD_FORWARD_URL", "AWS_ACCESS_KEY_ID"] {
        assert!(error["message"].as_str().unwrap().contains(setting), "{setting} is missing in: {error}");
    }
}
