//! Whole stacks, in the calls that infrastructure tools make and with what they compare.

use crate::harness::{Clients, Fakecloud, LogLevel, Moto, Namespace, with_temp_ns};

#[test]
fn what_terraform_applies_refreshes_and_changes_is_read_back_as_it_was_set() {
    with_temp_ns(|ns| run(ns, &Fakecloud::start(ns), "stacks/terraform.py"));
}

#[test]
fn what_sam_deploys_from_a_bucket_is_updated_rolled_back_and_deleted() {
    with_temp_ns(|ns| {
        let moto = Moto::start(ns);
        let settings = [("FAKECLOUD_FORWARD_URL", moto.url.as_str())];
        run(ns, &Fakecloud::start_with(ns, LogLevel::Debug, &settings), "stacks/sam.py");
    });
}

fn run(ns: &Namespace, fakecloud: &Fakecloud<'_>, program: &str) {
    assert_eq!(Clients::new(ns).python_program(program, &[&fakecloud.lambda.endpoint]), "done\n");
}
