//! Any sequence of operations keeps the promises of the control plane.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Account, request};

/// One step; names and contents come from small sets, so that steps meet.
#[derive(Clone, Debug)]
enum Step {
    Create { name: u8, code: u8, publish: bool },
    UpdateCode { name: u8, code: u8, publish: bool },
    UpdateTimeout { name: u8, timeout: u8 },
    Delete { name: u8 },
    DeleteVersion { name: u8, version: u8 },
    Publish { name: u8 },
    CreateAlias { name: u8, alias: u8, version: u8 },
    UpdateAlias { name: u8, alias: u8, version: u8, second: u8 },
    DeleteAlias { name: u8, alias: u8 },
    Tag { name: u8, value: u8 },
    Reserve { name: u8, count: u16 },
    Unreserve { name: u8 },
    Provision { name: u8, qualifier: u8, count: u16 },
    Permit { name: u8, qualifier: u8 },
    PublishLayer { layer: u8 },
    DeleteLayerVersion { layer: u8, version: u8 },
    Attach { name: u8, layer: u8, version: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let (name, code, version) = (0..4_u8, 0..3_u8, 1..4_u8);
    prop_oneof![
        3 => (name.clone(), code.clone(), any::<bool>()).prop_map(|(name, code, publish)| Step::Create { name, code, publish }),
        3 => (name.clone(), code, any::<bool>()).prop_map(|(name, code, publish)| Step::UpdateCode { name, code, publish }),
        2 => (name.clone(), 1..4_u8).prop_map(|(name, timeout)| Step::UpdateTimeout { name, timeout }),
        1 => name.clone().prop_map(|name| Step::Delete { name }),
        1 => (name.clone(), version.clone()).prop_map(|(name, version)| Step::DeleteVersion { name, version }),
        2 => name.clone().prop_map(|name| Step::Publish { name }),
        3 => (name.clone(), 0..2_u8, version.clone()).prop_map(|(name, alias, version)| Step::CreateAlias { name, alias, version }),
        3 => (name.clone(), 0..2_u8, version.clone(), version.clone())
            .prop_map(|(name, alias, version, second)| Step::UpdateAlias { name, alias, version, second }),
        1 => (name.clone(), 0..2_u8).prop_map(|(name, alias)| Step::DeleteAlias { name, alias }),
        1 => (name.clone(), 0..2_u8).prop_map(|(name, value)| Step::Tag { name, value }),
        2 => (name.clone(), 0..500_u16).prop_map(|(name, count)| Step::Reserve { name, count }),
        1 => name.clone().prop_map(|name| Step::Unreserve { name }),
        2 => (name.clone(), 0..4_u8, 1..500_u16)
            .prop_map(|(name, qualifier, count)| Step::Provision { name, qualifier, count }),
        1 => (name.clone(), 0..4_u8).prop_map(|(name, qualifier)| Step::Permit { name, qualifier }),
        2 => (0..2_u8).prop_map(|layer| Step::PublishLayer { layer }),
        1 => (0..2_u8, version.clone()).prop_map(|(layer, version)| Step::DeleteLayerVersion { layer, version }),
        2 => (name, 0..2_u8, version).prop_map(|(name, layer, version)| Step::Attach { name, layer, version }),
    ]
}

fn run(account: &mut Account, step: &Step) -> u16 {
    let code = |code: u8| STANDARD.encode(format!("code {code}"));
    let function = |name: u8, rest: &str| format!("/2015-03-31/functions/f{name}{rest}");
    let answer = match *step {
        Step::Create { name, code: text, publish } => {
            let members = json!({ "Code": { "ZipFile": code(text) }, "Publish": publish });
            account.create_with(&format!("f{name}"), members)
        }
        Step::UpdateCode { name, code: text, publish } => {
            account.put(&function(name, "/code"), &json!({ "ZipFile": code(text), "Publish": publish }))
        }
        Step::UpdateTimeout { name, timeout } => {
            account.put(&function(name, "/configuration"), &json!({ "Timeout": timeout }))
        }
        Step::Delete { name } => account.delete(&function(name, "")),
        Step::DeleteVersion { name, version } => account.delete(&function(name, &format!("?Qualifier={version}"))),
        Step::Publish { name } => account.post(&function(name, "/versions"), &json!({})),
        Step::CreateAlias { name, alias, version } => {
            let body = json!({ "Name": format!("a{alias}"), "FunctionVersion": version.to_string() });
            account.post(&function(name, "/aliases"), &body)
        }
        Step::UpdateAlias { name, alias, version, second } => {
            let weights = json!({ second.to_string(): 0.5 });
            let routing = json!({ "AdditionalVersionWeights": weights });
            let body = json!({ "FunctionVersion": version.to_string(), "RoutingConfig": routing });
            account.put(&function(name, &format!("/aliases/a{alias}")), &body)
        }
        Step::DeleteAlias { name, alias } => account.delete(&function(name, &format!("/aliases/a{alias}"))),
        Step::Tag { name, value } => {
            let arn = format!("arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af{name}");
            account.post(&format!("/2017-03-31/tags/{arn}"), &json!({ "Tags": { "tag": value.to_string() } }))
        }
        Step::Reserve { name, count } => {
            let body = json!({ "ReservedConcurrentExecutions": count });
            account.put(&format!("/2017-10-31/functions/f{name}/concurrency"), &body)
        }
        Step::Unreserve { name } => account.delete(&format!("/2017-10-31/functions/f{name}/concurrency")),
        Step::Provision { name, qualifier, count } => {
            let body = json!({ "ProvisionedConcurrentExecutions": count });
            account.put(&provisioned(name, &format!("Qualifier={}", QUALIFIERS[usize::from(qualifier)])), &body)
        }
        Step::Permit { name, qualifier } => {
            let body = json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*" });
            let qualifier = QUALIFIERS[usize::from(qualifier)];
            account.post(&function(name, &format!("/policy?Qualifier={qualifier}")), &body)
        }
        Step::PublishLayer { layer } => account.publish_layer(&format!("l{layer}"), &format!("layer {layer}")),
        Step::DeleteLayerVersion { layer, version } => {
            account.delete(&format!("/2018-10-31/layers/l{layer}/versions/{version}"))
        }
        Step::Attach { name, layer, version } => {
            let arn = format!("arn:aws:lambda:eu-west-1:111122223333:layer:l{layer}:{version}");
            account.put(&function(name, "/configuration"), &json!({ "Layers": [arn] }))
        }
    };
    answer.status
}

/// The versions and aliases that some steps configure.
const QUALIFIERS: [&str; 4] = ["1", "2", "a0", "a1"];

fn provisioned(name: u8, query: &str) -> String {
    format!("/2019-09-30/functions/f{name}/provisioned-concurrency?{query}")
}

/// The part of the account's concurrency that a function has.
fn own_concurrency(account: &mut Account, name: u8) -> i64 {
    let reserved = account.get(&format!("/2019-09-30/functions/f{name}/concurrency")).body;
    let list = account.get(&provisioned(name, "List=ALL")).body;
    let configs = list["ProvisionedConcurrencyConfigs"].as_array().cloned().unwrap_or_default();
    let counts = configs.iter().map(|config| config["RequestedProvisionedConcurrentExecutions"].as_i64().unwrap());
    reserved["ReservedConcurrentExecutions"].as_i64().unwrap_or_else(|| counts.sum())
}

/// Every function version by its ARN, with revision and date set apart.
fn versions(account: &mut Account) -> BTreeMap<String, (Value, Value)> {
    let list = account.read("/2015-03-31/functions?FunctionVersion=ALL");
    assert_eq!(list.get("NextMarker"), None, "the steps make fewer versions than a page has");
    let mut versions = BTreeMap::new();
    for mut function in list["Functions"].as_array().unwrap().iter().cloned() {
        let arn = function["FunctionArn"].as_str().unwrap().to_owned();
        let target = format!("/2015-03-31/functions/{}", arn.replace(':', "%3A"));
        function["Tags"] = account.read(&target)["Tags"].clone();
        // A function's policy belongs to `$LATEST`, which goes by the function's name there.
        let policy_of = target.replace("%3A$LATEST", "");
        function["Policy"] = account.get(&format!("{policy_of}/policy")).body["Policy"].clone();
        let changing = function.as_object_mut().unwrap();
        let revision = json!([changing.remove("RevisionId"), changing.remove("LastModified")]);
        versions.insert(arn, (revision, function));
    }
    versions
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_after_every_step(steps in prop::collection::vec(step(), 1..30)) {
        let mut account = Account::new();
        let mut before = versions(&mut account);
        for step in &steps {
            let files = account.files.clone();
            let status = run(&mut account, step);
            let after = versions(&mut account);

            // A refusal changes nothing, in memory and on disk.
            if status >= 400 {
                prop_assert_eq!((&after, &account.files), (&before, &files), "{:?} was refused", step);
            }
            for (arn, (revision, function)) in &after {
                // What is listed is what is read.
                let read = account.read(&format!("/2015-03-31/functions/{}/configuration", arn.replace(':', "%3A")));
                prop_assert_eq!(&read["RevisionId"], &revision[0]);
                prop_assert_eq!(&read["Timeout"], &function["Timeout"]);
                // Whatever changes has a new revision; a function that was deleted and made again is another.
                if let Some((old_revision, old)) = before.get(arn) {
                    let kept = old_revision[0] == revision[0];
                    prop_assert!(!kept || (old, old_revision) == (function, revision), "{:?} on {}", step, arn);
                }
            }
            // What an alias names exists, whichever version an invocation is given; only a limit may keep it from running.
            for name in 0..4 {
                let list = account.get(&format!("/2015-03-31/functions/f{name}/aliases")).body;
                for alias in list["Aliases"].as_array().into_iter().flatten() {
                    let target = format!("/2015-03-31/functions/f{name}:{}/invocations", alias["Name"].as_str().unwrap());
                    for random in [0, u128::MAX] {
                        let resolved = account.resolve_by(random, &target, &[], b"");
                        let runs = resolved.as_ref().map_or_else(|refused| refused.status == 429, |_| true);
                        prop_assert!(runs, "{:?}: {}", step, alias);
                    }
                }
            }
            // What functions have is what the account has not, and some stays for all.
            let settings = account.read("/2016-08-19/account-settings");
            let unreserved = settings["AccountLimit"]["UnreservedConcurrentExecutions"].as_i64().unwrap();
            let own: i64 = (0..4).map(|name| own_concurrency(&mut account, name)).sum();
            prop_assert!(unreserved >= 100 && unreserved + own == 1000, "{:?}: {} and {}", step, unreserved, own);
            // What belongs to a version or an alias is gone with it.
            for (name, qualifier) in (0..4).flat_map(|name| QUALIFIERS.map(|qualifier| (name, qualifier))) {
                let function = format!("/2015-03-31/functions/f{name}");
                let exists = account.get(&format!("{function}?Qualifier={qualifier}")).status == 200;
                let policy = account.get(&format!("{function}/policy?Qualifier={qualifier}")).status == 200;
                prop_assert!(exists || !policy, "{:?}: {} has a policy", step, qualifier);
            }
            // No two versions have the same revision.
            let revisions: BTreeSet<String> = after.values().map(|(revision, _)| revision[0].to_string()).collect();
            prop_assert_eq!(revisions.len(), after.len());
            before = after;
        }
        // A restart finds the same.
        let archives: BTreeSet<String> = account.lambda.archives().into_iter().map(str::to_owned).collect();
        account.restart();
        prop_assert_eq!(versions(&mut account), before);
        let restored: BTreeSet<String> = account.lambda.archives().into_iter().map(str::to_owned).collect();
        prop_assert_eq!(restored, archives);
    }
}

/// The beginnings of paths of the API.
const COLLECTIONS: [&str; 14] = [
    "",
    "2015-03-31/event-source-mappings",
    "2015-03-31/functions",
    "2017-03-31/tags",
    "2017-10-31/functions",
    "2018-10-31/layers",
    "2019-09-25/functions",
    "2019-09-30/functions",
    "2020-04-22/code-signing-configs",
    "2020-06-30/functions",
    "2021-07-20/functions",
    "2021-10-31/functions",
    "2025-11-30/capacity-providers",
    "2026-07-09/resource-policy",
];

/// The texts that follow a name in them.
const RESTS: [&str; 16] = [
    "",
    "/aliases",
    "/aliases/live",
    "/code",
    "/code-signing-config",
    "/concurrency",
    "/configuration",
    "/event-invoke-config",
    "/functions",
    "/policy",
    "/policy/s",
    "/provisioned-concurrency",
    "/runtime-management-config",
    "/url",
    "/versions",
    "/versions/1",
];

/// JSON of any form, with the keys that requests have.
fn json_value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "AdditionalVersionWeights",
        "AllowedPublishers",
        "AuthType",
        "CapacityProviderName",
        "Code",
        "DestinationConfig",
        "Environment",
        "EventSourceArn",
        "FilterCriteria",
        "FunctionName",
        "FunctionVersion",
        "Layers",
        "Name",
        "OnFailure",
        "Policy",
        "ReservedConcurrentExecutions",
        "RoutingConfig",
        "Tags",
        "Timeout",
        "Variables",
        "ZipFile",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn no_request_is_too_odd_for_an_answer(
        method in prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::DELETE]),
        collection in prop::sample::select(COLLECTIONS.to_vec()),
        label in prop_oneof![Just("f".to_owned()), Just("f:live".to_owned()), "[a-z:%$0-9/äñ-]{0,24}"],
        rest in prop::sample::select(RESTS.to_vec()),
        query in "[a-zA-Z=&%0-9+]{0,24}",
        body in prop_oneof![json_value().prop_map(|json| json.to_string()), "\\PC{0,24}"],
    ) {
        let mut account = Account::new();
        account.create_with("f", json!({ "Publish": true }));
        account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
        let answer = account.send(request(method, &format!("/{collection}/{label}{rest}?{query}"), body));
        // Whatever it is, it is answered, and never as a fault of the service.
        prop_assert!(answer.status < 500 || answer.status == 501, "{:?}", answer);
    }
}
