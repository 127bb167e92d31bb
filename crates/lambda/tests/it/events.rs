//! Asynchronous invocations: what runs, what is configured, and what destinations and dead letter queues get.

use fakecloud_lambda::{
    Delivery, EventAnswer, EventPlan, EventRecord, EventTarget, InvocationKind, Moment, Outcome, ServiceRequest,
    dead_letter, destination,
};
use serde_json::{Value, json};

use crate::harness::{Account, error};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function";
const CONFIG: &str = "/2019-09-25/functions/f/event-invoke-config";
const EVENT: [(&str, &str); 1] = [("X-Amz-Invocation-Type", "Event")];
const ID: &str = "c0ffee00-0000-4000-8000-000000000000";
/// 2026-01-31T12:00:00.005Z
const NOW: Moment = Moment { epoch_ms: 1_769_860_800_005, random: 7 };
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:q";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:t";

fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true, "DeadLetterConfig": { "TargetArn": QUEUE } }));
    account.create("g");
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    account
}

fn target(account: &Account, qualifier: &str) -> EventTarget {
    let target = format!("/2015-03-31/functions/f/invocations{qualifier}");
    account.resolve(&target, &EVENT, b"{}").unwrap().target
}

fn plan(account: &Account, qualifier: &str) -> EventPlan {
    account.lambda.plan_event(&target(account, qualifier), &NOW).unwrap()
}

// === what runs ===

#[test]
fn nothing_configured_means_two_retries_and_six_hours() {
    let plan = plan(&account(), "");
    assert_eq!((plan.retries_max, plan.age_max_s, plan.reserved_concurrency), (2, 21_600, None));
    assert_eq!((plan.on_success, plan.on_failure), (None, None));
    assert_eq!((&*plan.function.version, plan.dead_letter.as_deref()), ("$LATEST", Some(QUEUE)));
}

#[test]
fn version_and_alias_have_configurations_of_their_own_and_the_dead_letter_queue_of_latest() {
    let mut account = account();
    let config = json!({
        "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": { "OnSuccess": { "Destination": TOPIC }, "OnFailure": { "Destination": QUEUE } },
    });
    account.put(&format!("{CONFIG}?Qualifier=live"), &config);
    account.put("/2015-03-31/functions/f/configuration", &json!({ "DeadLetterConfig": { "TargetArn": TOPIC } }));

    let live = plan(&account, "?Qualifier=live");
    assert_eq!((&*live.function.version, live.retries_max, live.age_max_s), ("1", 0, 60));
    assert_eq!((live.on_success.as_deref(), live.on_failure.as_deref()), (Some(TOPIC), Some(QUEUE)));
    assert_eq!(live.dead_letter.as_deref(), Some(TOPIC));
    let version = plan(&account, "?Qualifier=1");
    assert_eq!((version.retries_max, version.on_success, version.dead_letter.as_deref()), (2, None, Some(TOPIC)));
}

#[test]
fn what_was_deleted_meanwhile_cannot_run() {
    let mut account = account();
    let live = target(&account, "?Qualifier=live");
    assert_eq!(live.qualified_arn(), format!("{ARN}:f:live"));
    account.delete("/2015-03-31/functions/f/aliases/live");
    let error = account.lambda.plan_event(&live, &NOW).unwrap_err();
    assert_eq!(error.message(), format!("Function not found: {ARN}:f:live"));
    let latest = target(&account, "");
    account.delete("/2015-03-31/functions/f");
    assert!(account.lambda.plan_event(&latest, &NOW).is_err());
}

#[test]
fn target_is_the_same_after_a_restart() {
    let target = target(&account(), "?Qualifier=live");
    let json = serde_json::to_string(&target).unwrap();
    assert_eq!(serde_json::from_str::<EventTarget>(&json).unwrap(), target);
}

#[test]
fn event_is_taken_where_nothing_may_run_and_its_caller_does_not_wait() {
    let mut account = account();
    account.put("/2017-10-31/functions/f/concurrency", &json!({ "ReservedConcurrentExecutions": 0 }));
    let path = "/2015-03-31/functions/f/invocations";
    assert_eq!(account.resolve(path, &EVENT, b"{}").unwrap().accepted().status, 202);
    assert_eq!(plan(&account, "").reserved_concurrency, Some(0));
    let refused = account.resolve(path, &[], b"{}").map(|_| ()).unwrap_err();
    assert_eq!((refused.status, refused.error.as_deref()), (429, Some("TooManyRequestsException")));
}

