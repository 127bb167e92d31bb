//! Any sequence of operations leaves settings that agree with each other: what is listed is what is gotten, nothing is
//! attached to what is gone, a policy has the revision of its owner, and a refusal changes nothing.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Account, python, request};

const FUNCTIONS: [&str; 2] = ["f", "g"];
const QUALIFIERS: [&str; 3] = ["$LATEST", "1", "live"];
const SOURCES: [&str; 2] = ["arn:aws:sqs:eu-west-1:111122223333:a", "arn:aws:kinesis:eu-west-1:111122223333:stream/b"];

/// The things that a step works on; the numbers choose from small sets, so that steps meet.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    function: &'static str,
    qualifier: &'static str,
    number: usize,
}

type Step = fn(&mut Account, Chosen) -> (Method, String, Value);

/// A request of every operation that changes functions or what is configured for them.
const STEPS: [(&str, Step); 24] = [
    ("create function", |_, it| {
        (Method::POST, "/2015-03-31/functions".to_owned(), python(it.function, json!({ "Publish": it.number == 0 })))
    }),
    ("delete function", |_, it| (Method::DELETE, function(it, ""), Value::Null)),
    ("delete version", |_, it| (Method::DELETE, function(it, "?Qualifier={}"), Value::Null)),
    ("change code", |_, it| {
        let code = STANDARD.encode(format!("code {}", it.number));
        (Method::PUT, function(it, "/code"), json!({ "ZipFile": code, "Publish": it.number == 2 }))
    }),
    ("publish", |_, it| (Method::POST, function(it, "/versions"), json!({}))),
    ("create alias", |_, it| {
        let version = ["$LATEST", "1", "2"][it.number];
        (Method::POST, function(it, "/aliases"), json!({ "Name": it.qualifier, "FunctionVersion": version }))
    }),
    ("delete alias", |_, it| (Method::DELETE, function(it, "/aliases/{}"), Value::Null)),
    ("permit", |_, it| {
        let sid = format!("s{}", it.number);
        let body = json!({ "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": "*" });
        (Method::POST, function(it, "/policy?Qualifier={}"), body)
    }),
    ("forbid", |_, it| (Method::DELETE, function(it, &format!("/policy/s{}?Qualifier={{}}", it.number)), Value::Null)),
    ("replace policy", |_, it| {
        let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        (Method::PUT, format!("/2026-07-09/resource-policy/{}", arn(it)), json!({ "Policy": policy }))
    }),
    ("configure events", |_, it| {
        (
            Method::PUT,
            dated("2019-09-25", it, "/event-invoke-config?Qualifier={}"),
            json!({ "MaximumRetryAttempts": it.number }),
        )
    }),
    ("forget events", |_, it| {
        (Method::DELETE, dated("2019-09-25", it, "/event-invoke-config?Qualifier={}"), Value::Null)
    }),
    ("create URL", |_, it| (Method::POST, url(it), json!({ "AuthType": "NONE" }))),
    ("delete URL", |_, it| (Method::DELETE, url(it), Value::Null)),
    ("provision", |_, it| {
        let body = json!({ "ProvisionedConcurrentExecutions": 300 * it.number });
        (Method::PUT, dated("2019-09-30", it, "/provisioned-concurrency?Qualifier={}"), body)
    }),
    ("unprovision", |_, it| {
        (Method::DELETE, dated("2019-09-30", it, "/provisioned-concurrency?Qualifier={}"), Value::Null)
    }),
    ("reserve", |_, it| {
        let body = json!({ "ReservedConcurrentExecutions": 400 * it.number });
        (Method::PUT, dated("2017-10-31", it, "/concurrency"), body)
    }),
    ("map", |_, it| {
        let source = SOURCES[it.number % 2];
        let mut body = json!({ "FunctionName": format!("{}:{}", it.function, it.qualifier), "EventSourceArn": source });
        if it.number % 2 == 1 {
            body["StartingPosition"] = "LATEST".into();
        }
        (Method::POST, MAPPINGS.to_owned(), body)
    }),
    ("change mapping", |account, it| {
        (Method::PUT, mapping(account, it), json!({ "Enabled": it.number == 0, "BatchSize": 5 + 10 * it.number }))
    }),
    ("unmap", |account, it| (Method::DELETE, mapping(account, it), Value::Null)),
    ("create signing", |_, _| {
        let profile = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/p";
        let body = json!({ "AllowedPublishers": { "SigningProfileVersionArns": [profile] } });
        (Method::POST, SIGNING.to_owned(), body)
    }),
    ("delete signing", |account, it| {
        (Method::DELETE, format!("{SIGNING}/{}", signing(account, it).replace(':', "%3A")), Value::Null)
    }),
    ("sign", |account, it| {
        let body = json!({ "CodeSigningConfigArn": signing(account, it) });
        (Method::PUT, dated("2020-06-30", it, "/code-signing-config"), body)
    }),
    ("do not sign", |_, it| (Method::DELETE, dated("2020-06-30", it, "/code-signing-config"), Value::Null)),
];

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const SIGNING: &str = "/2020-04-22/code-signing-configs";

