//! Repositories and what is kept about them.

use serde_json::{Value, json};

use super::harness::{ACCOUNT, Ecr, image};

const ARN: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app";

#[test]
fn new_repository_is_described_as_aws_does() {
    let ecr = Ecr::new();
    let created = ecr.call("CreateRepository", json!({"repositoryName": "team/app"}))["repository"].clone();
    let mut expected = json!({
        "repositoryArn": ARN,
        "registryId": ACCOUNT,
        "repositoryName": "team/app",
        "repositoryUri": "localhost:4566/123456789012/eu-west-1/team/app",
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": false},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    });
    expected["createdAt"] = created["createdAt"].clone();
    assert!(created["createdAt"].as_f64().unwrap() > 1.7e9);
    assert_eq!(created, expected);
    assert_eq!(ecr.call("DescribeRepositories", json!({})), json!({"repositories": [expected]}));
}

#[test]
fn settings_of_a_new_repository_are_kept_across_a_restart() {
    let ecr = Ecr::new();
    let request = json!({
        "repositoryName": "app",
        "registryId": "000000000001",
        "tags": [{"Key": "team", "Value": ""}],
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
        "imageScanningConfiguration": {"scanOnPush": true},
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/mine"},
    });
    let created = ecr.call("CreateRepository", request.clone())["repository"].clone();
    let same = ["registryId", "imageTagMutability", "imageTagMutabilityExclusionFilters", "imageScanningConfiguration"];
    for member in same.into_iter().chain(["encryptionConfiguration"]) {
        assert_eq!(created[member], request[member], "{member}");
    }
    let ecr = ecr.restarted();
    assert_eq!(
        ecr.call("DescribeRepositories", json!({"registryId": "000000000001"}))["repositories"],
        json!([created])
    );
    assert_eq!(ecr.call("DescribeRepositories", json!({}))["repositories"], json!([]));
    let tags = ecr.call("ListTagsForResource", json!({"resourceArn": created["repositoryArn"]}));
    assert_eq!(tags, json!({"tags": [{"Key": "team", "Value": ""}]}));
}

#[test]
fn keys_that_nobody_names_are_those_that_aws_would_make() {
    let ecr = Ecr::new();
    let key = |name: &str, kind: &str| {
        let request = json!({"repositoryName": name, "encryptionConfiguration": {"encryptionType": kind}});
        ecr.call("CreateRepository", request)["repository"]["encryptionConfiguration"]["kmsKey"].clone()
    };
    let first = key("one", "KMS");
    assert!(first.as_str().unwrap().starts_with("arn:aws:kms:eu-west-1:123456789012:key/"), "{first}");
    assert_eq!(key("two", "KMS_DSSE"), first);
}

#[test]
fn requests_to_create_that_contradict_themselves_are_refused() {
    let ecr = Ecr::new();
    ecr.repository("taken");
    let filters = json!([{"filterType": "WILDCARD", "filter": "a*"}]);
    let tags = |count: usize| (0..count).map(|n| json!({"Key": n.to_string(), "Value": ""})).collect::<Value>();
    for (code, members, words) in [
        (
            "RepositoryAlreadyExistsException",
            json!({"repositoryName": "taken"}),
            "The repository with name 'taken' already exists in the registry with id '123456789012'",
        ),
        ("InvalidParameterException", json!({"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}), "can't be null when"),
        (
            "InvalidParameterException",
            json!({"imageTagMutability": "IMMUTABLE", "imageTagMutabilityExclusionFilters": filters}),
            "must be null when",
        ),
        ("InvalidParameterException", json!({"imageTagMutabilityExclusionFilters": filters}), "must be null when"),
        (
            "InvalidParameterException",
            json!({"imageTagMutability": "MUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "*a*b*"}]}),
            "at most 2 wildcards",
        ),
        (
            "InvalidParameterException",
            json!({"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "k"}}),
            "kmsKey must be null when encryptionType is AES256",
        ),
        ("InvalidTagParameterException", json!({"tags": [{"Key": "aws:x", "Value": ""}]}), "reserved for AWS"),
        ("InvalidTagParameterException", json!({"tags": [{"Key": "", "Value": ""}]}), "1 to 128 characters"),
        ("InvalidTagParameterException", json!({"tags": [{"Key": "k", "Value": "v".repeat(257)}]}), "at most 256"),
        ("TooManyTagsException", json!({"tags": tags(51)}), "51 tags"),
        ("InvalidParameterException", json!({"repositoryName": "A"}), "length greater than or equal to 2"),
        ("InvalidParameterException", json!({"repositoryName": "Team/App"}), "must satisfy regular expression"),
        ("InvalidParameterException", json!({"registryId": "1"}), "'[0-9]{12}'"),
    ] {
        let mut request = json!({"repositoryName": "new"});
        members.as_object().unwrap().iter().for_each(|(name, value)| request[name] = value.clone());
        let message = ecr.refused(code, "CreateRepository", request);
        assert!(message.contains(words), "{members}: {message}");
    }
    assert_eq!(ecr.call("DescribeRepositories", json!({}))["repositories"].as_array().unwrap().len(), 1);
    ecr.call("CreateRepository", json!({"repositoryName": "new", "tags": tags(50)}));
}

#[test]
fn repositories_are_described_by_name_or_in_pages() {
    let ecr = Ecr::new();
    ["b1", "a1", "c1"].iter().for_each(|name| ecr.repository(name));
    let names = |answer: &Value| -> Vec<String> {
        let all = answer["repositories"].as_array().unwrap().iter();
        all.map(|repository| repository["repositoryName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&ecr.call("DescribeRepositories", json!({"repositoryNames": ["c1", "a1"]}))), ["c1", "a1"]);
    let first = ecr.call("DescribeRepositories", json!({"maxResults": 2}));
    assert_eq!(names(&first), ["a1", "b1"]);
    let second = ecr.call("DescribeRepositories", json!({"maxResults": 2, "nextToken": first["nextToken"]}));
    assert_eq!((names(&second), second.get("nextToken")), (vec!["c1".to_owned()], None));
    let none =
        ecr.refused("RepositoryNotFoundException", "DescribeRepositories", json!({"repositoryNames": ["a1", "x1"]}));
    assert_eq!(none, "The repository with name 'x1' does not exist in the registry with id '123456789012'");
    let both = ecr.refused(
        "InvalidParameterException",
        "DescribeRepositories",
        json!({"repositoryNames": ["a1"], "maxResults": 1}),
    );
    assert!(both.contains("'maxResults'") && both.contains("cannot be used with 'repositoryNames'"), "{both}");
}

#[test]
fn repository_with_images_is_only_deleted_by_force() {
    let ecr = Ecr::new();
    ecr.repository("app");
    ecr.manifest("app", &image(1), &["v1"]);
    let message = ecr.refused("RepositoryNotEmptyException", "DeleteRepository", json!({"repositoryName": "app"}));
    assert_eq!(
        message,
        "The repository with name 'app' in registry with id '123456789012' cannot be deleted because it still contains images"
    );
    let deleted = ecr.call("DeleteRepository", json!({"repositoryName": "app", "force": true}));
    assert_eq!(deleted["repository"]["repositoryName"], "app");
    let ecr = ecr.restarted();
    ecr.refused("RepositoryNotFoundException", "DeleteRepository", json!({"repositoryName": "app", "force": true}));
    ecr.repository("app");
    assert_eq!(ecr.call("ListImages", json!({"repositoryName": "app"})), json!({"imageIds": []}));
    ecr.call("DeleteRepository", json!({"repositoryName": "app"}));
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let ecr = Ecr::new();
    ecr.repository("team/app");
    let tags = || ecr.call("ListTagsForResource", json!({"resourceArn": ARN}))["tags"].clone();
    assert_eq!(tags(), json!([]));
    ecr.call(
        "TagResource",
        json!({"resourceArn": ARN, "tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}),
    );
    ecr.call("TagResource", json!({"resourceArn": ARN, "tags": [{"Key": "a", "Value": "3"}]}));
    assert_eq!(tags(), json!([{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]));
    ecr.call("UntagResource", json!({"resourceArn": ARN, "tagKeys": ["a", "unheard-of"]}));
    assert_eq!(tags(), json!([{"Key": "b", "Value": "2"}]));
    for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
        let request = |arn: &str| json!({"resourceArn": arn, "tags": [], "tagKeys": []});
        ecr.refused("RepositoryNotFoundException", operation, request(&format!("{ARN}-none")));
        for arn in ["app", "arn:aws:ecr:eu-west-1:1:repository/app", "arn:aws:s3:eu-west-1:123456789012:repository/app"]
        {
            let message = ecr.refused("InvalidParameterException", operation, request(arn));
            assert!(message.contains(&format!("Invalid ARN: '{arn}'")), "{message}");
        }
    }
}

#[test]
fn policies_are_kept_answered_and_deleted() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let lifecycle = json!({"rules": [{
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
        "action": {"type": "expire"},
    }]})
    .to_string();
    let access = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}}).to_string();
    for (put, member, text, get, delete, missing, words) in [
        (
            "PutLifecyclePolicy",
            "lifecyclePolicyText",
            &lifecycle,
            "GetLifecyclePolicy",
            "DeleteLifecyclePolicy",
            "LifecyclePolicyNotFoundException",
            "Lifecycle policy does not exist for the repository with name 'app' in the registry with id '123456789012'",
        ),
        (
            "SetRepositoryPolicy",
            "policyText",
            &access,
            "GetRepositoryPolicy",
            "DeleteRepositoryPolicy",
            "RepositoryPolicyNotFoundException",
            "Repository policy does not exist for the repository with name 'app' in the registry with id '123456789012'",
        ),
    ] {
        let named = json!({"repositoryName": "app"});
        let with = |text: &str| json!({"repositoryName": "app", member: text});
        assert_eq!(ecr.refused(missing, get, named.clone()), words);
        assert_eq!(ecr.refused(missing, delete, named.clone()), words);
        ecr.refused("InvalidParameterException", put, with(&format!("{{{}}}", " ".repeat(200))));
        let expected = json!({"registryId": ACCOUNT, "repositoryName": "app", member: text});
        assert_eq!(ecr.call(put, with(text)), expected);
        assert_eq!(ecr.call(get, named.clone())[member], **text);
        assert_eq!(ecr.call(delete, named.clone())[member], **text);
        ecr.refused(missing, get, named);
        ecr.refused("RepositoryNotFoundException", put, json!({"repositoryName": "none", member: text}));
        ecr.refused("RepositoryNotFoundException", get, json!({"repositoryName": "none"}));
        ecr.refused("RepositoryNotFoundException", delete, json!({"repositoryName": "none"}));
    }
}

#[test]
fn mutability_and_scanning_of_a_repository_can_be_changed() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let filters = json!([{"filterType": "WILDCARD", "filter": "latest"}]);
    let request = json!({"repositoryName": "app", "imageTagMutability": "MUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters});
    let mut expected = request.clone();
    expected["registryId"] = json!(ACCOUNT);
    assert_eq!(ecr.call("PutImageTagMutability", request), expected);
    let scanning = json!({"repositoryName": "app", "imageScanningConfiguration": {"scanOnPush": true}});
    let answer = ecr.call("PutImageScanningConfiguration", scanning);
    assert_eq!(answer["imageScanningConfiguration"], json!({"scanOnPush": true}));
    let described = ecr.call("DescribeRepositories", json!({}))["repositories"][0].clone();
    assert_eq!(described["imageTagMutabilityExclusionFilters"], filters);
    assert_eq!(described["imageScanningConfiguration"], json!({"scanOnPush": true}));
    let answer = ecr.call("PutImageTagMutability", json!({"repositoryName": "app", "imageTagMutability": "MUTABLE"}));
    assert_eq!(answer.get("imageTagMutabilityExclusionFilters"), None);
    for (operation, member, value) in [
        ("PutImageTagMutability", "imageTagMutability", json!("IMMUTABLE")),
        ("PutImageScanningConfiguration", "imageScanningConfiguration", json!({})),
    ] {
        ecr.refused("RepositoryNotFoundException", operation, json!({"repositoryName": "none", member: value}));
        let message = ecr.refused("InvalidParameterException", operation, json!({"repositoryName": "app"}));
        assert!(message.contains(member) && message.contains("Member must not be null"), "{message}");
    }
}
