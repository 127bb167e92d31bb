//! IAM and STS through boto3, whose parsers are those of real clients.

use crate::harness::{Clients, Fakecloud, with_temp_ns};

#[test]
fn boto3_makes_a_role_with_policies_and_assumes_it() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let said = Clients::new(ns).python_program("iam.py", &[&fakecloud.lambda.endpoint]);
        assert_eq!(said.trim(), "ok");
    });
}
