//! Aliases that lead to two versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::harness::{Clients, Fakecloud, Function, with_temp_ns};

/// Says where it runs, and as what.
const VERSION: &str = r#"
import os, socket

def handler(event, context):
    version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    return {"pod": socket.gethostname(), "version": version, "value": os.environ["VERSION"]}
"#;

/// What `weights.py` prints.
#[derive(Deserialize)]
struct Report {
    halves: Vec<Run>,
    second: Vec<Run>,
    first: Vec<Run>,
}

/// An invocation.
#[derive(Debug, Deserialize)]
struct Run {
    /// The version that boto3 was told.
    executed: String,
    /// The version that the function was told.
    version: String,
    /// The variable that the version was published with.
    value: String,
    pod: String,
}

#[test]
fn weights_of_an_alias_choose_between_versions_with_environments_of_their_own() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("weighed", &Function::python(VERSION));
        let report = Clients::new(ns).python_program("weights.py", &[&fakecloud.lambda.endpoint, "weighed"]);
        let report: Report = serde_json::from_str(&report).expect("the program prints what it found");

        assert_eq!(executed(&report.halves), ["1", "2"], "half of 40 each, but never all");
        assert_eq!((executed(&report.second), executed(&report.first)), (vec!["2"], vec!["1"]));
        let mut pods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for run in report.halves.iter().chain(&report.second).chain(&report.first) {
            assert_eq!(run.executed, run.version, "{run:?}");
            assert_eq!(run.value, if run.version == "1" { "one" } else { "two" }, "{run:?}");
            pods.entry(&run.executed).or_default().insert(&run.pod);
        }
        assert!(pods["1"].is_disjoint(&pods["2"]), "{pods:?}");
        assert_eq!((pods["1"].len(), pods["2"].len()), (1, 1), "each is kept warm: {pods:?}");
    });
}

/// The versions that ran, each once, in order.
fn executed(runs: &[Run]) -> Vec<&str> {
    runs.iter().map(|run| run.executed.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}
