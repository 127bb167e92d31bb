//! Configurations of asynchronous invocations.

use serde_json::{Value, json};

use super::{FUNCTION_ARN, Recording, encoded, no_content, not_found, ok, one_violation, published, qualifiers_differ};
use crate::harness::{Account, Answer, invalid};

fn target(function: &str, qualifier: &str) -> String {
    let query = if qualifier.is_empty() { String::new() } else { format!("?Qualifier={}", encoded(qualifier)) };
    format!("/2019-09-25/functions/{}/event-invoke-config{query}", encoded(function))
}

/// A configuration as AWS shows it, with these members besides.
fn shown(qualifier: &str, members: Value) -> Value {
    let mut config = json!({
        "DestinationConfig": { "OnFailure": {}, "OnSuccess": {} },
        "FunctionArn": format!("{FUNCTION_ARN}f:{qualifier}"),
        "LastModified": "number",
    });
    for (key, value) in members.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

fn retries(count: u8) -> Value {
    json!({ "MaximumRetryAttempts": count })
}

fn success(arn: &str) -> Value {
    json!({ "DestinationConfig": { "OnSuccess": { "Destination": arn } } })
}

fn nothing_there() -> Answer {
    not_found("The function doesn't exist.")
}

fn no_config(name: &str) -> Answer {
    not_found(&format!("The function {FUNCTION_ARN}{name} doesn't have an EventInvokeConfig"))
}

#[test]
fn a_put_of_nothing_is_refused_before_the_function_is_looked_up() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    let nothing = invalid("You must specify at least one of error handling or destination setting.");
    said.same("put", account.put(&target("none", ""), &json!({})), nothing);
    said.same("update", account.post(&target("none", ""), &json!({})), nothing_there());
    said.end();
}

#[test]
fn a_configuration_lives_as_on_aws() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    account.create("f");
    let latest = target("f", "");
    let config = |members: Value| ok(200, shown("$LATEST", members));
    said.same("no retries", account.put(&latest, &retries(0)), config(retries(0)));
    let age = json!({ "MaximumEventAgeInSeconds": 60 });
    said.same("a minute", account.put(&latest, &age), config(age.clone()));
    said.same("the same minute", account.post(&latest, &age), config(age));
    let both = json!({ "MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1 });
    said.same("a retry besides", account.post(&latest, &retries(1)), config(both.clone()));
    said.same("gotten", account.get(&latest), config(both.clone()));
    said.same("gotten as $LATEST", account.get(&target("f", "$LATEST")), config(both.clone()));
    let list = "/2019-09-25/functions/f/event-invoke-config/list";
    let one = json!({ "FunctionEventInvokeConfigs": [shown("$LATEST", both)] });
    said.same("list", account.get(list), ok(200, one));
    account.post("/2015-03-31/functions/f/versions", &json!({}));
    said.same("a version has none", account.get(&target("f", "1")), no_config("f:1"));
    let age = json!({ "MaximumEventAgeInSeconds": 120 });
    let of_version = shown("1", age.clone());
    said.same("of a version", account.put(&target("f", "1"), &age), ok(200, of_version.clone()));
    said.same("gotten of a version", account.get(&target("f", "1")), ok(200, of_version.clone()));
    account.delete(&latest);
    let one = json!({ "FunctionEventInvokeConfigs": [of_version] });
    said.same("list of what is left", account.get(list), ok(200, one));
    said.end();
}

#[test]
fn destinations_are_taken_and_refused_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    account.create("g");
    let latest = target("f", "");
    said.same("no function", account.put(&target("none", ""), &retries(1)), nothing_there());
    said.same(
        "no function by ARN",
        account.put(&target(&format!("{FUNCTION_ARN}none"), ""), &retries(1)),
        nothing_there(),
    );
    let empty = invalid("You must specify at least one of error handling or destination setting.");
    said.same("nothing set", account.put(&latest, &json!({})), empty);
    let missing = format!("{FUNCTION_ARN}none");
    let refused = invalid(&format!("The destination ARN {missing} is invalid."));
    said.same("to no function", account.put(&latest, &success(&missing)), refused);
    let itself = invalid("You can't specify the function as a destination for itself.");
    said.same("to itself", account.put(&latest, &success(&format!("{FUNCTION_ARN}f"))), itself);
    let other = format!("{FUNCTION_ARN}g");
    let mut expected = shown("$LATEST", json!({}));
    expected["DestinationConfig"]["OnSuccess"] = json!({ "Destination": other });
    said.same("to another function", account.put(&latest, &success(&other)), ok(200, expected));
    let role = "arn:aws:iam:eu-west-1:111122223333:function:f";
    let refused = format!(
        "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination={role}), onFailure=null) is invalid."
    );
    said.same("to another service", account.put(&latest, &success(role)), invalid(&refused));
    for name in ["OnSuccess", "OnFailure"] {
        let body = json!({ "DestinationConfig": { name: {} } });
        said.same("to nowhere", account.put(&latest, &body), ok(200, shown("$LATEST", json!({}))));
    }
    let odd = "arn:aws:_-/!lambda:eu-west-1:111122223333:function:f";
    // The pattern is today's; the recording of 2024 has an older one.
    let pattern = r"satisfy regular expression pattern: $|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";
    let body = json!({ "DestinationConfig": { "OnFailure": { "Destination": odd } } });
    let refused = one_violation(odd, "destinationConfig.onFailure.destination", pattern);
    said.same("to no ARN", account.put(&latest, &body), refused);
    said.end();
}

