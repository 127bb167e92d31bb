//! Functions from images that are looked up in a registry.

use fakecloud_lambda::{Effect, FoundImage, FunctionRecord, ImageContent, ImageFault, Package, PinnedImage};
use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid};

const FUNCTIONS: &str = "/2015-03-31/functions";
const FUNCTION: &str = "/2015-03-31/functions/f";
const CODE: &str = "/2015-03-31/functions/f/code";
const REPOSITORY: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app";

fn tagged(tag: &str) -> String {
    format!("{REPOSITORY}:{tag}")
}

/// The image whose digest is this digit 64 times.
fn pinned(digit: &str) -> PinnedImage {
    PinnedImage {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        repository: "team/app".to_owned(),
        digest: format!("sha256:{}", digit.repeat(64)),
    }
}

/// Puts an image for these architectures under the tag.
fn push(account: &mut Account, tag: &str, digit: &str, architectures: &[&str]) {
    let architectures = architectures.iter().map(ToString::to_string).collect();
    account.images.insert(tagged(tag), Ok(FoundImage { pinned: pinned(digit), architectures }));
}

fn create(account: &mut Account, tag: &str, members: Value) -> Answer {
    let mut body = json!({
        "FunctionName": "f",
        "Role": "arn:aws:iam::111122223333:role/r",
        "PackageType": "Image",
        "Code": { "ImageUri": tagged(tag) },
    });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    account.post(FUNCTIONS, &body)
}

fn update(account: &mut Account, tag: &str, members: Value) -> Answer {
    let mut body = json!({ "ImageUri": tagged(tag) });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    account.put(CODE, &body)
}

/// The digit of the image that a record runs.
fn runs(record: &FunctionRecord) -> &str {
    let Package::Image { content: ImageContent::Pinned(image), .. } = &record.package else {
        panic!("not pinned: {:?}", record.package)
    };
    &image.digest[7..8]
}

#[test]
fn an_image_is_pinned_by_its_digest() {
    let mut account = Account::new();
    push(&mut account, "v1", "1", &["amd64"]);
    let created = create(&mut account, "v1", json!({}));
    assert_eq!((created.status, &created.body["CodeSha256"]), (201, &"1".repeat(64).into()), "{created:?}");
    let resolved = format!("{REPOSITORY}@sha256:{}", "1".repeat(64));
    assert_eq!(
        account.read(FUNCTION)["Code"],
        json!({ "RepositoryType": "ECR", "ImageUri": tagged("v1"), "ResolvedImageUri": resolved })
    );
}

#[test]
fn a_tag_that_moves_changes_a_function_when_its_code_is_updated() {
    let mut account = Account::new();
    push(&mut account, "latest", "1", &["amd64"]);
    create(&mut account, "latest", json!({ "Publish": true }));
    push(&mut account, "latest", "2", &["amd64"]);
    account.put("/2015-03-31/functions/f/configuration", &json!({ "Timeout": 9 }));
    assert_eq!(account.read(FUNCTION)["Configuration"]["CodeSha256"], "1".repeat(64));
    let updated = update(&mut account, "latest", json!({}));
    assert_eq!((updated.status, &updated.body["CodeSha256"]), (200, &"2".repeat(64).into()), "{updated:?}");
    let version = account.read(&format!("{FUNCTION}?Qualifier=1"));
    assert_eq!(version["Configuration"]["CodeSha256"], "1".repeat(64));
    assert!(version["Code"]["ResolvedImageUri"].as_str().unwrap().ends_with(&"1".repeat(64)), "{version}");
    let deployed = account.effects.iter().map(|effect| match effect {
        Effect::Deployed(record) => (record.version.as_str(), runs(record)),
        Effect::Removed { arn } => panic!("{arn} is gone"),
    });
    let expected = [("$LATEST", "1"), ("1", "1"), ("$LATEST", "1"), ("$LATEST", "2")];
    assert_eq!(deployed.collect::<Vec<_>>(), expected);
}

#[test]
fn the_same_image_again_is_no_new_version() {
    let mut account = Account::new();
    push(&mut account, "latest", "1", &["amd64"]);
    create(&mut account, "latest", json!({ "Publish": true }));
    let updated = update(&mut account, "latest", json!({ "Publish": true }));
    assert_eq!((updated.status, &updated.body["Version"]), (200, &"1".into()), "{updated:?}");
    push(&mut account, "latest", "2", &["amd64"]);
    let updated = update(&mut account, "latest", json!({ "Publish": true }));
    assert_eq!((updated.status, &updated.body["Version"]), (200, &"2".into()), "{updated:?}");
}

#[test]
fn a_dry_run_looks_the_image_up() {
    let mut account = Account::new();
    push(&mut account, "v1", "1", &["amd64"]);
    push(&mut account, "v2", "2", &["amd64"]);
    account.images.insert(tagged("v3"), Err(ImageFault::Missing("no tag v3".to_owned())));
    create(&mut account, "v1", json!({}));
    let dry = update(&mut account, "v2", json!({ "DryRun": true }));
    assert_eq!((dry.status, &dry.body["CodeSha256"]), (200, &"2".repeat(64).into()), "{dry:?}");
    assert_eq!(update(&mut account, "v3", json!({ "DryRun": true })).status, 400);
    assert_eq!(account.read(FUNCTION)["Configuration"]["CodeSha256"], "1".repeat(64));
}

