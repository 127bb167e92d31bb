//! Each version and alias has a record of its own: what a change writes, what a kill between two records leaves, and records
//! of older processes, which held all of a function.

use std::collections::BTreeMap;

use fakecloud_lambda::{Change, Lambda};
use serde_json::{Value, json};

use crate::harness::{Account, Answer, config};

const FUNCTION: &str = "/2015-03-31/functions/f";

/// The records that a process wrote which kept all versions in one: what [`everything`] left.
const WHOLE_RECORDS: &str = include_str!("whole_records.json");

fn to(path: &str) -> String {
    format!("{FUNCTION}{path}")
}

/// A function and a layer with all that versions and aliases may have.
fn everything(account: &mut Account) {
    account.create_with("f", json!({ "Publish": true, "Tags": { "team": "a" } }));
    for timeout in 4..7 {
        account.put(&to("/configuration"), &json!({ "Timeout": timeout }));
        account.post(&to("/versions"), &json!({ "Description": format!("timeout {timeout}") }));
    }
    account.delete("/2015-03-31/functions/f?Qualifier=3");
    for (name, version) in [("live", "2"), ("next", "4")] {
        account.post(&to("/aliases"), &json!({ "Name": name, "FunctionVersion": version }));
    }
    let statement = json!({
        "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
    });
    for qualifier in ["", "?Qualifier=1", "?Qualifier=live"] {
        account.post(&to(&format!("/policy{qualifier}")), &statement);
    }
    let tags = json!({ "Tags": { "team": "b" } });
    account.post("/2017-03-31/tags/arn:aws:lambda:eu-west-1:111122223333:function:f", &tags);
    (1..=3).for_each(|number| drop(account.publish_layer("l", &format!("layer {number}"))));
    let permission = json!({ "StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*" });
    account.post("/2018-10-31/layers/l/versions/2/policy", &permission);
    account.delete("/2018-10-31/layers/l/versions/1");
}

/// The answers that everybody can get about it.
fn answers(account: &mut Account) -> Vec<Answer> {
    let of_function = ["/versions", "/aliases", "/policy", "/policy?Qualifier=1", "/policy?Qualifier=live"].map(to);
    let others = [
        FUNCTION,
        "/2015-03-31/functions/f:1",
        "/2015-03-31/functions/f:live",
        "/2015-03-31/functions?FunctionVersion=ALL",
        "/2018-10-31/layers",
        "/2018-10-31/layers/l/versions",
        "/2018-10-31/layers/l/versions/2/policy",
        "/2016-08-19/account-settings",
    ];
    of_function.iter().map(String::as_str).chain(others).map(|target| account.get(target)).collect()
}

/// The bytes that the last call wrote.
fn written(account: &Account) -> usize {
    let bytes = |change: &Change| match change {
        Change::Put { json, .. } => json.len(),
        Change::Delete { .. } => 0,
    };
    account.changes.iter().map(bytes).sum()
}

#[test]
fn what_a_change_writes_does_not_grow_with_the_number_of_versions() {
    type Step = fn(&mut Account, u32);
    let publish: Step = |account, number| {
        account.put(&to("/configuration"), &json!({ "Timeout": number }));
        account.post(&to("/versions"), &json!({}));
    };
    let alias: Step = |account, number| {
        let name = format!("alias-{number}");
        account.post(&to("/aliases"), &json!({ "Name": name, "FunctionVersion": number.to_string() }));
    };
    let permission: Step = |account, number| {
        let statement =
            json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com" });
        account.post(&to(&format!("/policy?Qualifier={number}")), &statement);
    };
    let tag: Step = |account, number| {
        let tags = json!({ "Tags": { "team": number } });
        account.post("/2017-03-31/tags/arn:aws:lambda:eu-west-1:111122223333:function:f", &tags);
    };
    let layer: Step = |account, number| drop(account.publish_layer("l", &format!("layer {number}")));
    let layer_permission: Step = |account, number| {
        let permission = json!({ "StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*" });
        account.post(&format!("/2018-10-31/layers/l/versions/{number}/policy"), &permission);
    };
    let mut account = Account::new();
    account.create("f");
    for step in [publish, alias, permission, tag, layer, layer_permission] {
        let mut after = |number| {
            step(&mut account, number);
            assert!(!account.changes.is_empty());
            written(&account)
        };
        let few = (100..120).map(&mut after).collect::<Vec<_>>()[19];
        let many = (120..180).map(&mut after).collect::<Vec<_>>()[59];
        assert!(many < few + 50, "{few} bytes, then {many}");
    }
}

