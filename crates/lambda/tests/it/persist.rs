//! State on disk, which is what is answered.

use fakecloud_lambda::Lambda;
use serde_json::{Map, Value, json};

use crate::harness::{Account, config};

const TARGETS: [&str; 6] = [
    "/2015-03-31/functions/f",
    "/2015-03-31/functions/f:1",
    "/2015-03-31/functions/deleted",
    "/2015-03-31/functions?FunctionVersion=ALL",
    "/2018-10-31/layers",
    "/2018-10-31/layers/l/versions/2",
];

#[test]
fn a_restart_changes_no_answer() {
    let mut account = Account::new();
    account.publish_layer("l", "layer 1");
    account.publish_layer("l", "layer 2");
    let everything = json!({
        "Publish": true,
        "Layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:l:1"],
        "Environment": { "Variables": { "KEY": "\"quoted\" ü" } },
        "Tags": { "team": "a" },
        "VpcConfig": { "SubnetIds": ["subnet-1"] },
        "FileSystemConfigs": [{
            "Arn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0123456789abcdef0",
            "LocalMountPath": "/mnt/data",
        }],
        "SnapStart": { "ApplyOn": "None" },
        "LoggingConfig": { "LogFormat": "JSON" },
    });
    account.create_with("f", everything);
    account.put("/2015-03-31/functions/f/configuration", &json!({ "Timeout": 9 }));
    account.create("deleted");
    account.delete("/2015-03-31/functions/deleted");
    account.delete("/2018-10-31/layers/l/versions/1");
    let before = TARGETS.map(|target| account.get(target));
    let archives = account.lambda.archives().into_iter().map(str::to_owned).collect::<Vec<_>>();
    account.restart();
    assert_eq!(TARGETS.map(|target| account.get(target)), before);
    assert_eq!(account.lambda.archives().into_iter().collect::<Vec<_>>(), archives);
    assert_eq!(account.publish_layer("l", "layer 3").body["Version"], 3);
}

#[test]
fn a_state_from_before_newer_settings_is_read() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.publish_layer("l", "layer");
    let before = account.read("/2015-03-31/functions?FunctionVersion=ALL");
    for (key, members) in [("functions/f", &["latest", "last_version"][..]), ("layers/l", &["last_version"])] {
        let mut read = |part: &str| -> Map<String, Value> {
            let file = account.files.remove(&format!("111122223333/eu-west-1/{key}{part}.json")).unwrap();
            serde_json::from_slice(&file).unwrap()
        };
        let (mut record, version) = (read(""), read(":1"));
        record.retain(|member, _| members.contains(&member.as_str()));
        assert_eq!(record.len(), members.len(), "{key}");
        record.insert("versions".to_owned(), json!({ "1": version["version"] }));
        account.files.insert(format!("111122223333/eu-west-1/{key}.json"), serde_json::to_vec(&record).unwrap());
    }
    account.restart();
    assert_eq!(account.read("/2015-03-31/functions?FunctionVersion=ALL"), before);
    assert_eq!(account.read("/2018-10-31/layers/l/versions/1")["Version"], 1);
}

#[test]
fn keys_are_plain_paths() {
    let mut account = Account::new();
    account.create("Name-with_all");
    account.publish_layer("l", "layer");
    let keys: Vec<&str> =
        account.files.keys().map(|key| key.strip_prefix("111122223333/eu-west-1/").unwrap()).collect();
    assert_eq!(keys, ["functions/Name-with_all.json", "layers/l.json", "layers/l:1.json"]);
}

#[test]
fn what_is_not_ours_is_not_read() {
    let restored = |key: &str, json: &str| {
        Lambda::restore(config(), [(key.to_owned(), json.as_bytes().to_vec())]).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        restored("lost+found", ""),
        "unknown key: \"lost+found\" is not ACCOUNT/REGION/KIND/NAME.json with a kind such as functions"
    );
    assert_eq!(restored("1/eu-west-1/functions/f.json", "{}").split(':').next(), Some("unknown key"));
    let key = "111122223333/eu-west-1/functions/f.json";
    assert_eq!(restored(key, "{\"latest\":"), format!("unreadable state in {key}"));
}