fn function(it: Chosen, rest: &str) -> String {
    dated("2015-03-31", it, rest)
}

/// The path of an operation on a function; braces stand for the qualifier.
fn dated(date: &str, it: Chosen, rest: &str) -> String {
    format!("/{date}/functions/{}{}", it.function, rest.replace("{}", &it.qualifier.replace('$', "%24")))
}

fn url(it: Chosen) -> String {
    let whole = it.qualifier == "$LATEST";
    dated("2021-10-31", it, if whole { "/url" } else { "/url?Qualifier={}" })
}

fn arn(it: Chosen) -> String {
    format!("arn:aws:lambda:eu-west-1:111122223333:function:{}:{}", it.function, it.qualifier).replace(':', "%3A")
}

/// One of the mappings there are, or one that is not.
fn mapping(account: &mut Account, it: Chosen) -> String {
    let all = list(account, MAPPINGS, "EventSourceMappings");
    let uuid = all.get(it.number).and_then(|mapping| mapping["UUID"].as_str());
    format!("{MAPPINGS}/{}", uuid.unwrap_or("01234567-89ab-4def-8123-456789abcdef"))
}

/// One of the code signing configurations there are, or one that is not.
fn signing(account: &mut Account, it: Chosen) -> String {
    let all = list(account, SIGNING, "CodeSigningConfigs");
    let arn = all.get(it.number).and_then(|config| config["CodeSigningConfigArn"].as_str());
    arn.unwrap_or("arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0").to_owned()
}

/// All items of a list, which is empty where nothing has one.
fn list(account: &mut Account, target: &str, items: &str) -> Vec<Value> {
    let page = account.get(target).body;
    assert_eq!(page.get("NextMarker"), None, "the steps make fewer items than a page has");
    page[items].as_array().cloned().unwrap_or_default()
}

fn steps() -> impl Strategy<Value = Vec<(usize, Chosen)>> {
    let chosen = (0..FUNCTIONS.len(), 0..QUALIFIERS.len(), 0..3_usize).prop_map(|(function, qualifier, number)| {
        Chosen { function: FUNCTIONS[function], qualifier: QUALIFIERS[qualifier], number }
    });
    // Some more of those that make and delete what settings belong to: functions, versions, aliases.
    let step = prop_oneof![1 => prop::sample::select(vec![0, 2, 4, 5, 6]), 2 => 7..16_usize, 2 => 0..STEPS.len()];
    prop::collection::vec((step, chosen), 1..40)
}

/// Compares what is gotten one by one of all versions and aliases, which exist, with the list of it.
fn check_listed(
    account: &mut Account,
    name: &'static str,
    (listed, items): (&str, &str),
    gotten: impl Fn(Chosen) -> String,
) -> Result<(), TestCaseError> {
    // Provisioned concurrency shows no ARN when it is gotten.
    let mut by_arn: BTreeMap<String, Value> = BTreeMap::new();
    for mut item in list(account, listed, items) {
        let arn = item.as_object_mut().unwrap().remove("FunctionArn").unwrap();
        by_arn.insert(arn.as_str().unwrap().to_owned(), item);
    }
    for qualifier in QUALIFIERS {
        let it = Chosen { function: name, qualifier, number: 0 };
        let plain = format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}");
        let item = by_arn.remove(&format!("{plain}:{qualifier}"));
        let item = item.or_else(|| by_arn.remove(&plain).filter(|_| qualifier == "$LATEST"));
        let one = account.get(&gotten(it));
        let body = (one.status == 200).then_some(one.body).map(|mut body| {
            body.as_object_mut().unwrap().remove("FunctionArn");
            body
        });
        prop_assert_eq!(&item, &body, "{} of {}:{}", items, name, qualifier);
        let exists = account.get(&function(it, "?Qualifier={}")).status == 200;
        prop_assert!(exists || body.is_none(), "{} of {}:{}, which is gone", items, name, qualifier);
    }
    prop_assert!(by_arn.is_empty(), "{} of what is gone: {:?}", items, by_arn);
    Ok(())
}

