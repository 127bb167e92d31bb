//! Layers and their use by functions.

use base64::{Engine, engine::general_purpose::STANDARD};
use fakecloud_lambda::{Config, ForeignLayers, Lambda, MissingLayers, Scope, Stored, SuppliedLayer};
use serde_json::{Value, json};

use crate::harness::{Account, config, error, invalid, violated};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:layer";

fn published(description: &str) -> Value {
    json!({
        "Description": description,
        "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.12"],
        "CompatibleArchitectures": ["arm64"],
        "Content": { "ZipFile": STANDARD.encode("layer") },
    })
}

#[test]
fn a_published_version_is_read_as_it_was_answered() {
    let mut account = Account::new();
    let answer = account.post("/2018-10-31/layers/l/versions", &published("d"));
    let expected = json!({
        "Content": {
            "Location": "http://fakecloud:4566/archives/6c61796572",
            "CodeSha256": "sha256 of layer",
            "CodeSize": 5,
        },
        "LayerArn": format!("{ARN}:l"),
        "LayerVersionArn": format!("{ARN}:l:1"),
        "Description": "d",
        "CreatedDate": "2026-01-31T12:00:01.000+0000",
        "Version": 1,
        "CompatibleRuntimes": ["python3.12"],
        "CompatibleArchitectures": ["arm64"],
        "LicenseInfo": "MIT",
    });
    assert_eq!((answer.status, &answer.body), (201, &expected));
    assert_eq!(account.read("/2018-10-31/layers/l/versions/1"), expected);
    assert_eq!(
        account.read(&format!("/2018-10-31/layers/{}/versions/1", format!("{ARN}:l").replace(':', "%3A"))),
        expected
    );
}

#[test]
fn lists_show_the_newest_first_and_filter() {
    let mut account = Account::new();
    account.publish_layer("a", "1");
    account.post("/2018-10-31/layers/a/versions", &published("compatible"));
    account.publish_layer("a", "3");
    account.publish_layer("b", "1");
    let versions = |account: &mut Account, query: &str| -> Vec<i64> {
        let list = account.read(&format!("/2018-10-31/layers/a/versions{query}"));
        list["LayerVersions"].as_array().unwrap().iter().map(|item| item["Version"].as_i64().unwrap()).collect()
    };
    assert_eq!(versions(&mut account, ""), [3, 2, 1]);
    assert_eq!(versions(&mut account, "?CompatibleRuntime=python3.12"), [2]);
    assert_eq!(versions(&mut account, "?CompatibleArchitecture=x86_64"), [0_i64; 0]);
    let page = account.read("/2018-10-31/layers/a/versions?MaxItems=2");
    let next = page["NextMarker"].as_str().unwrap();
    assert_eq!(versions(&mut account, &format!("?Marker={next}")), [1]);
    let layers = account.read("/2018-10-31/layers");
    let newest = |index: usize| layers["Layers"][index]["LatestMatchingVersion"]["LayerVersionArn"].clone();
    assert_eq!([newest(0), newest(1)], [format!("{ARN}:a:3"), format!("{ARN}:b:1")]);
    let filtered = account.read("/2018-10-31/layers?CompatibleRuntime=python3.12");
    assert_eq!(filtered["Layers"][0]["LatestMatchingVersion"]["Version"], 2);
    assert_eq!(filtered["Layers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deleted_version_stays_with_the_functions_that_use_it() {
    let mut account = Account::new();
    account.publish_layer("l", "layer");
    let layers = json!({ "Layers": [format!("{ARN}:l:1")] });
    account.create_with("f", layers.clone());
    assert_eq!(account.delete("/2018-10-31/layers/l/versions/1").status, 204);
    assert_eq!(account.delete("/2018-10-31/layers/l/versions/1").status, 204, "deleting is idempotent");
    let gone = json!({ "Type": "User", "Message": "The resource you requested does not exist." });
    assert_eq!(account.get("/2018-10-31/layers/l/versions/1"), error(404, "ResourceNotFoundException", gone));
    assert_eq!(account.read("/2018-10-31/layers")["Layers"], json!([]));
    assert!(account.lambda.archives().contains("6c61796572"), "the function still needs the archive");
    assert_eq!(account.put("/2015-03-31/functions/f/configuration", &layers).status, 200);
    let missing = format!("Layer version {ARN}:l:1 does not exist.");
    assert_eq!(account.create_with("g", layers), invalid(&missing));
    account.delete("/2015-03-31/functions/f");
    assert!(!account.lambda.archives().contains("6c61796572"));
    assert_eq!(account.publish_layer("l", "layer").body["Version"], 2, "no number is given twice");
}

#[test]
fn numbers_of_layers_without_a_version_are_kept_for_so_many_layers() {
    const KEPT: u64 = 10_000;
    let mut account = Account::new();
    let key = |number: u64| format!("{number:012}/eu-west-1/layers/l.json");
    for number in 0..=KEPT {
        let record = json!({ "last_version": 7, "emptied": number + 1 });
        account.files.insert(key(number), record.to_string().into_bytes());
    }
    account.restart();
    assert_eq!(account.files.keys().next(), Some(&key(1)), "the one that lost its last version first is forgotten");
    assert_eq!(account.files.len() as u64, KEPT);
    account.publish_layer("l", "layer");
    account.publish_layer("l", "layer");
    account.delete("/2018-10-31/layers/l/versions/1");
    assert_eq!(account.files.len() as u64, KEPT + 2, "one of its versions is left, with the layer's record");
    account.delete("/2018-10-31/layers/l/versions/2");
    assert_eq!((account.files.keys().next(), account.files.len() as u64), (Some(&key(2)), KEPT));
    account.restart();
    let mut publish = |owner: &str| {
        account.scope = Scope::new(owner, "eu-west-1").unwrap();
        account.publish_layer("l", "layer").body["Version"].clone()
    };
    assert_eq!([publish("111122223333"), publish("000000000002"), publish("000000000001")], [3, 8, 1]);
    for owner in ["111122223333", "000000000001"] {
        account.scope = Scope::new(owner, "eu-west-1").unwrap();
        let (last, others) = (if owner.starts_with('1') { 3 } else { 1 }, account.files.len());
        account.delete(&format!("/2018-10-31/layers/l/versions/{last}"));
        assert_eq!(account.files.len(), others - 1, "what has a version again makes room");
    }
}

#[test]
fn a_list_with_a_null_is_refused_where_aws_has_words_of_its_own() {
    for (member, path) in
        [("CompatibleRuntimes", "compatibleRuntimes"), ("CompatibleArchitectures", "compatibleArchitectures")]
    {
        let request = json!({ "Content": { "ZipFile": "emlw" }, member: [null] });
        let message = format!(
            "1 validation error detected: Value '[null]' at '{path}' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must not be null]"
        );
        assert_eq!(Account::new().post("/2018-10-31/layers/l/versions", &request), violated(&message));
    }
}

#[test]
fn wrong_layers_are_refused_in_the_words_of_aws() {
    let mut account = Account::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        account.publish_layer(name, name);
    }
    account.publish_layer("a", "again");
    let arns =
        |layers: &[&str]| json!({ "Layers": layers.iter().map(|layer| format!("{ARN}:{layer}")).collect::<Vec<_>>() });
    let cases = [
        (arns(&["a:1", "b:1", "c:1", "d:1", "e:1", "f:1"]), "Cannot reference more than 5 layers.".to_owned()),
        (
            arns(&["a:1", "a:2"]),
            format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. {ARN}:a:1 and {ARN}:a:2 are versions of the same layer."
            ),
        ),
        (arns(&["a:3"]), format!("Layer version {ARN}:a:3 does not exist.")),
        (
            json!({ "Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:a:1"] }),
            "Layers are not in the same region as the function. Layers are expected to be in region eu-west-1."
                .to_owned(),
        ),
    ];
    for (members, message) in cases {
        assert_eq!(account.create_with("x", members.clone()), invalid(&message), "{members}");
    }
    assert_eq!(account.create_with("x", arns(&["e:1", "a:1", "d:1", "b:1", "c:1"])).status, 201);
    let order: Vec<Value> = account.read("/2015-03-31/functions/x")["Configuration"]["Layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["Arn"].clone())
        .collect();
    assert_eq!(
        order,
        ["e", "a", "d", "b", "c"].map(|name| format!("{ARN}:{name}:1")),
        "the order of attachment is kept"
    );
    assert_eq!(account.get("/2018-10-31/layers/a/versions/0"), invalid("Layer Version Cannot be less than 1"));
}

