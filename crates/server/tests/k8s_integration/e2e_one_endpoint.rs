//! One endpoint for the whole stack: what fakecloud does not serve, an emulator behind it does.

use crate::harness::{Clients, Fakecloud, LogLevel, Moto, with_temp_ns};

#[test]
fn clients_and_functions_use_other_services_at_the_same_endpoint() {
    with_temp_ns(|ns| {
        let moto = Moto::start(ns);
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_FORWARD_URL", &moto.url)]);
        let said = Clients::new(ns).python_program("one_endpoint.py", &[&fakecloud.lambda.endpoint]);
        assert_eq!(said, "done\n");
    });
}
