//! Event source mappings as records.

use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid};

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:q";
const STREAM: &str = "arn:aws:kinesis:eu-west-1:111122223333:stream/s";
const TABLE: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-01-31T00:00:00.000";
const UUID: &str = "00000000-0000-4000-8000-000000000003";

fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.create("g");
    account
}

fn queue() -> Value {
    json!({ "FunctionName": "f", "EventSourceArn": QUEUE })
}

fn gone() -> Answer {
    let message = "The resource you requested does not exist.";
    error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }))
}

#[test]
fn a_mapping_passes_through_its_states() {
    let mut account = account();
    let created = account.post(MAPPINGS, &queue());
    let mut shown = json!({
        "UUID": UUID,
        "EventSourceMappingArn": format!("arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:{UUID}"),
        "EventSourceArn": QUEUE,
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "LastModified": 1_769_860_803.0,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    });
    assert_eq!((created.status, &created.body), (202, &shown));
    let target = format!("{MAPPINGS}/{UUID}");
    account.restart();
    shown["State"] = "Enabled".into();
    shown["LastProcessingResult"] = "No records processed: fakecloud does not read from event sources yet".into();
    assert_eq!(account.read(&target), shown);
    let filters = json!({ "Filters": [{ "Pattern": "{\"body\":[1]}" }] });
    let update = json!({ "Enabled": false, "BatchSize": 5, "FunctionName": "f:1", "FilterCriteria": filters });
    let updated = account.put(&target, &update);
    assert_eq!((updated.status, &updated.body["State"]), (202, &json!("Disabling")));
    let read = account.read(&target);
    assert_eq!([&read["State"], &read["BatchSize"]], [&json!("Disabled"), &json!(5)]);
    assert_eq!(read["FunctionArn"], "arn:aws:lambda:eu-west-1:111122223333:function:f:1");
    assert_eq!(read["FilterCriteria"], filters);
    assert_eq!(account.put(&target, &json!({ "FilterCriteria": {} })).body["State"], "Updating");
    assert_eq!(account.read(&target).get("FilterCriteria"), None);
    assert_eq!(account.put(&target, &json!({ "Enabled": true })).body["State"], "Enabling");
    let deleted = account.delete(&target);
    assert_eq!((deleted.status, &deleted.body["State"]), (202, &json!("Deleting")));
    assert_eq!(
        [account.get(&target), account.delete(&target), account.put(&target, &json!({}))],
        [gone(), gone(), gone()]
    );
    assert!(account.files.keys().all(|key| !key.contains(UUID)), "{:?}", account.files.keys());
}

#[test]
fn streams_have_defaults_of_their_own() {
    let mut account = account();
    let body = json!({ "FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST", "Enabled": false });
    let uuid = account.post(MAPPINGS, &body).body["UUID"].as_str().unwrap().to_owned();
    let read = account.read(&format!("{MAPPINGS}/{uuid}"));
    for (key, value) in [
        ("StartingPosition", json!("LATEST")),
        ("BatchSize", json!(100)),
        ("ParallelizationFactor", json!(1)),
        ("MaximumRecordAgeInSeconds", json!(-1)),
        ("MaximumRetryAttempts", json!(-1)),
        ("BisectBatchOnFunctionError", json!(false)),
        ("TumblingWindowInSeconds", json!(0)),
        ("FunctionResponseTypes", json!([])),
        ("DestinationConfig", json!({ "OnFailure": {} })),
        ("State", json!("Disabled")),
        ("StateTransitionReason", json!("User action")),
    ] {
        assert_eq!(read[key], value, "{key}");
    }
}

#[test]
fn lists_are_paged_and_filtered() {
    let mut account = account();
    for (function, source) in [("f", QUEUE), ("g", QUEUE), ("f:1", QUEUE)] {
        account.post(MAPPINGS, &json!({ "FunctionName": function, "EventSourceArn": source }));
    }
    account.post(MAPPINGS, &json!({ "FunctionName": "f", "EventSourceArn": TABLE, "StartingPosition": "LATEST" }));
    let mut functions = |query: &str| -> (Vec<String>, Option<String>) {
        let page = account.read(&format!("{MAPPINGS}{query}"));
        let arns = page["EventSourceMappings"].as_array().unwrap().iter();
        let name =
            |mapping: &Value| mapping["FunctionArn"].as_str().unwrap().split_once("function:").unwrap().1.to_owned();
        (arns.map(name).collect(), page["NextMarker"].as_str().map(str::to_owned))
    };
    assert_eq!(functions("").0, ["f", "g", "f:1", "f"]);
    assert_eq!(functions("?FunctionName=f").0, ["f", "f"]);
    assert_eq!(functions("?FunctionName=f:1").0, ["f:1"]);
    assert_eq!(functions(&format!("?EventSourceArn={QUEUE}&FunctionName=f")).0, ["f"]);
    assert_eq!(functions("?FunctionName=missing").0.len(), 0);
    let (first, marker) = functions("?MaxItems=3");
    assert_eq!(first.len(), 3);
    assert_eq!(functions(&format!("?Marker={}", marker.unwrap())), (vec!["f".to_owned()], None));
}

