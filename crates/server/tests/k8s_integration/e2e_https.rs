//! HTTPS, as AWS's own client speaks it.

use std::fs;

use crate::harness::{Clients, Fakecloud, Function, with_temp_ns};

#[test]
fn boto3_invokes_over_https() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let path = |name: &str| ns.dir().join(name).display().to_string();
        let (archive, authority) = (path("secure.zip"), path("ca.crt"));
        fs::write(&archive, Function::python_report().zip()).expect("the namespace's directory takes a file");
        Clients::new(ns).python_program("https.py", &[&fakecloud.lambda.endpoint, &archive, &authority]);
    });
}
