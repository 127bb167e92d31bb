//! Images: what is told of them, and how they go.

use serde_json::{Value, json};

use super::harness::{ACCOUNT, Ecr, image, index};

const NONE: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// A repository with an image of two tags, an index without tags and, in it, an image without tags.
fn filled() -> (Ecr, [String; 3]) {
    let ecr = Ecr::new();
    ecr.repository("app");
    let tagged = ecr.manifest("app", &image(1), &["v1", "latest"]);
    let listed = ecr.manifest("app", &image(2), &[]);
    let list = ecr.manifest("app", &index(&[&image(2)]), &["multi"]);
    (ecr, [tagged, listed, list])
}

fn sorted(mut list: Value) -> Value {
    list.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    list
}

#[test]
fn list_has_an_entry_for_each_tag_and_each_image_without() {
    let (ecr, [tagged, listed, list]) = filled();
    let ids = |filter: Value| {
        sorted(ecr.call("ListImages", json!({"repositoryName": "app", "filter": filter}))["imageIds"].clone())
    };
    let with = vec![
        json!({"imageDigest": tagged, "imageTag": "latest"}),
        json!({"imageDigest": tagged, "imageTag": "v1"}),
        json!({"imageDigest": list, "imageTag": "multi"}),
    ];
    let without = json!({"imageDigest": listed});
    assert_eq!(ids(json!({"tagStatus": "TAGGED"})), sorted(json!(with)));
    assert_eq!(ids(json!({"tagStatus": "UNTAGGED"})), json!([without]));
    let all = sorted(json!([with.as_slice(), &[without]].concat()));
    assert_eq!(ids(json!({"tagStatus": "ANY", "imageStatus": "ACTIVE"})), all);
    assert_eq!(ids(json!(null)), all);
    assert_eq!(ids(json!({"imageStatus": "ARCHIVED"})), json!([]));

    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = ecr.call("ListImages", json!({"repositoryName": "app", "maxResults": 1, "nextToken": token}));
        seen.extend(page["imageIds"].as_array().unwrap().clone());
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sorted(json!(seen)), all);
}

#[test]
fn details_say_what_an_image_is() {
    let (ecr, [tagged, _, list]) = filled();
    let request = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}, {"imageTag": "latest"}, {"imageDigest": list}]});
    let details = ecr.call("DescribeImages", request)["imageDetails"].clone();
    let expected = json!([
        {
            "registryId": ACCOUNT,
            "repositoryName": "app",
            "imageDigest": tagged,
            "imageTags": ["latest", "v1"],
            "imageSizeInBytes": 1023,
            "imagePushedAt": 1_800_000_000.5,
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactMediaType": "application/vnd.oci.image.config.v1+json",
            "imageStatus": "ACTIVE",
        },
        {
            "registryId": ACCOUNT,
            "repositoryName": "app",
            "imageDigest": list,
            "imageTags": ["multi"],
            "imageSizeInBytes": 1023,
            "imagePushedAt": 1_800_000_000.5,
            "imageManifestMediaType": "application/vnd.oci.image.index.v1+json",
            "imageStatus": "ACTIVE",
        },
    ]);
    assert_eq!(details, expected);
    let all = ecr.call("DescribeImages", json!({"repositoryName": "app"}));
    assert_eq!(all["imageDetails"].as_array().unwrap().len(), 3);
    let untagged = ecr.call("DescribeImages", json!({"repositoryName": "app", "filter": {"tagStatus": "UNTAGGED"}}));
    assert_eq!(untagged["imageDetails"].as_array().unwrap().len(), 1);
    let page = ecr.call("DescribeImages", json!({"repositoryName": "app", "maxResults": 2}));
    assert_eq!(page["imageDetails"].as_array().unwrap().len(), 2);
    let rest = ecr.call("DescribeImages", json!({"repositoryName": "app", "nextToken": page["nextToken"]}));
    assert_eq!(rest["imageDetails"].as_array().unwrap().len(), 1);
}