#[test]
fn wrong_mappings_are_refused_in_the_words_of_aws() {
    let mut account = account();
    account.post(MAPPINGS, &queue());
    account.post(MAPPINGS, &json!({ "FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST" }));
    let conflict =
        |message: String| error(409, "ResourceConflictException", json!({ "Type": "User", "message": message }));
    let with = |arn: &str, members: Value| {
        let mut body = json!({ "FunctionName": "g", "EventSourceArn": arn });
        for (key, value) in members.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let cases = [
        (
            queue(),
            conflict(format!(
                "An event source mapping with SQS arn (\" {QUEUE} \") and function (\" f \") already exists. Please update or delete the existing mapping with UUID {UUID}"
            )),
        ),
        (
            with(STREAM, json!({ "FunctionName": "f", "StartingPosition": "TRIM_HORIZON" })),
            conflict(format!(
                "The event source arn (\" {STREAM} \") and function (\" f \") provided mapping already exists. Please update or delete the existing mapping with UUID 00000000-0000-4000-8000-000000000004"
            )),
        ),
        (with(QUEUE, json!({ "FunctionName": "missing" })), invalid("Function does not exist")),
        (with(QUEUE, json!({ "FunctionName": "f:2" })), invalid("Function does not exist")),
        (json!({ "FunctionName": "f" }), invalid("Unrecognized event source.")),
        (with("arn:aws:s3:::bucket", json!({})), invalid("Unrecognized event source.")),
        (
            with(STREAM, json!({})),
            invalid(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
            ),
        ),
        (
            with(TABLE, json!({ "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1 })),
            invalid(&format!("Unsupported starting position for arn type: {TABLE}")),
        ),
        (
            with(STREAM, json!({ "StartingPosition": "AT_TIMESTAMP" })),
            invalid("StartingPosition AT_TIMESTAMP needs a StartingPositionTimestamp: give it, or another position"),
        ),
        (
            with(QUEUE, json!({ "BatchSize": 11 })),
            invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"),
        ),
        (
            with(QUEUE, json!({ "FilterCriteria": { "Filters": [{ "Pattern": "[1]" }] } })),
            invalid("Invalid filter pattern definition."),
        ),
    ];
    let files = account.files.clone();
    for (body, refusal) in cases {
        assert_eq!(account.post(MAPPINGS, &body), refusal, "{body}");
    }
    let target = format!("{MAPPINGS}/{UUID}");
    let window = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10";
    assert_eq!(account.put(&target, &json!({ "BatchSize": 11 })), invalid(window));
    assert_eq!(account.put(&target, &json!({ "FunctionName": "missing" })), invalid("Function does not exist"));
    assert_eq!(account.files, files, "a refusal changes nothing");
    let waited = json!({ "BatchSize": 11, "MaximumBatchingWindowInSeconds": 1 });
    assert_eq!(account.put(&target, &waited).status, 202);
}

#[test]
fn mappings_have_tags() {
    let mut account = account();
    let mut body = queue();
    body["Tags"] = json!({ "team": "a" });
    let arn = account.post(MAPPINGS, &body).body["EventSourceMappingArn"].as_str().unwrap().replace(':', "%3A");
    let tags = format!("/2017-03-31/tags/{arn}");
    assert_eq!(account.read(&tags), json!({ "Tags": { "team": "a" } }));
    account.post(&tags, &json!({ "Tags": { "team": "b" } }));
    account.restart();
    assert_eq!(account.read(&tags), json!({ "Tags": { "team": "b" } }));
    account.delete(&format!("{MAPPINGS}/{UUID}"));
    let message = format!("Event source mapping not found: {}", arn.replace("%3A", ":"));
    let missing = error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }));
    assert_eq!(account.get(&tags), missing);
}

#[test]
fn every_kind_of_source_has_its_own_settings() {
    const CLUSTER: &str = "arn:aws:kafka:eu-west-1:111122223333:cluster/c/01234567-89ab-4def-8123-456789abcdef-1";
    const BROKER: &str = "arn:aws:mq:eu-west-1:111122223333:broker:b:b-01234567-89ab-4def-8123-456789abcdef";
    const DATABASE: &str = "arn:aws:rds:eu-west-1:111122223333:cluster:d";
    const FIFO: &str = "arn:aws:sqs:eu-west-1:111122223333:q.fifo";
    let access = json!([{ "Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s" }]);
    let database = json!({ "SourceAccessConfigurations": access, "StartingPosition": "LATEST" });
    let broker = json!({ "SourceAccessConfigurations": access, "Queues": ["q"] });
    let topic = json!({ "Topics": ["topic"] });
    let create = |arn: &str, members: &[&Value]| {
        let mut body = json!({ "FunctionName": "f", "EventSourceArn": arn });
        for (key, value) in members.iter().flat_map(|members| members.as_object().unwrap()) {
            body[key] = value.clone();
        }
        account().post(MAPPINGS, &body)
    };
    for (arn, members) in [(CLUSTER, &topic), (BROKER, &broker), (DATABASE, &database), (FIFO, &json!({}))] {
        let created = create(arn, &[members]);
        assert_eq!(
            (created.status, &created.body["StateTransitionReason"]),
            (202, &json!("USER_INITIATED")),
            "{arn} {}",
            created.body
        );
    }
    let unsupported =
        |member: &str| invalid(&format!("Unsupported {member} parameter for given event source mapping type."));
    let missing = |member: &str| invalid(&format!("Required '{member}' parameter is missing."));
    let latest = json!({ "StartingPosition": "LATEST" });
    let success = json!({ "DestinationConfig": { "OnSuccess": { "Destination": QUEUE } } });
    let cases = [
        (QUEUE, vec![json!({ "ParallelizationFactor": 2 })], unsupported("ParallelizationFactor")),
        (QUEUE, vec![topic.clone()], unsupported("Topics")),
        (
            STREAM,
            vec![latest.clone(), json!({ "ScalingConfig": { "MaximumConcurrency": 2 } })],
            unsupported("ScalingConfig"),
        ),
        (STREAM, vec![latest.clone(), success], unsupported("DestinationConfig")),
        (STREAM, vec![latest.clone(), json!({ "Queues": ["q"] })], unsupported("Queues")),
        (CLUSTER, vec![], missing("topics")),
        (CLUSTER, vec![topic, json!({ "TumblingWindowInSeconds": 1 })], unsupported("TumblingWindowInSeconds")),
        (BROKER, vec![json!({ "Queues": ["q"] })], missing("sourceAccessConfigurations")),
        (BROKER, vec![json!({ "SourceAccessConfigurations": access })], missing("queues")),
        (BROKER, vec![broker, latest.clone()], unsupported("StartingPosition")),
        (DATABASE, vec![database, json!({ "MaximumRetryAttempts": 1 })], unsupported("MaximumRetryAttempts")),
        (
            FIFO,
            vec![json!({ "MaximumBatchingWindowInSeconds": 1 })],
            invalid("Batching window is not supported for FIFO queues"),
        ),
        (
            FIFO,
            vec![json!({ "BatchSize": 11 })],
            invalid("BatchSize 11 is more than the 10 that a FIFO queue gives at once"),
        ),
        (
            STREAM,
            vec![latest, json!({ "MaximumRecordAgeInSeconds": 59 })],
            invalid("MaximumRecordAgeInSeconds 59 is neither -1, which discards no record, nor from 60 to 604800"),
        ),
    ];
    for (arn, members, refusal) in cases {
        let members: Vec<&Value> = members.iter().collect();
        assert_eq!(create(arn, &members), refusal, "{arn} {members:?}");
    }
    let mut account = account();
    let created = account.post(MAPPINGS, &queue());
    let target = format!("{MAPPINGS}/{}", created.body["UUID"].as_str().unwrap());
    let refused = account.put(&target, &json!({ "TumblingWindowInSeconds": 1 }));
    assert_eq!(refused, unsupported("TumblingWindowInSeconds"));
}