#[test]
fn an_image_has_the_architecture_of_its_function() {
    let mut account = Account::new();
    push(&mut account, "amd", "1", &["amd64"]);
    push(&mut account, "arm", "2", &["arm64"]);
    push(&mut account, "both", "3", &["amd64", "arm64"]);
    push(&mut account, "none", "4", &[]);
    let refusal = |tag: &str, oci: &str, name: &str, wanted: &str| {
        let uri = tagged(tag);
        invalid(&format!(
            "The image manifest, config or layer media type for the source image {uri} is not supported. (it is for {oci}, \
             and the function's architecture is {name}: build it with --platform linux/{wanted}, or name its architecture \
             in Architectures)"
        ))
    };
    let on_arm = || json!({ "Architectures": ["arm64"] });
    assert_eq!(create(&mut account, "arm", json!({})), refusal("arm", "arm64", "x86_64", "amd64"));
    assert_eq!(create(&mut account, "amd", on_arm()), refusal("amd", "amd64", "arm64", "arm64"));
    assert_eq!(create(&mut account, "amd", json!({})).status, 201);
    assert_eq!(update(&mut account, "arm", json!({})), refusal("arm", "arm64", "x86_64", "amd64"));
    assert_eq!(update(&mut account, "arm", on_arm()).status, 200);
    assert_eq!(update(&mut account, "amd", json!({})), refusal("amd", "amd64", "arm64", "arm64"));
    assert_eq!(update(&mut account, "both", json!({})).status, 200);
    let uri = tagged("none");
    let refusal = invalid(&format!(
        "The image manifest, config or layer media type for the source image {uri} is not supported. (it is no image that \
         runs on Linux: its manifest and configuration name no such platform)"
    ));
    assert_eq!(update(&mut account, "none", json!({})), refusal);
}

#[test]
fn an_image_that_cannot_run_is_refused_in_the_words_of_aws() {
    let uri = tagged("v1");
    let cases = [
        (
            ImageFault::Invalid("it has neither a tag nor a digest".to_owned()),
            invalid(&format!(
                "Source image {uri} is not valid. Provide a valid source image. (it has neither a tag nor a digest)"
            )),
        ),
        (
            ImageFault::Missing("push it first".to_owned()),
            invalid(&format!("Source image {uri} does not exist. Provide a valid source image. (push it first)")),
        ),
        (
            ImageFault::Unsupported("it is a Helm chart".to_owned()),
            invalid(&format!(
                "The image manifest, config or layer media type for the source image {uri} is not supported. (it is a Helm chart)"
            )),
        ),
        (
            ImageFault::Failed("the disk is gone".to_owned()),
            error(
                500,
                "ServiceException",
                json!({ "Type": "Service", "Message": format!("source image {uri} could not be looked up: the disk is gone") }),
            ),
        ),
    ];
    for (fault, answer) in cases {
        let mut account = Account::new();
        account.images.insert(uri.clone(), Err(fault));
        assert_eq!(create(&mut account, "v1", json!({})), answer);
        assert_eq!(account.get(FUNCTION).status, 404);
        push(&mut account, "v0", "1", &["amd64"]);
        create(&mut account, "v0", json!({}));
        assert_eq!(update(&mut account, "v1", json!({})), answer);
        assert_eq!(account.read(FUNCTION)["Code"]["ImageUri"], tagged("v0"));
    }
}

#[test]
fn a_name_that_is_taken_matters_before_the_image() {
    let mut account = Account::new();
    push(&mut account, "v1", "1", &["amd64"]);
    account.images.insert(tagged("gone"), Err(ImageFault::Missing(String::new())));
    create(&mut account, "v1", json!({}));
    assert_eq!(create(&mut account, "gone", json!({})).error.as_deref(), Some("ResourceConflictException"));
}

#[test]
fn an_image_is_asked_for_where_it_becomes_code() {
    let asked = |method: http::Method, target: &str, body: Value| {
        let request = crate::harness::request(method, target, body.to_string());
        fakecloud_lambda::parse(&request).unwrap().image().map(str::to_owned)
    };
    let function = |package: &str| {
        let mut body = json!({ "FunctionName": "f", "Role": "arn:aws:iam::111122223333:role/r" });
        body["PackageType"] = package.into();
        body["Code"] = json!({ "ImageUri": "i" });
        body
    };
    assert_eq!(asked(http::Method::POST, FUNCTIONS, function("Image")).as_deref(), Some("i"));
    assert_eq!(asked(http::Method::POST, FUNCTIONS, function("Zip")), None);
    assert_eq!(asked(http::Method::PUT, CODE, json!({ "ImageUri": "i" })).as_deref(), Some("i"));
    assert_eq!(asked(http::Method::PUT, CODE, json!({ "ZipFile": "AA==" })), None);
}

#[test]
fn records_without_a_digest_are_read() {
    let mut account = Account::new();
    push(&mut account, "v1", "1", &["amd64"]);
    create(&mut account, "v1", json!({}));
    create(&mut account, "unknown", json!({ "FunctionName": "unpinned" }));
    let before = ["f", "unpinned"].map(|name| account.read(&format!("{FUNCTIONS}/{name}")));
    account.restart();
    assert_eq!(["f", "unpinned"].map(|name| account.read(&format!("{FUNCTIONS}/{name}"))), before);
    for older in [Some(json!("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")), None] {
        let file = account.files.get_mut("111122223333/eu-west-1/functions/unpinned.json").unwrap();
        let mut record: Value = serde_json::from_slice(file).unwrap();
        let image = record["latest"]["package"]["Image"].as_object_mut().unwrap();
        image.remove("content");
        image.remove("pushed");
        image.extend(older.map(|pushed| ("pushed".to_owned(), pushed)));
        *file = serde_json::to_vec(&record).unwrap();
        account.restart();
        assert_eq!(account.read(&format!("{FUNCTIONS}/unpinned")), before[1]);
    }
}
