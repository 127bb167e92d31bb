//! Every operation of AWS's service model, called through boto3.

use crate::harness::{Clients, Fakecloud, LogLevel, Namespace, with_temp_ns};

/// What users read about each operation's state, which the calls must bear out.
const DOCUMENTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");

/// The tables of cases and the constraints that the model gives: `clients/operations`.
#[test]
fn boto3_calls_every_operation_with_valid_and_every_kind_of_invalid_input() {
    with_temp_ns(|ns| {
        let fakecloud = start(ns);
        let args = [fakecloud.lambda.endpoint.as_str(), DOCUMENTED];
        let report = Clients::new(ns).python_program("operations/run.py", &args);
        assert!(report.starts_with("0 failures in ") && report.ends_with("calls of 91 operations\n"), "{report}");
    });
}

#[test]
fn boto3_pages_through_every_list_that_has_a_paginator() {
    with_temp_ns(|ns| {
        let fakecloud = start(ns);
        let args = [fakecloud.lambda.endpoint.as_str(), DOCUMENTED];
        let report = Clients::new(ns).python_program("operations/paginate.py", &args);
        assert!(report.ends_with(" lists\n"), "{report}");
    });
}

/// What is provisioned here need not become ready, and the cluster is small.
fn start(ns: &Namespace) -> Fakecloud<'_> {
    Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_MAX_PODS", "1")])
}
