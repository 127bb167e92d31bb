//! Whole stacks, in the calls that infrastructure tools make and with what they compare.

use crate::harness::{Clients, Fakecloud, with_temp_ns};

#[test]
fn what_terraform_applies_refreshes_and_changes_is_read_back_as_it_was_set() {
    run("stacks/terraform.py");
}

#[test]
fn what_sam_deploys_is_updated_rolled_back_and_deleted() {
    run("stacks/sam.py");
}

fn run(program: &str) {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        assert_eq!(Clients::new(ns).python_program(program, &[&fakecloud.lambda.endpoint]), "done\n");
    });
}
