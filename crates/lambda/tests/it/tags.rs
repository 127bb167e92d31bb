//! TagResource, UntagResource and ListTags.

use fakecloud_lambda::Effect;
use serde_json::{Map, Value, json};

use crate::harness::{Account, error, invalid};

const TAGS: &str = "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af";

fn tags(account: &mut Account) -> Value {
    account.read(TAGS)["Tags"].clone()
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Tags": { "team": "a" } }));
    assert_eq!(account.post(TAGS, &json!({ "Tags": { "team": "b", "stage": "" } })).status, 204);
    assert_eq!(tags(&mut account), json!({ "stage": "", "team": "b" }));
    assert_eq!(account.read("/2015-03-31/functions/f")["Tags"], json!({ "stage": "", "team": "b" }));
    assert_eq!(account.delete(&format!("{TAGS}?tagKeys=team&tagKeys=never")).status, 204);
    account.restart();
    assert_eq!(tags(&mut account), json!({ "stage": "" }));
    account.delete(&format!("{TAGS}?tagKeys=stage"));
    assert_eq!(tags(&mut account), json!({}));
}

#[test]
fn new_tags_deploy_every_version_anew() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    let revisions = |account: &mut Account| -> Vec<Value> {
        let list = account.read("/2015-03-31/functions/f/versions");
        list["Versions"].as_array().unwrap().iter().map(|version| version["RevisionId"].clone()).collect()
    };
    let before = revisions(&mut account);
    account.effects.clear();
    account.post(TAGS, &json!({ "Tags": { "fakecloud-k8s/priority-class": "high" } }));
    let after = revisions(&mut account);
    assert!(after[0] != after[1] && before.iter().all(|revision| !after.contains(revision)), "{before:?} {after:?}");
    let deployed = account.effects.iter().map(|effect| match effect {
        Effect::Deployed(record) => (record.version.as_str(), record.tags.len()),
        Effect::Removed { arn } => panic!("{arn} is gone"),
    });
    assert_eq!(deployed.collect::<Vec<_>>(), [("$LATEST", 1), ("1", 1)]);
    let published = account.post("/2015-03-31/functions/f/versions", &json!({}));
    assert_eq!(published.body["Version"], "1", "tags are no change to publish");

    let files = account.files.clone();
    account.effects.clear();
    account.post(TAGS, &json!({ "Tags": { "fakecloud-k8s/priority-class": "high" } }));
    account.delete(&format!("{TAGS}?tagKeys=never"));
    assert_eq!((account.files, account.effects), (files, Vec::new()), "the same tags change nothing");
}

#[test]
fn wrong_tags_are_refused_in_the_words_of_aws() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true, "Tags": { "first": "" } }));
    let many = |count: usize| -> Value {
        let tags: Map<String, Value> = (0..count).map(|number| (format!("tag{number}"), json!(""))).collect();
        json!({ "Tags": tags })
    };
    let files = account.files.clone();
    assert_eq!(account.post(TAGS, &many(50)), invalid("Number of tags exceeds resource tag limit."));
    let empty = invalid("An error occurred and the request cannot be processed.");
    assert_eq!(account.post(TAGS, &json!({ "Tags": {} })), empty);
    let qualified = "Tags on function aliases and versions are not supported. Please specify a function ARN.";
    assert_eq!(account.post(&format!("{TAGS}:1"), &many(1)), invalid(qualified));
    assert_eq!(account.get(&format!("{TAGS}:1")), invalid(qualified));
    let missing =
        json!({ "Type": "User", "Message": "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:fg" });
    assert_eq!(account.get(&format!("{TAGS}g")), error(404, "ResourceNotFoundException", missing));
    assert_eq!(account.files, files, "a refusal changes nothing");
    assert_eq!(account.post(TAGS, &many(49)).status, 204, "50 tags are allowed");
}