#[test]
fn details_of_an_image_that_is_not_there_are_refused() {
    let (ecr, [tagged, ..]) = filled();
    for (id, code, words) in [
        (
            json!({"imageTag": "v2"}),
            "ImageNotFoundException",
            "The image with imageId {imageDigest:'null', imageTag:'v2'} does not exist within the repository with name \
             'app' in the registry with id '123456789012'",
        ),
        (json!({"imageDigest": NONE}), "ImageNotFoundException", "imageTag:'null'"),
        (json!({"imageDigest": tagged, "imageTag": "v2"}), "ImageNotFoundException", "imageTag:'v2'"),
        (json!({}), "InvalidParameterException", "both tag and digest cannot be null"),
        (json!({"imageDigest": "v1"}), "InvalidParameterException", "image digest should satisfy the regex"),
        (json!({"imageTag": "a b"}), "InvalidParameterException", "image tag should satisfy the regex"),
    ] {
        let message = ecr.refused(code, "DescribeImages", json!({"repositoryName": "app", "imageIds": [id]}));
        assert!(message.contains(words), "{id}: {message}");
    }
    for operation in ["DescribeImages", "ListImages"] {
        ecr.refused("RepositoryNotFoundException", operation, json!({"repositoryName": "none"}));
        let message =
            ecr.refused("InvalidParameterException", operation, json!({"repositoryName": "app", "nextToken": "%"}));
        assert!(message.contains("'%' is no nextToken"), "{message}");
    }
}

#[test]
fn image_goes_with_its_last_tag() {
    let (ecr, [tagged, ..]) = filled();
    let delete = |id: Value| ecr.call("BatchDeleteImage", json!({"repositoryName": "app", "imageIds": [id]}));
    let tags = || ecr.call("DescribeImages", json!({"repositoryName": "app", "imageIds": [{"imageDigest": tagged}]}));
    let answer = delete(json!({"imageTag": "v1"}));
    assert_eq!(answer, json!({"imageIds": [{"imageDigest": tagged, "imageTag": "v1"}], "failures": []}));
    assert_eq!(tags()["imageDetails"][0]["imageTags"], json!(["latest"]));
    delete(json!({"imageDigest": tagged, "imageTag": "latest"}));
    ecr.refused(
        "ImageNotFoundException",
        "DescribeImages",
        json!({"repositoryName": "app", "imageIds": [{"imageDigest": tagged}]}),
    );
}

#[test]
fn image_that_is_named_by_digest_goes_with_all_its_tags() {
    let (ecr, [tagged, listed, list]) = filled();
    let request = json!({"repositoryName": "app", "imageIds": [{"imageDigest": tagged}, {"imageDigest": list}, {"imageDigest": listed}]});
    let answer = ecr.call("BatchDeleteImage", request);
    let deleted = json!([
        {"imageDigest": tagged, "imageTag": "latest"},
        {"imageDigest": tagged, "imageTag": "v1"},
        {"imageDigest": list, "imageTag": "multi"},
        {"imageDigest": listed},
    ]);
    assert_eq!(answer, json!({"imageIds": deleted, "failures": []}));
    let ecr = ecr.restarted();
    assert_eq!(ecr.call("ListImages", json!({"repositoryName": "app"})), json!({"imageIds": []}));
    ecr.manifest("app", &image(1), &[]);
    assert_eq!(
        ecr.call("ListImages", json!({"repositoryName": "app"})),
        json!({"imageIds": [{"imageDigest": tagged}]})
    );
}

#[test]
fn what_cannot_be_deleted_is_told_one_by_one() {
    let (ecr, [tagged, listed, list]) = filled();
    let reason = format!("Requested image referenced by manifest list: [{list}]");
    let cases = [
        (json!({}), "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
        (json!({"imageDigest": "sha256:0"}), "InvalidImageDigest", "Invalid request parameters: image digest"),
        (json!({"imageTag": "-"}), "InvalidImageTag", "Invalid request parameters: image tag"),
        (json!({"imageTag": "v2"}), "ImageNotFound", "Requested image not found"),
        (json!({"imageDigest": NONE}), "ImageNotFound", "Requested image not found"),
        (json!({"imageDigest": list, "imageTag": "v1"}), "ImageTagDoesNotMatchDigest", &tagged),
        (json!({"imageDigest": listed}), "ImageReferencedByManifestList", &reason),
    ];
    let ids: Vec<&Value> = cases.iter().map(|(id, ..)| id).collect();
    let answer = ecr.call("BatchDeleteImage", json!({"repositoryName": "app", "imageIds": ids}));
    assert_eq!(answer["imageIds"], json!([]));
    assert_eq!(answer["failures"].as_array().unwrap().len(), cases.len());
    for ((id, code, words), failure) in cases.iter().zip(answer["failures"].as_array().unwrap()) {
        assert_eq!((&failure["imageId"], &failure["failureCode"]), (id, &json!(code)));
        assert!(failure["failureReason"].as_str().unwrap().contains(words), "{failure}");
    }
    let twice = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}, {"imageTag": "v1"}]});
    let answer = ecr.call("BatchDeleteImage", twice);
    assert_eq!(
        (answer["imageIds"].as_array().unwrap().len(), &answer["failures"][0]["failureCode"]),
        (1, &json!("ImageNotFound"))
    );
    ecr.refused("RepositoryNotFoundException", "BatchDeleteImage", json!({"repositoryName": "none", "imageIds": [{}]}));
}