#[test]
fn a_restart_brings_every_part_back() {
    let mut account = Account::new();
    everything(&mut account);
    let before = answers(&mut account);
    assert_eq!(before.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200; 13]);
    let files = account.files.clone();
    account.restart();
    assert_eq!(answers(&mut account), before);
    assert_eq!(account.files, files, "there was nothing to set right");
}

#[test]
fn records_that_hold_all_versions_are_read_and_taken_apart_wherever_the_process_ends() {
    let mut account = Account::new();
    everything(&mut account);
    let (expected, apart) = (answers(&mut account), std::mem::take(&mut account.files));
    let whole: BTreeMap<String, Value> = serde_json::from_str(WHOLE_RECORDS).unwrap();
    account.files = whole.into_iter().map(|(key, json)| (key, json.to_string().into_bytes())).collect();

    let mut lambda = Lambda::restore(config(), account.files.clone()).unwrap();
    let repairs = lambda.repairs();
    account.lambda = lambda;
    assert_eq!(answers(&mut account), expected);
    for change in &repairs {
        account.persist(std::slice::from_ref(change));
        account.lambda = Lambda::restore(config(), account.files.clone()).unwrap();
        assert_eq!(answers(&mut account), expected, "after {change:?}");
    }
    assert_eq!(account.lambda.repairs(), []);
    let keys = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&account.files), keys(&apart));
}

#[test]
fn a_call_whose_process_ends_between_two_records_is_done_or_not_begun() {
    type Call = fn(&mut Account) -> Answer;
    let calls: [Call; 6] = [
        |account| account.post(&to("/versions"), &json!({})),
        |account| account.put(&to("/code"), &json!({ "ZipFile": "bmV3", "Publish": true })),
        |account| account.delete("/2015-03-31/functions/f?Qualifier=1"),
        |account| account.delete(FUNCTION),
        |account| account.publish_layer("l", "layer 4"),
        |account| account.delete("/2018-10-31/layers/l/versions/2"),
    ];
    for call in calls {
        let mut account = Account::new();
        everything(&mut account);
        account.put(&to("/configuration"), &json!({ "Timeout": 99 }));
        let (files, before) = (account.files.clone(), answers(&mut account));
        call(&mut account);
        let (changes, after) = (account.changes.clone(), answers(&mut account));
        let last = account.files.clone();
        assert_ne!(before, after);
        account.files = files;
        for (number, change) in changes.iter().enumerate() {
            account.persist(std::slice::from_ref(change));
            let cut = account.files.clone();
            account.restart();
            let seen = answers(&mut account);
            assert!(seen == before || seen == after, "after {number} of {changes:?}: {seen:?}");
            let mended = account.files.clone();
            account.restart();
            assert_eq!(account.files, mended, "all was set right at once");
            account.files = cut;
        }
        assert_eq!(account.files, last);
    }
}

#[test]
fn what_a_killed_process_left_of_a_function_is_not_in_the_next_one_of_its_name() {
    let mut account = Account::new();
    everything(&mut account);
    account.delete(FUNCTION);
    let [own, parts @ ..] = &account.changes[..] else { panic!("{:?}", account.changes) };
    assert!(matches!(own, Change::Delete { key } if key.ends_with("/functions/f.json")), "{own:?}");
    assert!(parts.len() > 4);
    let mut killed = Account::new();
    everything(&mut killed);
    killed.persist(std::slice::from_ref(own));
    killed.restart();
    killed.create("f");
    killed.post(&to("/versions"), &json!({}));
    killed.restart();
    let numbers = |account: &mut Account| account.read(&to("/versions"))["Versions"].as_array().unwrap().len();
    assert_eq!(numbers(&mut killed), 2);
    assert_eq!(killed.read(&to("/aliases"))["Aliases"], json!([]));
}
