//! Event source mappings.

use serde_json::{Value, json};

use super::{FUNCTION_ARN, Recording, conflict, no_content, not_found, ok, one_violation, published};
use crate::harness::{Account, Answer, invalid};

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:q";
const STREAM: &str = "arn:aws:kinesis:eu-west-1:111122223333:stream/s";
const TABLE: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2024-10-14T12:36:54.000";

/// The result that every enabled mapping shows where AWS has that of the last batch.
const NOT_POLLED: &str = "No records processed: fakecloud does not read from event sources yet";

/// An object with these members besides or instead; null takes a member away.
fn with(mut object: Value, members: Value) -> Value {
    for (key, value) in members.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(key);
        } else {
            object[key] = value.clone();
        }
    }
    object
}

fn create(account: &mut Account, source: &str, members: Value) -> Answer {
    account.post(MAPPINGS, &with(json!({ "FunctionName": "f", "EventSourceArn": source }), members))
}

fn target(created: &Answer) -> String {
    format!("{MAPPINGS}/{}", created.body["UUID"].as_str().unwrap())
}

/// A mapping of a queue as it is created.
fn of_queue(members: Value) -> Value {
    let queue = json!({
        "BatchSize": 10,
        "EventSourceArn": QUEUE,
        "EventSourceMappingArn": "text",
        "FunctionArn": format!("{FUNCTION_ARN}f"),
        "FunctionResponseTypes": [],
        "LastModified": "number",
        "MaximumBatchingWindowInSeconds": 0,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
        "UUID": "text",
    });
    with(queue, members)
}

/// A mapping of a stream as it is created.
fn of_stream(source: &str, members: Value) -> Value {
    let stream = json!({
        "BatchSize": 100,
        "BisectBatchOnFunctionError": false,
        "DestinationConfig": { "OnFailure": {} },
        "EventSourceArn": source,
        "EventSourceMappingArn": "text",
        "FunctionArn": format!("{FUNCTION_ARN}f"),
        "FunctionResponseTypes": [],
        "LastModified": "number",
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
        "UUID": "text",
    });
    with(stream, members)
}

#[test]
fn mappings_of_streams_live_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let failures = json!({ "OnFailure": { "Destination": "arn:aws:sqs:eu-west-1:111122223333:failures" } });
    let members = json!({
        "BatchSize": 1,
        "DestinationConfig": failures,
        "MaximumBatchingWindowInSeconds": 1,
        "MaximumRetryAttempts": 1,
    });
    let shown = of_stream(TABLE, members.clone());
    let created = create(&mut account, TABLE, with(members, json!({ "StartingPosition": "TRIM_HORIZON" })));
    let mapping = target(&created);
    said.same("created", created, ok(202, shown.clone()));
    let enabled = ok(200, with(shown.clone(), json!({ "State": "Enabled", "LastProcessingResult": NOT_POLLED })));
    said.same("gotten", account.get(&mapping), enabled.clone());
    said.same("function deleted", account.delete("/2015-03-31/functions/f"), no_content());
    said.same("gotten without its function", account.get(&mapping), enabled);
    said.same("deleted", account.delete(&mapping), ok(202, with(shown, json!({ "State": "Deleting" }))));
    said.end();
}

#[test]
fn streams_have_their_defaults_and_transitions_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let latest = json!({ "StartingPosition": "LATEST" });
    let created = create(&mut account, STREAM, latest.clone());
    said.same("a stream", created, ok(202, of_stream(STREAM, latest)));
    let created = create(&mut account, TABLE, json!({ "StartingPosition": "TRIM_HORIZON" }));
    let mapping = target(&created);
    said.same("a table", created, ok(202, of_stream(TABLE, json!({}))));
    let enabled = json!({ "State": "Enabled", "LastProcessingResult": NOT_POLLED });
    let list = account.get(&format!("{MAPPINGS}?EventSourceArn={TABLE}"));
    said.same("listed", list, ok(200, json!({ "EventSourceMappings": [of_stream(TABLE, enabled)] })));
    let disabled = account.put(&mapping, &json!({ "Enabled": false }));
    said.same("disabled", disabled, ok(202, of_stream(TABLE, json!({ "State": "Disabling" }))));
    let reporting = json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumRetryAttempts": 2 });
    let body = with(reporting.clone(), json!({ "FunctionName": "f:1", "StartingPosition": "TRIM_HORIZON" }));
    let arn = json!({ "FunctionArn": format!("{FUNCTION_ARN}f:1") });
    let created = create(&mut account, STREAM, body);
    said.same("reporting", created, ok(202, of_stream(STREAM, with(reporting, arn))));
    said.end();
}

