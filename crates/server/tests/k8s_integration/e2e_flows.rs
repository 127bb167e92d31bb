//! What users do with AWS's clients beyond single calls: waiters, pages and queries.

use std::fs;

use crate::harness::{Clients, Fakecloud, Function, Namespace, with_temp_ns};

#[test]
fn aws_cli_queries_and_waits_through_a_functions_life() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let said = Clients::new(ns).aws_cli_script("aws_cli_flow.sh", &fakecloud.lambda, &[&archive(ns)]);
        assert_eq!(said, "done\n");
    });
}

#[test]
fn javascript_sdk_waits_and_pages_through_a_functions_life() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let args = [fakecloud.lambda.endpoint.as_str(), &archive(ns)];
        assert_eq!(Clients::new(ns).javascript_program("javascript_flow.mjs", &args), "done\n");
    });
}

/// A file with some function's code.
fn archive(ns: &Namespace) -> String {
    let file = ns.dir().join("code.zip");
    fs::write(&file, Function::python_report().zip()).expect("the namespace's directory takes a file");
    file.to_str().expect("the namespace's directory is UTF-8").to_owned()
}
