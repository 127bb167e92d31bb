//! Processes that end, for good or to be replaced, and those that live on beside them.

use serde_json::json;

use crate::harness::{Fakecloud, Function, eventually, with_temp_ns};

#[test]
fn kill9_and_restart_leaves_no_orphan_while_a_second_instance_keeps_its_pods() {
    with_temp_ns(|ns| {
        let doomed = Fakecloud::start(ns);
        let neighbour = Fakecloud::start(ns);
        for name in ["orphan-1", "orphan-2"] {
            doomed.lambda.create_function(name, &Function::python_report());
            doomed.lambda.invoke(name, &json!(1)).returned();
        }
        neighbour.lambda.create_function("kept", &Function::python_report());
        let kept = neighbour.lambda.invoke("kept", &json!(1)).returned();
        assert_eq!((doomed.pods().len(), neighbour.pods().len()), (2, 1));

        doomed.kill9();
        let dead = doomed.instance.clone();
        let restarted = doomed.restart();
        assert_ne!(restarted.instance, dead);
        eventually("the dead instance's Pods are gone", || {
            ns.pods().iter().all(|pod| pod.label("fakecloud-instance") != dead).then_some(())
        });

        let warm = neighbour.lambda.invoke("kept", &json!(2)).returned();
        assert_eq!((&warm["pod"], &warm["count"]), (&kept["pod"], &json!(2)));
        assert_eq!(neighbour.pods().len(), 1);
    });
}

#[test]
fn restart_keeps_functions_and_layers_in_the_data_directory() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let layer = fakecloud.lambda.publish_layer("kept", &[("file", b"content")]);
        fakecloud.lambda.create_function("kept", &Function::python_report().layers(&[layer]));
        fakecloud.kill9();

        let restarted = fakecloud.restart();
        assert_eq!(restarted.lambda.invoke("kept", &json!(1)).returned()["count"], 1);
    });
}

#[test]
fn sigterm_deletes_every_pod_of_the_instance_alone() {
    with_temp_ns(|ns| {
        let leaving = Fakecloud::start(ns);
        let staying = Fakecloud::start(ns);
        for fakecloud in [&leaving, &staying] {
            fakecloud.lambda.create_function("here", &Function::python_report());
            fakecloud.lambda.invoke("here", &json!(1)).returned();
        }

        let status = leaving.terminate();
        assert!(status.success(), "{status}\n{}", leaving.log());
        assert!(leaving.pods().is_empty(), "every Pod was deleted before the end");
        assert_eq!(staying.lambda.invoke("here", &json!(2)).returned()["count"], 2);
    });
}