#[test]
fn layers_of_other_accounts_are_supplied_left_out_or_refused_with_the_ways_out() {
    const POWERTOOLS: &str = "arn:aws:lambda:eu-west-1:017000801446:layer:Powertools:7";
    const INSIGHTS: &str = "arn:aws:lambda:eu-west-1:580247275435:layer:Insights:38";
    let layer = |account: &str, name: &str, version| SuppliedLayer {
        account: account.to_owned(),
        name: name.to_owned(),
        version,
    };
    let archive = Stored { sha256_base64: "a".to_owned(), sha256_hex: "a".to_owned(), size: 7, unzipped: 9 };
    let with = |supplied: &[SuppliedLayer], missing| {
        let supplied = supplied.iter().map(|layer| (layer.clone(), archive.clone())).collect();
        let mut account = Account::new();
        account.lambda = Lambda::new(Config { foreign_layers: ForeignLayers { supplied, missing }, ..config() });
        account
    };
    let members = |arn: &str| json!({ "Layers": [arn] });

    let mut account = with(&[layer("017000801446", "Powertools", Some(7))], MissingLayers::Refuse);
    let created = account.create_with("x", members(POWERTOOLS));
    assert_eq!(created.body["Layers"], json!([{ "Arn": POWERTOOLS, "CodeSize": 7 }]));
    assert!(account.lambda.archives().contains("a"), "it is needed even while no function has it");
    let refused = account.create_with("y", members(&POWERTOOLS.replace(":7", ":8")));
    let message = refused.body.to_string();
    assert!(
        refused.status == 400 && message.contains("017000801446/Powertools/8.zip below FAKECLOUD_LAMBDA_LAYERS_DIR"),
        "{message}"
    );
    assert!(message.contains("FAKECLOUD_LAMBDA_FOREIGN_LAYERS=leave-out"), "{message}");

    let mut account = with(&[layer("017000801446", "Powertools", None)], MissingLayers::LeaveOut);
    for (arn, size) in [(POWERTOOLS, 7), (INSIGHTS, 0)] {
        let name = if size == 0 { "without" } else { "with" };
        let created = account.create_with(name, members(arn));
        assert_eq!(created.body["Layers"], json!([{ "Arn": arn, "CodeSize": size }]));
    }
    let own = format!("{ARN}:none:1");
    assert_eq!(account.create_with("z", members(&own)), invalid(&format!("Layer version {own} does not exist.")));
}