#[test]
fn layers_are_known_by_digest_and_can_be_had() {
    let (ecr, _) = filled();
    let layer = image(1)["layers"][0].clone();
    let check = json!({"repositoryName": "app", "layerDigests": [layer["digest"], NONE, "sha256:0", ""]});
    let answer = ecr.call("BatchCheckLayerAvailability", check);
    let known = json!({
        "layerDigest": layer["digest"],
        "layerAvailability": "AVAILABLE",
        "layerSize": 1000,
        "mediaType": layer["mediaType"],
    });
    assert_eq!(answer["layers"], json!([known, {"layerDigest": NONE, "layerAvailability": "UNAVAILABLE"}]));
    let failures =
        answer["failures"].as_array().unwrap().iter().map(|failure| failure["failureCode"].as_str().unwrap());
    assert_eq!(failures.collect::<Vec<_>>(), ["InvalidLayerDigest", "MissingLayerDigest"]);

    let digest = layer["digest"].as_str().unwrap();
    let url = ecr.call("GetDownloadUrlForLayer", json!({"repositoryName": "app", "layerDigest": digest}));
    let expected = format!("http://localhost:4566/v2/123456789012/eu-west-1/app/blobs/{digest}");
    assert_eq!(url, json!({"downloadUrl": expected, "layerDigest": digest}));
    let message = ecr.refused(
        "LayersNotFoundException",
        "GetDownloadUrlForLayer",
        json!({"repositoryName": "app", "layerDigest": NONE}),
    );
    assert!(message.contains(NONE), "{message}");
    for (operation, member, value) in [
        ("BatchCheckLayerAvailability", "layerDigests", json!([NONE])),
        ("GetDownloadUrlForLayer", "layerDigest", json!(NONE)),
    ] {
        ecr.refused("RepositoryNotFoundException", operation, json!({"repositoryName": "none", member: value}));
    }
}

#[test]
fn referrers_are_listed_by_type() {
    let (ecr, [tagged, ..]) = filled();
    let refer = |number: u32, kind: &str| {
        let mut artifact = image(number);
        artifact["subject"] = json!({"mediaType": artifact["mediaType"], "digest": tagged, "size": 1});
        artifact["artifactType"] = json!(kind);
        artifact["annotations"] = json!({"number": number.to_string()});
        ecr.manifest("app", &artifact, &[])
    };
    let signature = refer(10, "application/x.signature");
    let parts = refer(11, "application/x.parts");
    let list = |members: Value| {
        let mut request = json!({"repositoryName": "app", "subjectId": {"imageDigest": tagged}});
        members.as_object().unwrap().iter().for_each(|(name, value)| request[name] = value.clone());
        ecr.call("ListImageReferrers", request)
    };
    assert_eq!(list(json!({}))["referrers"].as_array().unwrap().len(), 2);
    let found = list(json!({"filter": {"artifactTypes": ["application/x.signature"]}}))["referrers"].clone();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["digest"]), (1, &json!(signature)));
    assert_eq!(found[0]["annotations"], json!({"number": "10"}));
    let page = list(json!({"maxResults": 1}));
    let rest = list(json!({"nextToken": page["nextToken"]}));
    let both = sorted(json!([page["referrers"][0]["digest"], rest["referrers"][0]["digest"]]));
    assert_eq!(both, sorted(json!([signature, parts])));
    let none = json!({"repositoryName": "app", "subjectId": {"imageDigest": "x"}});
    ecr.refused("InvalidParameterException", "ListImageReferrers", none);
}