#[test]
fn functions_are_named_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let arn = |qualifier: &str| format!("{FUNCTION_ARN}f:{qualifier}");
    let taken = [
        ("f", "", "$LATEST"),
        ("f", "$LATEST", "$LATEST"),
        ("f", "1", "1"),
        ("f", "live", "live"),
        (&arn("live"), "", "live"),
        (&arn("live"), "live", "live"),
        ("f:live", "", "live"),
        ("f:live", "live", "live"),
        ("f:1", "", "1"),
        ("f:$LATEST", "$LATEST", "$LATEST"),
    ];
    for (name, qualifier, meant) in taken {
        let answer = account.put(&target(name, qualifier), &retries(1));
        said.same(&format!("{name} {qualifier}"), answer, ok(200, shown(meant, retries(1))));
    }
    said.same("no alias", account.put(&target("f", "none"), &retries(1)), nothing_there());
    for (name, qualifier) in
        [(&*arn("live"), "none"), ("f:live", "none"), ("f:1", "live"), ("f:1", "$LATEST"), ("f:$LATEST", "1")]
    {
        let answer = account.put(&target(name, qualifier), &retries(1));
        said.same(&format!("{name} {qualifier}"), answer, qualifiers_differ());
    }
    said.end();
}

#[test]
fn configurations_are_replaced_changed_and_missed_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let latest = target("f", "");
    let config = |age: Option<u32>, count: u8| {
        let mut members = retries(count);
        if let Some(age) = age {
            members["MaximumEventAgeInSeconds"] = age.into();
        }
        ok(200, shown("$LATEST", members))
    };
    let both = |age: u32, count: u8| json!({ "MaximumEventAgeInSeconds": age, "MaximumRetryAttempts": count });
    said.same("the greatest values", account.put(&latest, &both(21_600, 2)), config(Some(21_600), 2));
    said.same("less", account.put(&latest, &both(60, 2)), config(Some(60), 2));
    said.same("replaced", account.put(&latest, &retries(0)), config(None, 0));
    said.same("replaced by the same", account.put(&latest, &retries(0)), config(None, 0));
    said.same("gotten", account.get(&latest), config(None, 0));
    said.same("both again", account.put(&latest, &both(60, 2)), config(Some(60), 2));
    said.same("updated", account.post(&latest, &retries(0)), config(Some(60), 0));
    said.same("updated by the same", account.post(&latest, &retries(0)), config(Some(60), 0));
    for qualifier in ["1", "live"] {
        account.put(&target("f", qualifier), &retries(1));
    }
    let list = "/2019-09-25/functions/f/event-invoke-config/list";
    let all = [shown("$LATEST", both(60, 0)), shown("1", retries(1)), shown("live", retries(1))];
    said.same("list", account.get(list), ok(200, json!({ "FunctionEventInvokeConfigs": all })));
    for qualifier in ["", "1", "live"] {
        said.same("deleted", account.delete(&target("f", qualifier)), no_content());
    }
    said.same("empty list", account.get(list), ok(200, json!({ "FunctionEventInvokeConfigs": [] })));
    said.same("delete twice", account.delete(&latest), no_config("f:$LATEST"));
    said.same("delete of no function", account.delete(&target("none", "")), no_config("none:$LATEST"));
    said.same("list of no function", account.get(&list.replace("/f/", "/none/")), nothing_there());
    said.same("get of no function", account.get(&target("none", "")), no_config("none:$LATEST"));
    said.same("get of no alias", account.get(&target("f", "none")), no_config("f:none"));
    said.same("update of no function", account.post(&target("none", ""), &retries(0)), nothing_there());
    said.same("get of an alias", account.get(&target("f", "live")), no_config("f:live"));
    said.same("update of an alias", account.post(&target("f", "live"), &retries(0)), no_config("f:live"));
    said.same("update of none", account.post(&latest, &retries(0)), no_config("f:$LATEST"));
    said.end();
}
