//! All operations of the service model are known: routed, checked, and answered, if only with what is missing.

use std::collections::BTreeSet;

use fakecloud_lambda::{Operation, Scope, parse};
use http::Method;
use serde_json::json;

use crate::harness::{Account, Answer, error, request, violated};

fn missing(operation: &str) -> Answer {
    let message = format!("the operation {operation} is not supported by fakecloud yet");
    error(501, "NotImplementedException", json!({ "Type": "Service", "Message": message }))
}

/// One request of each operation with its required members, as botocore 1.44.8 sent it: operation, method, target, body.
const BOTOCORE_REQUESTS: &str = include_str!("botocore_requests.tsv");

/// The table that users read about each operation: operation, state and remark.
const DOCUMENTED: &str = include_str!("../../../../docs/OPERATIONS.md");

/// The operations that the server carries out by itself, with what [`fakecloud_lambda::Lambda::resolve`] gives.
const RUN_BY_THE_SERVER: [&str; 3] = ["Invoke", "InvokeAsync", "InvokeWithResponseStream"];

/// The rows of the documented table: operation, state, remark.
fn documented() -> Vec<[&'static str; 3]> {
    let (lambda, _ecr) = DOCUMENTED.split_once("\n## ECR\n").expect("the table of ECR comes after Lambda's");
    let rows = lambda.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells.map(|cells| cells.try_into().unwrap_or_else(|cells| panic!("not three cells: {cells:?}"))).collect()
}

/// The operations of the service model, in its order.
fn operations() -> Vec<&'static str> {
    BOTOCORE_REQUESTS.lines().filter_map(|line| line.split('\t').next()).collect()
}

#[test]
fn every_operation_is_understood_as_botocore_sends_it() {
    let mut operations = BTreeSet::new();
    for line in BOTOCORE_REQUESTS.lines() {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut cell = || cells.next().unwrap_or_default();
        let (operation, method, target, body) = (cell(), cell(), cell(), cell());
        let call = parse(&request(method.parse().unwrap(), &target, body));
        assert_eq!(call.map(|call| call.operation().name().to_owned()), Ok(operation.clone()), "{line}");
        operations.insert(operation);
    }
    assert_eq!(operations.len(), 91);
}

#[test]
fn the_documented_table_has_every_operation_once_with_a_state() {
    let rows = documented();
    assert_eq!(rows.iter().map(|[operation, ..]| *operation).collect::<Vec<_>>(), operations());
    for row in rows {
        assert!(["full", "record", "not yet"].contains(&row[1]), "{row:?}");
    }
}

#[test]
fn exactly_the_operations_documented_as_not_yet_answer_so() {
    for (line, [operation, state, _]) in BOTOCORE_REQUESTS.lines().zip(documented()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let body = cells.get(3).copied().unwrap_or_default();
        if RUN_BY_THE_SERVER.contains(&operation) {
            assert_ne!(state, "not yet", "{operation}");
            continue;
        }
        let answer = Account::new().send(request(cells[1].parse().unwrap(), cells[2], body.to_owned()));
        match state {
            "not yet" => assert_eq!(answer, missing(operation)),
            _ => assert!(answer.status < 500, "{operation} is documented as {state}: {answer:?}"),
        }
    }
}

#[test]
fn accounts_that_were_only_asked_for_are_not_kept() {
    let mut account = Account::new();
    let empty = format!("{:?}", account.lambda);
    let mut keeping = Vec::new();
    for (number, line) in BOTOCORE_REQUESTS.lines().enumerate() {
        let cells: Vec<&str> = line.split('\t').collect();
        let (method, body) = (cells[1].parse().unwrap(), cells.get(3).copied().unwrap_or_default());
        account.scope = Scope::new(&format!("{number:012}"), "eu-west-1").unwrap();
        let answer = account.send(request(method, cells[2], body.to_owned()));
        if format!("{:?}", account.lambda) != empty {
            assert_eq!(answer.error, None, "{line}");
            keeping.push(cells[0]);
            account = Account::new();
        }
    }
    let making = ["CreateCapacityProvider", "CreateCodeSigningConfig", "CreateFunction", "PublishLayerVersion"];
    assert_eq!(keeping, making);
}

#[test]
fn an_account_whose_last_thing_was_deleted_is_not_kept() {
    let mut account = Account::new();
    let empty = format!("{:?}", account.lambda);
    let config = json!({ "AllowedPublishers": { "SigningProfileVersionArns":
        ["arn:aws:signer:eu-west-1:111122223333:/signing-profiles/x"] } });
    let config = account.post("/2020-04-22/code-signing-configs", &config).body["CodeSigningConfig"].clone();
    account.create("f");
    assert_ne!(format!("{:?}", account.lambda), empty);
    let config = config["CodeSigningConfigArn"].as_str().unwrap().replace(':', "%3A");
    assert_eq!(account.delete(&format!("/2020-04-22/code-signing-configs/{config}")).status, 204);
    let invocation = account.resolve("/2015-03-31/functions/f/invocations", &[], b"").unwrap();
    let running = account.lambda.admit(&invocation).unwrap();
    account.delete("/2015-03-31/functions/f");
    assert_ne!(format!("{:?}", account.lambda), empty, "its invocation is still under way");
    account.lambda.ended(&running);
    assert_eq!(format!("{:?}", account.lambda), empty);
    account.restart();
    assert_eq!(format!("{:?}", account.lambda), empty);
}

#[test]
fn operations_that_are_not_served_yet_are_checked_all_the_same() {
    let alias = json!({ "Name": "7", "FunctionVersion": "1" });
    let message = "1 validation error detected: Value '7' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
    assert_eq!(Account::new().post("/2015-03-31/functions/f/aliases", &alias), violated(message));
    let null =
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null";
    let arn = "arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af";
    assert_eq!(Account::new().delete(&format!("/2017-03-31/tags/{arn}")), violated(null));
}

#[test]
fn a_query_parameter_tells_operations_of_one_path_apart() {
    let operation = |target: &str| parse(&request(Method::GET, target, "")).map(|call| call.operation());
    assert_eq!(operation("/2018-10-31/layers"), Ok(Operation::ListLayers));
    let by_arn =
        "/2018-10-31/layers?Arn=arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Alayer%3Al%3A1&find=LayerVersion";
    assert_eq!(operation(by_arn), Ok(Operation::GetLayerVersionByArn));
    let concurrency = "/2019-09-30/functions/f/provisioned-concurrency";
    assert_eq!(operation(&format!("{concurrency}?List=ALL")), Ok(Operation::ListProvisionedConcurrencyConfigs));
    assert_eq!(operation(&format!("{concurrency}?Qualifier=1")), Ok(Operation::GetProvisionedConcurrencyConfig));
}

#[test]
fn unknown_paths_and_methods_are_named() {
    let mut account = Account::new();
    for (answer, what) in [
        (account.get("/2015-03-31/nothing"), "GET /2015-03-31/nothing"),
        (account.put("/2015-03-31/functions", &json!({})), "PUT /2015-03-31/functions"),
        (account.get("/"), "GET /"),
    ] {
        let message = format!("no operation of the Lambda API is addressed by {what}");
        assert_eq!(answer, error(404, "UnknownOperationException", json!({ "Type": "User", "message": message })));
    }
}
