//! An alias with provisioned concurrency that moves: its old version serves until the new one is ready.

use serde_json::{Value, json};

use crate::harness::{Account, invalid};

const ALIAS: &str = "/2015-03-31/functions/f/aliases/live";
const CONFIG: &str = "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=live";

/// A function with versions 1, 2 and 3, and an alias of version 1 with provisioned concurrency.
fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    for timeout in [8, 9] {
        account.put("/2015-03-31/functions/f/configuration", &json!({ "Timeout": timeout }));
        account.post("/2015-03-31/functions/f/versions", &json!({}));
    }
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    account.put(CONFIG, &json!({ "ProvisionedConcurrentExecutions": 2 }));
    account
}

fn point_at(account: &mut Account, version: &str) -> Value {
    let answer = account.put(ALIAS, &json!({ "FunctionVersion": version }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// The version that the alias names, and the weights of other versions.
fn shown(account: &mut Account) -> (Value, Value) {
    let alias = account.read(ALIAS);
    (alias["FunctionVersion"].clone(), alias["RoutingConfig"]["AdditionalVersionWeights"].clone())
}

/// The version that every invocation of the alias runs, whatever its random bits.
fn runs(account: &Account) -> String {
    let run = |random: u128| {
        let target = "/2015-03-31/functions/f:live/invocations";
        account.resolve_by(random, target, &[], b"").unwrap().function.version.clone()
    };
    assert_eq!(run(0), run(u128::MAX));
    run(0)
}

/// The versions that are to be ready, and how many environments of each.
fn wanted(account: &Account) -> Vec<(String, u32)> {
    account.lambda.provisioned().into_iter().map(|one| (one.record.version.clone(), one.count)).collect()
}

/// Says that the new versions of all such aliases are ready; gives how many of these aliases there were.
fn ready(account: &mut Account) -> usize {
    let hand_overs = account.lambda.hand_overs();
    let changes: Vec<_> = hand_overs.iter().filter_map(|one| account.lambda.hand_over(one)).flatten().collect();
    account.persist(&changes);
    changes.len()
}

fn two(version: &str) -> (String, u32) {
    (version.to_owned(), 2)
}

#[test]
fn old_version_serves_and_is_kept_until_the_new_one_is_ready() {
    let mut account = account();
    assert_eq!(point_at(&mut account, "2")["RoutingConfig"], json!({ "AdditionalVersionWeights": { "1": 1.0 } }));

    assert_eq!(shown(&mut account), (json!("2"), json!({ "1": 1.0 })));
    assert_eq!(runs(&account), "1");
    assert_eq!(wanted(&account), [two("1"), two("2")]);
    account.restart();
    assert_eq!((runs(&account), wanted(&account)), ("1".to_owned(), vec![two("1"), two("2")]));

    let hand_over = &account.lambda.hand_overs()[0];
    assert_eq!((hand_over.from.version.as_str(), hand_over.to.version.as_str()), ("1", "2"));
    assert_eq!(ready(&mut account), 1);
    assert_eq!(shown(&mut account), (json!("2"), Value::Null));
    assert_eq!((runs(&account), wanted(&account)), ("2".to_owned(), vec![two("2")]));
    account.restart();
    assert_eq!((runs(&account), account.lambda.hand_overs().len()), ("2".to_owned(), 0));
}

#[test]
fn empty_routing_configuration_ends_the_wait_only_where_the_version_stays() {
    let mut account = account();
    let empty = json!({ "FunctionVersion": "2", "RoutingConfig": {} });
    account.put(ALIAS, &empty);
    assert_eq!(runs(&account), "1", "Terraform always sends one");
    account.put(ALIAS, &json!({ "Description": "no word of routing" }));
    assert_eq!(runs(&account), "1");
    account.put(ALIAS, &empty);
    assert_eq!((runs(&account), wanted(&account)), ("2".to_owned(), vec![two("2")]));
}

#[test]
fn alias_that_moves_on_or_back_is_served_by_the_version_that_is_ready() {
    let mut account = account();
    point_at(&mut account, "2");
    let to_second = account.lambda.hand_overs();
    point_at(&mut account, "3");
    assert_eq!((runs(&account), wanted(&account)), ("1".to_owned(), vec![two("1"), two("3")]));
    assert_eq!(account.lambda.hand_over(&to_second[0]), None, "nobody waits for version 2 any more");
    point_at(&mut account, "1");
    assert_eq!(shown(&mut account), (json!("1"), Value::Null));
    assert_eq!((runs(&account), wanted(&account)), ("1".to_owned(), vec![two("1")]));
}

#[test]
fn while_it_waits_neither_its_concurrency_nor_its_old_version_changes() {
    let mut account = account();
    point_at(&mut account, "2");
    let refused = invalid("Alias with weights can not be used with Provisioned Concurrency");
    assert_eq!(account.put(CONFIG, &json!({ "ProvisionedConcurrentExecutions": 3 })), refused);
    assert_eq!(account.delete("/2015-03-31/functions/f?Qualifier=1").status, 409);
    let weights = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "3": 0.5 } } });
    assert_eq!(account.put(ALIAS, &weights), invalid("Invalid alias configuration for Provisioned Concurrency"));
    assert_eq!(runs(&account), "1");
}

#[test]
fn without_provisioned_concurrency_nobody_waits() {
    let mut account = account();
    point_at(&mut account, "2");
    assert_eq!(account.delete(CONFIG).status, 204);
    assert_eq!((shown(&mut account), runs(&account)), ((json!("2"), Value::Null), "2".to_owned()));
    point_at(&mut account, "3");
    assert_eq!((runs(&account), ready(&mut account), wanted(&account)), ("3".to_owned(), 0, vec![]));
}

#[test]
fn alias_that_is_gone_is_handed_over_no_more() {
    let mut account = account();
    point_at(&mut account, "2");
    let hand_overs = account.lambda.hand_overs();
    assert_eq!(account.delete(ALIAS).status, 204);
    assert_eq!(account.lambda.hand_over(&hand_overs[0]), None);
    account.delete("/2015-03-31/functions/f");
    assert_eq!(account.lambda.hand_over(&hand_overs[0]), None);
}