fn check_settings(account: &mut Account) -> Result<(), TestCaseError> {
    for name in FUNCTIONS {
        let path = |date: &str, rest: &str| format!("/{date}/functions/{name}/{rest}");
        let events = path("2019-09-25", "event-invoke-config/list");
        check_listed(account, name, (&events, "FunctionEventInvokeConfigs"), |it| {
            dated("2019-09-25", it, "/event-invoke-config?Qualifier={}")
        })?;
        check_listed(account, name, (&path("2021-10-31", "urls"), "FunctionUrlConfigs"), url)?;
        let provisioned = path("2019-09-30", "provisioned-concurrency?List=ALL");
        check_listed(account, name, (&provisioned, "ProvisionedConcurrencyConfigs"), |it| {
            dated("2019-09-30", it, "/provisioned-concurrency?Qualifier={}")
        })?;
        for alias in list(account, &path("2015-03-31", "aliases"), "Aliases") {
            let one = account.read(&path("2015-03-31", &format!("aliases/{}", alias["Name"].as_str().unwrap())));
            prop_assert_eq!(one, alias);
        }
        check_policies(account, name)?;
    }
    for mapping in list(account, MAPPINGS, "EventSourceMappings") {
        let one = account.read(&format!("{MAPPINGS}/{}", mapping["UUID"].as_str().unwrap()));
        prop_assert_eq!(one, mapping);
    }
    check_signed(account)
}

/// A policy has the revision of what it belongs to, which exists.
fn check_policies(account: &mut Account, name: &str) -> Result<(), TestCaseError> {
    for qualifier in ["", "1", "live"] {
        let query = if qualifier.is_empty() { String::new() } else { format!("?Qualifier={qualifier}") };
        let policy = account.get(&format!("/2015-03-31/functions/{name}/policy{query}"));
        if policy.status != 200 {
            continue;
        }
        let owner = match qualifier {
            "live" => account.read(&format!("/2015-03-31/functions/{name}/aliases/{qualifier}")),
            _ => account.read(&format!("/2015-03-31/functions/{name}/configuration{query}")),
        };
        prop_assert_eq!(&policy.body["RevisionId"], &owner["RevisionId"], "{}:{}", name, qualifier);
    }
    Ok(())
}

/// Checks that what functions have is there, and lists them.
fn check_signed(account: &mut Account) -> Result<(), TestCaseError> {
    let mut signed: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for name in FUNCTIONS {
        let has = account.get(&format!("/2020-06-30/functions/{name}/code-signing-config")).body;
        if let Some(arn) = has["CodeSigningConfigArn"].as_str() {
            let function = format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}");
            signed.entry(arn.to_owned()).or_default().push(function.into());
        }
    }
    for config in list(account, SIGNING, "CodeSigningConfigs") {
        let arn = config["CodeSigningConfigArn"].as_str().unwrap().to_owned();
        let target = format!("{SIGNING}/{}", arn.replace(':', "%3A"));
        prop_assert_eq!(&account.read(&target)["CodeSigningConfig"], &config);
        let functions = list(account, &format!("{target}/functions"), "FunctionArns");
        prop_assert_eq!(functions, signed.remove(&arn).unwrap_or_default());
    }
    prop_assert!(signed.is_empty(), "functions have what is not there: {:?}", signed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn settings_agree_after_every_step(steps in steps()) {
        let mut account = Account::new();
        // No alias keeps the version of the second function.
        for (name, version) in FUNCTIONS.into_iter().zip(["1", "$LATEST"]) {
            account.create_with(name, json!({ "Publish": true }));
            let live = json!({ "Name": "live", "FunctionVersion": version });
            account.post(&format!("/2015-03-31/functions/{name}/aliases"), &live);
        }
        for (step, chosen) in steps {
            let (name, step) = STEPS[step];
            let (method, target, body) = step(&mut account, chosen);
            let files = account.files.clone();
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let answer = account.send(request(method, &target, body));
            prop_assert!(answer.status < 500, "{}: {:?}", name, answer);
            if answer.status >= 400 {
                prop_assert_eq!(&account.files, &files, "{} was refused", name);
            }
            check_settings(&mut account)?;
        }
        account.restart();
        check_settings(&mut account)?;
    }
}