#[test]
fn invoke_async_is_an_event_of_at_most_256_kib() {
    let account = account();
    let path = "/2014-11-13/functions/f/invoke-async";
    let invocation = account.resolve(path, &[], br#"{"a":1}"#).unwrap();
    assert_eq!((invocation.kind, &*invocation.payload), (InvocationKind::Event, &br#"{"a":1}"#[..]));
    assert_eq!((invocation.accepted().status.as_u16(), &*invocation.function.version), (202, "$LATEST"));
    let string = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    assert!(account.resolve(path, &[], string(262_144).as_bytes()).is_ok());
    let refused = account.resolve(path, &[], string(262_145).as_bytes()).map(|_| ()).unwrap_err();
    let message = "262145 byte payload is too large for the Event invocation type (limit 262144 bytes)";
    let body = json!({ "Type": "User", "message": message });
    assert_eq!(refused, error(413, "RequestEntityTooLargeException", body));
}

// === what is told ===

/// The answer to a run on `$LATEST`.
fn ran(outcome: Outcome) -> EventAnswer {
    let invocation = account().resolve("/2015-03-31/functions/f/invocations", &EVENT, b"{}").unwrap();
    EventAnswer::of(&invocation.answer(outcome, None).unwrap())
}

fn raised() -> EventAnswer {
    ran(Outcome::FunctionError { payload: r#"{"errorMessage": "no", "errorType": "Exception"}"#.into() })
}

fn throttled() -> EventAnswer {
    EventAnswer::refused(&fakecloud_lambda::Error::throttled("ConcurrentInvocationLimitExceeded"))
}

/// Does something with the record of an invocation that ended so.
fn with_record<T>(
    condition: &str,
    invoke_count: u32,
    answer: Option<&EventAnswer>,
    then: impl FnOnce(&EventRecord<'_>) -> T,
) -> T {
    let target = target(&account(), "");
    then(&EventRecord {
        epoch_ms: NOW.epoch_ms,
        request_id: ID,
        target: &target,
        condition,
        invoke_count,
        payload: br#"{"order": 12345678901234567890123}"#,
        answer,
    })
}

#[test]
fn record_of_a_success_has_the_form_of_aws() {
    let answer = ran(Outcome::Success { payload: r#"{"ok": 1.0}"#.into() });
    assert!(!answer.is_function_error());
    let document = with_record("Success", 1, Some(&answer), |record| record.document());
    assert_eq!(
        document,
        concat!(
            r#"{"version":"1.0","timestamp":"2026-01-31T12:00:00.005Z","requestContext":{"#,
            r#""requestId":"c0ffee00-0000-4000-8000-000000000000","#,
            r#""functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST","#,
            r#""condition":"Success","approximateInvokeCount":1},"#,
            r#""requestPayload":{"order": 12345678901234567890123},"#,
            r#""responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":{"ok": 1.0}}"#
        )
    );
}

#[test]
fn record_of_a_failure_has_the_error_of_the_last_run() {
    let answer = raised();
    assert!(answer.is_function_error());
    let document = with_record("RetriesExhausted", 3, Some(&answer), |record| record.document());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["requestContext"]["approximateInvokeCount"], 3);
    let context = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
    assert_eq!(document["responseContext"], context);
    assert_eq!(document["responsePayload"], json!({ "errorMessage": "no", "errorType": "Exception" }));
}

#[test]
fn short_answer_keeps_status_error_and_the_beginning_of_the_payload() {
    let trace = "ä".repeat(EventAnswer::SHORT_BYTES);
    let long = json!({ "errorMessage": "no", "stackTrace": [trace] }).to_string();
    let answer = ran(Outcome::FunctionError { payload: long.clone().into() }).shortened();
    let document = with_record("EventAgeExceeded", 1, Some(&answer), |record| record.document());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["responseContext"]["functionError"], "Unhandled");
    let begin = document["responsePayload"].as_str().unwrap();
    assert!(begin.starts_with(&long[..100]) && begin.len() <= EventAnswer::SHORT_BYTES + 2, "{}", begin.len());
    let letter = with_record("EventAgeExceeded", 1, Some(&answer), |record| record.dead_letter());
    assert_eq!((letter.error_code, &*letter.error_message), (200, "no"));
    assert_eq!(raised().shortened(), raised());
}

#[test]
fn answer_is_the_same_after_a_restart() {
    for answer in [raised(), throttled()] {
        let record = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<EventAnswer>(&record).unwrap(), answer);
    }
}

#[test]
fn record_of_what_never_ran_has_no_answer_of_the_function() {
    let document = with_record("EventAgeExceeded", 0, Some(&throttled()), |record| record.document());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["responseContext"], json!({ "statusCode": 429 }));
    assert_eq!(document.get("responsePayload"), None);
    let document = with_record("ZeroReservedConcurrency", 0, None, |record| record.document());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((document.get("responseContext"), document.get("responsePayload")), (None, None));
}

#[test]
fn answers_that_are_no_json_are_told_as_texts() {
    for (payload, told) in [("null", json!(null)), ("", json!(null)), ("plain text", json!("plain text"))] {
        let answer = ran(Outcome::Success { payload: payload.into() });
        let document = with_record("Success", 1, Some(&answer), |record| record.document());
        assert_eq!(serde_json::from_str::<Value>(&document).unwrap()["responsePayload"], told);
    }
}

// === where it goes ===

fn request(delivery: Result<Delivery, fakecloud_lambda::Error>) -> ServiceRequest {
    match delivery.unwrap() {
        Delivery::Service(request) => request,
        Delivery::Function { target, .. } => panic!("{target:?} is a function"),
    }
}

fn header<'r>(request: &'r ServiceRequest, name: &str) -> &'r str {
    request.headers[name].to_str().unwrap()
}

#[test]
fn queue_gets_the_record_as_a_message() {
    let answer = raised();
    with_record("RetriesExhausted", 3, Some(&answer), |record| {
        let request = request(destination(QUEUE, record, 1));
        assert_eq!((request.service.to_string(), request.account.as_str()), ("SQS".to_owned(), "111122223333"));
        assert_eq!(
            (request.region.as_str(), request.method.as_str(), request.path.as_str()),
            ("eu-west-1", "POST", "/")
        );
        assert_eq!(header(&request, "content-type"), "application/x-amz-json-1.0");
        assert_eq!(header(&request, "x-amz-target"), "AmazonSQS.SendMessage");
        let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/q";
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body, json!({ "QueueUrl": url, "MessageBody": record.document() }));
    });
}

#[test]
fn topic_gets_the_record_as_a_message() {
    let answer = raised();
    with_record("RetriesExhausted", 3, Some(&answer), |record| {
        let request = request(destination(TOPIC, record, 1));
        assert_eq!(header(&request, "content-type"), "application/x-www-form-urlencoded; charset=utf-8");
        let form: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
        let document = record.document();
        let expected =
            [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", TOPIC), ("Message", document.as_str())];
        assert_eq!(form, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    });
}

#[test]
fn bus_gets_the_record_as_the_detail_of_an_event_and_may_refuse_it_in_its_answer() {
    let answer = raised();
    let bus = "arn:aws:events:eu-west-1:111122223333:event-bus/b";
    with_record("RetriesExhausted", 3, Some(&answer), |record| {
        let request = request(destination(bus, record, 1));
        assert_eq!(header(&request, "content-type"), "application/x-amz-json-1.1");
        assert_eq!(header(&request, "x-amz-target"), "AWSEvents.PutEvents");
        let entry = json!({
            "Source": "lambda", "DetailType": "Lambda Function Invocation Result - Failure", "EventBusName": bus,
            "Detail": record.document(), "Resources": [format!("{ARN}:f:$LATEST"), bus],
        });
        assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({ "Entries": [entry] }));
        assert_eq!(request.check(200, br#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#), Ok(()));
        let refused = br#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}"#;
        assert!(request.check(200, refused).unwrap_err().contains("InternalFailure"));
        let absent = request.check(400, b"ResourceNotFoundException").unwrap_err();
        assert_eq!(absent, "EventBridge answered HTTP 400: ResourceNotFoundException");
    });
}

#[test]
fn bucket_gets_the_record_as_an_object_of_the_day() {
    let answer = raised();
    with_record("RetriesExhausted", 3, Some(&answer), |record| {
        let request = request(destination("arn:aws:s3:::b", record, 0));
        assert_eq!((request.method.as_str(), request.account.as_str()), ("PUT", "111122223333"));
        assert_eq!(request.region, "eu-west-1", "a bucket's ARN has no region");
        let id = "00000000-0000-4000-8000-000000000000";
        assert_eq!(request.path, format!("/b/aws/lambda/async/f/2026/01/31/2026-01-31T12.00.00-{id}"));
        assert_eq!(&*request.body, record.document().as_bytes());
    });
}

#[test]
fn name_of_a_bucket_leads_nowhere_but_to_a_bucket() {
    with_record("Success", 1, None, |record| {
        for (name, segment) in [
            ("b/../other", "b%2F..%2Fother"),
            ("b?acl#", "b%3Facl%23"),
            ("b%2e%2e", "b%252e%252e"),
            ("../..", "..%2F.."),
            ("a\r\nb c", "a%0D%0Ab%20c"),
        ] {
            let request = request(destination(&format!("arn:aws:s3:::{name}"), record, 0));
            assert!(request.path.starts_with(&format!("/{segment}/aws/lambda/async/f/")), "{}", request.path);
        }
        for name in ["", ".", ".."] {
            assert!(destination(&format!("arn:aws:s3:::{name}"), record, 0).is_err(), "{name}");
        }
    });
}

#[test]
fn function_gets_the_record_as_an_event() {
    let answer = raised();
    with_record("RetriesExhausted", 3, Some(&answer), |record| {
        let Ok(Delivery::Function { target, payload }) = destination(&format!("{ARN}:g:live"), record, 1) else {
            panic!("a function is invoked");
        };
        assert_eq!(target.qualified_arn(), format!("{ARN}:g:live"));
        assert_eq!(&*payload, record.document().as_bytes());
    });
}

#[test]
fn nothing_is_sent_to_what_takes_nothing() {
    with_record("Success", 1, None, |record| {
        for arn in ["arn:aws:kinesis:eu-west-1:111122223333:stream/s", "q", "arn:aws:sqs"] {
            let message = format!("{arn} is no function, queue, topic, event bus or bucket that can be sent to");
            assert_eq!(destination(arn, record, 1).unwrap_err().message(), message);
        }
        assert!(dead_letter("arn:aws:s3:::b", record).is_err());
    });
}

#[test]
fn dead_letter_is_the_event_with_the_error_in_attributes() {
    let answer = raised();
    with_record("RetriesExhausted", 3, Some(&answer), |record| {
        let queue: Value = serde_json::from_slice(&request(dead_letter(QUEUE, record)).body).unwrap();
        assert_eq!(queue["MessageBody"], r#"{"order": 12345678901234567890123}"#);
        let text = |value: &str| json!({ "DataType": "String", "StringValue": value });
        let attributes = json!({
            "RequestID": text(ID), "ErrorMessage": text("no"), "ErrorCode": { "DataType": "Number", "StringValue": "200" },
        });
        assert_eq!(queue["MessageAttributes"], attributes);

        let topic = request(dead_letter(TOPIC, record));
        let form: Vec<(String, String)> = form_urlencoded::parse(&topic.body).into_owned().collect();
        let entry = |index: usize, key: &str| {
            let key = format!("MessageAttributes.entry.{index}.{key}");
            form.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
        };
        assert_eq!(entry(2, "Name"), Some("ErrorCode"));
        assert_eq!((entry(2, "Value.DataType"), entry(2, "Value.StringValue")), (Some("Number"), Some("200")));
        assert_eq!(entry(4, "Name"), None);
    });
}

#[test]
fn dead_letter_of_what_never_ran_says_why() {
    let letter = with_record("EventAgeExceeded", 0, Some(&throttled()), |record| record.dead_letter());
    assert_eq!((letter.error_code, letter.error_message.as_str()), (429, "Rate Exceeded."));
    let letter = with_record("ZeroReservedConcurrency", 0, None, |record| record.dead_letter());
    assert_eq!(letter.error_code, 429);
    assert!(letter.error_message.contains("zero reserved concurrent executions"), "{}", letter.error_message);
}

#[test]
fn long_error_messages_are_cut_between_characters() {
    let payload = json!({ "errorType": "E", "errorMessage": "ä".repeat(600) }).to_string();
    let answer = ran(Outcome::FunctionError { payload: format!(" {payload}").into() });
    let letter = with_record("RetriesExhausted", 1, Some(&answer), |record| record.dead_letter());
    assert_eq!(letter.error_message, "ä".repeat(512));
    let silent = ran(Outcome::FunctionError { payload: r#"{"errorType":"E","errorMessage":""}"#.into() });
    with_record("RetriesExhausted", 1, Some(&silent), |record| {
        let queue: Value = serde_json::from_slice(&request(dead_letter(QUEUE, record)).body).unwrap();
        assert_eq!(queue["MessageAttributes"].get("ErrorMessage"), None, "an attribute needs a value");
    });
}
