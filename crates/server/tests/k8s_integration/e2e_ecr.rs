//! Every operation of ECR's service model, called through boto3.

use crate::harness::{Clients, Fakecloud, with_temp_ns};

/// What users read about each operation's state, which the calls must bear out.
const DOCUMENTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");

#[test]
fn boto3_walks_through_ecr_and_is_refused_every_kind_of_invalid_input() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let args = [fakecloud.lambda.endpoint.as_str(), DOCUMENTED];
        let report = Clients::new(ns).python_program("ecr/run.py", &args);
        assert!(report.starts_with("0 failures in ") && report.ends_with("calls of 62 operations\n"), "{report}");
    });
}
