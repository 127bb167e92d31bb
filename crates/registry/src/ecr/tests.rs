//! Calls of the API as clients make them, on a registry of their own.

mod content;
mod harness;
mod images;
mod registry;
mod repositories;

use serde_json::json;

use self::harness::Ecr;

#[test]
fn requests_that_are_no_call_are_refused_in_the_form_of_the_protocol() {
    let ecr = Ecr::new();
    for (target, body, status, code, words) in [
        (None, "{}", 400, "UnknownOperationException", "X-Amz-Target is missing"),
        (Some("CreateRepository"), "{}", 400, "UnknownOperationException", "AmazonEC2ContainerRegistry_V20150921."),
        (Some("AmazonEC2ContainerRegistry_V20150921.Make"), "{}", 400, "UnknownOperationException", "'Make'"),
        (
            Some("AmazonEC2ContainerRegistry_V20150921.StartImageScan"),
            "{}",
            501,
            "NotImplementedException",
            "StartImageScan",
        ),
        (Some("AmazonEC2ContainerRegistry_V20150921.ListImages"), "{", 400, "SerializationException", "no JSON"),
        (
            Some("AmazonEC2ContainerRegistry_V20150921.ListImages"),
            "[]",
            400,
            "SerializationException",
            "no JSON object",
        ),
        (
            Some("AmazonEC2ContainerRegistry_V20150921.ListImages"),
            "",
            400,
            "InvalidParameterException",
            "repositoryName",
        ),
    ] {
        let (answered, answer) = ecr.send(target, body);
        assert_eq!((answered, answer["__type"].as_str()), (status, Some(code)), "{target:?}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(words), "{target:?}: {answer}");
    }
}

#[test]
fn operation_without_members_needs_no_body() {
    let (status, answer) = Ecr::new().send(Some("AmazonEC2ContainerRegistry_V20150921.DescribeRegistry"), "");
    assert_eq!(
        (status, answer),
        (200, json!({"registryId": "123456789012", "replicationConfiguration": {"rules": []}}))
    );
}