#[test]
fn mappings_of_queues_live_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let created = create(&mut account, QUEUE, json!({}));
    let (mapping, uuid) = (target(&created), created.body["UUID"].as_str().unwrap().to_owned());
    said.same("created", created, ok(202, of_queue(json!({}))));
    let exists = format!(
        "An event source mapping with SQS arn (\" {QUEUE} \") and function (\" f \") already exists. Please update or \
         delete the existing mapping with UUID {uuid}"
    );
    said.same("created twice", create(&mut account, QUEUE, json!({})), conflict(&exists));
    let other = json!({ "FunctionArn": format!("{FUNCTION_ARN}f:1"), "State": "Updating" });
    let updated = account.put(&mapping, &json!({ "FunctionName": "f:1" }));
    said.same("another function", updated, ok(202, of_queue(other.clone())));
    let enabled = with(other, json!({ "State": "Enabled", "LastProcessingResult": NOT_POLLED }));
    said.same("updated", account.get(&mapping), ok(200, of_queue(enabled)));
    let window =
        invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
    said.same("a large batch", account.put(&mapping, &json!({ "BatchSize": 15 })), window.clone());
    said.same("a large batch at once", create(&mut account, QUEUE, json!({ "BatchSize": 15 })), window);
    account.delete(&mapping);
    let disabled = json!({ "BatchSize": 1, "Enabled": false });
    let shown = json!({ "BatchSize": 1, "State": "Disabled" });
    let created = create(&mut account, QUEUE, disabled);
    let mapping = target(&created);
    said.same("disabled from the beginning", created, ok(202, of_queue(shown.clone())));
    let enabling = with(shown.clone(), json!({ "State": "Enabling" }));
    said.same("enabled", account.put(&mapping, &json!({ "Enabled": true })), ok(202, of_queue(enabling)));
    let enabled = with(shown, json!({ "State": "Enabled", "LastProcessingResult": NOT_POLLED }));
    said.same("is enabled", account.get(&mapping), ok(200, of_queue(enabled)));
    let reporting = json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"] });
    let body = with(reporting.clone(), json!({ "FunctionName": "f:live" }));
    let created = create(&mut account, QUEUE, body);
    let arn = json!({ "FunctionArn": format!("{FUNCTION_ARN}f:live") });
    said.same("reporting", created, ok(202, of_queue(with(reporting, arn))));
    said.end();
}

#[test]
fn functions_are_mapped_by_all_their_names_as_on_aws() {
    let mut said = Recording::default();
    let partial = |qualifier: &str| format!("111122223333:function:f{qualifier}");
    let full = |qualifier: &str| format!("{FUNCTION_ARN}f{qualifier}");
    for (name, meant) in [
        ("f".to_owned(), ""),
        (partial(":$LATEST"), ":$LATEST"),
        (partial(":1"), ":1"),
        (partial(":live"), ":live"),
        (full(""), ""),
        (full(":1"), ":1"),
        (full(":live"), ":live"),
    ] {
        let created = create(&mut published(), QUEUE, json!({ "FunctionName": name }));
        said.same(&name, created, ok(202, of_queue(json!({ "FunctionArn": full(meant) }))));
    }
    said.end();
}

#[test]
fn filters_are_taken_and_refused_as_on_aws() {
    let mut said = Recording::default();
    let criteria = |filter: &Value| json!({ "Filters": [{ "Pattern": filter.to_string() }] });
    for filter in [
        json!({ "body": { "testItem": ["test24"] } }),
        json!({ "body": { "testItem": ["test24", "test45"] } }),
        json!({ "body": { "testItem": ["test24", "test45"], "test2": ["go"] } }),
        json!({ "body": { "test2": [{ "exists": true }] } }),
        json!({ "body": { "test2": [{ "numeric": [">", 100] }] } }),
        json!({ "body": { "test2": [{ "numeric": ["<", 100] }] } }),
        json!({ "body": { "test2": [{ "numeric": [">=", 100, "<", 200] }] } }),
        json!({ "body": { "test2": [{ "prefix": "us-1" }] } }),
    ] {
        let members = json!({ "FilterCriteria": criteria(&filter), "MaximumBatchingWindowInSeconds": 1 });
        let created = create(&mut published(), QUEUE, members.clone());
        said.same(&filter.to_string(), created, ok(202, of_queue(members)));
    }
    let refusal = invalid("Invalid filter pattern definition.");
    for filter in
        [json!(null), json!("simple string"), json!({ "eventSource": "aws:sqs" }), json!({ "eventSource": [] })]
    {
        let created = create(&mut published(), QUEUE, json!({ "FilterCriteria": criteria(&filter) }));
        said.same(&filter.to_string(), created, refusal.clone());
    }
    said.end();
}

