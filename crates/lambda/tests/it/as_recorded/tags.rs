//! Tags of functions and event source mappings.

use serde_json::{Map, Value, json};

use super::{FUNCTION_ARN, Recording, encoded, no_content, no_function, not_found, ok, one_violation, published};
use crate::harness::{Account, Answer, invalid};

const MAPPING_ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:";

/// Today's pattern; the recordings of 2024 have an older one.
const TAGGABLE: &str = r"satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})";

fn target(arn: &str) -> String {
    format!("/2017-03-31/tags/{}", encoded(arn))
}

fn tag(account: &mut Account, arn: &str, tags: Value) -> Answer {
    account.post(&target(arn), &json!({ "Tags": tags }))
}

fn untag(account: &mut Account, arn: &str, keys: &[&str]) -> Answer {
    let keys: Vec<String> = keys.iter().map(|key| format!("tagKeys={key}")).collect();
    account.delete(&format!("{}?{}", target(arn), keys.join("&")))
}

fn tags(tags: Value) -> Answer {
    ok(200, json!({ "Tags": tags }))
}

/// A function and a mapping of it; gives the ARN of the mapping.
fn mapped(account: &mut Account, members: Value) -> String {
    let mut body = json!({ "FunctionName": "f", "EventSourceArn": "arn:aws:sqs:eu-west-1:111122223333:q" });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    let mapping = account.post("/2015-03-31/event-source-mappings", &body);
    mapping.body["EventSourceMappingArn"].as_str().unwrap().to_owned()
}

#[test]
fn tags_live_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    for arn in [format!("{FUNCTION_ARN}f"), mapped(&mut account, json!({}))] {
        let list = target(&arn);
        said.same("one", tag(&mut account, &arn, json!({ "A": "tag-a" })), no_content());
        said.same("listed", account.get(&list), tags(json!({ "A": "tag-a" })));
        said.same("two", tag(&mut account, &arn, json!({ "B": "tag-b", "C": "tag-c" })), no_content());
        said.same("all", account.get(&list), tags(json!({ "A": "tag-a", "B": "tag-b", "C": "tag-c" })));
        said.same("overlapping", tag(&mut account, &arn, json!({ "C": "new", "D": "tag-d" })), no_content());
        let all = json!({ "A": "tag-a", "B": "tag-b", "C": "new", "D": "tag-d" });
        said.same("replaced", account.get(&list), tags(all));
        for (keys, left) in [
            (["A"].as_slice(), json!({ "B": "tag-b", "C": "new", "D": "tag-d" })),
            (&["B", "C"], json!({ "D": "tag-d" })),
            (&["F"], json!({ "D": "tag-d" })),
            (&["F", "D"], json!({})),
        ] {
            said.same("untag", untag(&mut account, &arn, keys), no_content());
            said.same("left", account.get(&list), tags(left));
        }
    }
    said.end();
}

#[test]
fn tags_come_with_what_is_created_as_on_aws() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    account.create_with("f", json!({ "Tags": { "testtag": "custom" } }));
    let expected = json!({ "testtag": "custom" });
    assert_eq!(account.read("/2015-03-31/functions/f")["Tags"], expected);
    said.same("of a function", account.get(&target(&format!("{FUNCTION_ARN}f"))), tags(expected.clone()));
    let mapping = mapped(&mut account, json!({ "Tags": expected }));
    said.same("of a mapping", account.get(&target(&mapping)), tags(expected));
    said.end();
}

#[test]
fn every_tag_is_a_change_of_its_function_as_on_aws() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Tags": { "a": "1" } }));
    let arn = format!("{FUNCTION_ARN}f");
    let mut seen = Vec::new();
    let mut look = |account: &mut Account, expected: Value| {
        let function = account.read("/2015-03-31/functions/f");
        assert_eq!(function.get("Tags").cloned().unwrap_or_else(|| json!({})), expected);
        let revision = function["Configuration"]["RevisionId"].clone();
        assert!(!seen.contains(&revision), "{expected} has a revision of its own");
        seen.push(revision);
    };
    look(&mut account, json!({ "a": "1" }));
    tag(&mut account, &arn, json!({ "b": "2", "c": "3" }));
    look(&mut account, json!({ "a": "1", "b": "2", "c": "3" }));
    tag(&mut account, &arn, json!({ "c": "x" }));
    look(&mut account, json!({ "a": "1", "b": "2", "c": "x" }));
    untag(&mut account, &arn, &["c", "b"]);
    look(&mut account, json!({ "a": "1" }));
    untag(&mut account, &arn, &["a"]);
    look(&mut account, json!({}));
    assert_eq!(account.read("/2015-03-31/functions/f").get("Tags"), None, "no tags are not shown");
    account.delete("/2015-03-31/functions/f");
    assert_eq!(account.get(&target(&arn)), no_function("f"));
}

#[test]
fn tags_are_refused_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let function = format!("{FUNCTION_ARN}f");
    let mapping = format!("{MAPPING_ARN}01234567-89ab-4def-8123-456789abcdef");
    for (missing, refusal) in [
        (format!("{FUNCTION_ARN}none"), no_function("none")),
        (mapping.clone(), not_found(&format!("Event source mapping not found: {mapping}"))),
    ] {
        said.same("tag", tag(&mut account, &missing, json!({ "A": "B" })), refusal.clone());
        said.same("untag", untag(&mut account, &missing, &["A"]), refusal.clone());
        said.same("list", account.get(&target(&missing)), refusal);
    }
    let qualified = "Tags on function aliases and versions are not supported. Please specify a function ARN.";
    for qualifier in ["live", "1", "$LATEST", "none"] {
        let arn = format!("{function}:{qualifier}");
        said.same(qualifier, tag(&mut account, &arn, json!({ "A": "B" })), invalid(qualified));
    }
    for arn in ["arn:aws:something", "arn:aws:lambda:eu-west-1:111122223333:foobar:f", &format!("{mapping}:alias")] {
        let refusal = one_violation(arn, "resource", TAGGABLE);
        said.same(arn, tag(&mut account, arn, json!({ "A": "B" })), refusal);
    }
    said.same("no tags", account.get(&target(&function)), tags(json!({})));
    said.same("no such tag", untag(&mut account, &function, &["none"]), no_content());
    said.same("no keys", account.delete(&target(&function)), one_violation("null", "tagKeys", "not be null"));
    let empty = invalid("An error occurred and the request cannot be processed.");
    said.same("nothing to tag", tag(&mut account, &function, json!({})), empty);
    said.end();
}

#[test]
fn fifty_tags_are_the_limit_as_on_aws() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    account.create("f");
    let function = format!("{FUNCTION_ARN}f");
    let many = |count: usize| -> Value {
        let tags = (0..count).map(|number| (format!("{number}_key"), json!(format!("{number}_value"))));
        Value::Object(tags.collect::<Map<String, Value>>())
    };
    let limit = invalid("Number of tags exceeds resource tag limit.");
    said.same("51", tag(&mut account, &function, many(51)), limit.clone());
    said.same("50", tag(&mut account, &function, many(50)), no_content());
    said.same("listed", account.get(&target(&function)), tags(many(50)));
    assert_eq!(account.read("/2015-03-31/functions/f")["Tags"], many(50));
    said.same("one more", tag(&mut account, &function, json!({ "a_key": "a_value" })), limit.clone());
    said.same("51 of a new function", account.create_with("g", json!({ "Tags": many(51) })), limit);
    said.end();
}