#[test]
fn clusters_of_the_users_own_are_mapped_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let cluster = |servers: &[&str], topic: &str| {
        json!({
            "FunctionName": "f",
            "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } },
            "Topics": [topic],
        })
    };
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s";
    let access = json!({ "SourceAccessConfigurations": [{ "Type": "BASIC_AUTH", "URI": secret }] });
    let missing = invalid("Required 'sourceAccessConfigurations' parameter is missing.");
    said.same("no access", account.post(MAPPINGS, &cluster(&["kafka:1000"], "topic")), missing);
    let created = account.post(MAPPINGS, &with(cluster(&["kafka:1000"], "topic"), access.clone()));
    let uuid = created.body["UUID"].as_str().unwrap().to_owned();
    // The recording is older than the mapping's ARN, which AWS shows for all kinds since then.
    let mapping = json!({
        "BatchSize": 100,
        "EventSourceMappingArn": "text",
        "FunctionArn": format!("{FUNCTION_ARN}f"),
        "LastModified": "number",
        "LastProcessingResult": "No records processed",
        "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"] } },
        "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": uuid },
        "SourceAccessConfigurations": access["SourceAccessConfigurations"],
        "StartingPosition": "TRIM_HORIZON",
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
        "Topics": ["topic"],
        "UUID": "text",
    });
    said.same("created", created, ok(202, mapping.clone()));
    let exists = |servers: &str| {
        conflict(&format!(
            "An event source mapping with event source (\"{servers}\"), function (\"{FUNCTION_ARN}f\"), topics \
             (\"topic\") already exists. Please update or delete the existing mapping with UUID {uuid}"
        ))
    };
    let again = account.post(MAPPINGS, &with(cluster(&["kafka:1000"], "topic"), access.clone()));
    said.same("created twice", again, exists("kafka:1000"));
    let own = json!({
        "BatchSize": 1,
        "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "random_id" },
        "StartingPosition": "LATEST",
    });
    let body = with(with(cluster(&["kafka:1000"], "topic_2"), access.clone()), own.clone());
    let created = account.post(MAPPINGS, &body);
    said.same("another topic", created, ok(202, with(with(mapping, own), json!({ "Topics": ["topic_2"] }))));
    let again = account.post(MAPPINGS, &with(cluster(&["kafka:1000", "kafka:2000"], "topic"), access));
    said.same("one server is known", again, exists("kafka:1000,kafka:2000"));
    said.end();
}

#[test]
fn positions_are_refused_as_on_aws() {
    let mut said = Recording::default();
    let queue = "StartingPosition is not valid for SQS event sources.";
    let without = "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.";
    let timestamp = "Timestamp only valid with StartingPosition AT_TIMESTAMP";
    let negative = "Received Exception while reading from provided stream. class java.lang.Long can not be converted to a Timestamp";
    let table = format!("Unsupported starting position for arn type: {TABLE}");
    for (source, at_latest, at_timestamp) in
        [(QUEUE, queue, queue), (STREAM, timestamp, negative), (TABLE, timestamp, &*table)]
    {
        let at = |position: &str, time: i64| {
            let members = json!({ "StartingPosition": position, "StartingPositionTimestamp": time });
            create(&mut published(), source, members)
        };
        said.same(&format!("{source}, a needless time"), at("LATEST", 1_739_800_000), invalid(at_latest));
        said.same(&format!("{source}, a negative time"), at("AT_TIMESTAMP", -1), invalid(at_timestamp));
        let known = "satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]";
        let unknown = create(&mut published(), source, json!({ "StartingPosition": "0" }));
        said.same(&format!("{source}, no position"), unknown, one_violation("0", "startingPosition", known));
    }
    for source in [STREAM, TABLE] {
        said.same(source, create(&mut published(), source, json!({})), invalid(without));
    }
    said.end();
}

#[test]
fn what_is_not_there_is_missed_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let mapping = format!("{MAPPINGS}/01234567-89ab-4def-8123-456789abcdef");
    let missing = not_found("The resource you requested does not exist.");
    said.same("get", account.get(&mapping), missing.clone());
    said.same("delete", account.delete(&mapping), missing.clone());
    said.same("update", account.put(&mapping, &json!({ "Enabled": false })), missing);
    let sourceless = account.post(MAPPINGS, &json!({ "FunctionName": "f" }));
    said.same("no source", sourceless, invalid("Unrecognized event source."));
    let functionless = create(&mut account, QUEUE, json!({ "FunctionName": "none" }));
    said.same("no function", functionless, invalid("Function does not exist"));
    said.end();
}
