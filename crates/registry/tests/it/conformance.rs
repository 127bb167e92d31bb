//! The cases of the OCI Distribution Specification's conformance categories; `docs/REGISTRY.md` lists them.

mod discovery;
mod management;
mod pull;
mod push;

use std::collections::BTreeSet;

/// What the document says, and where the tests are that it names.
const DOCUMENT: &str = include_str!("../../../../docs/REGISTRY.md");
const SOURCES: [&str; 4] = [
    include_str!("conformance/discovery.rs"),
    include_str!("conformance/management.rs"),
    include_str!("conformance/pull.rs"),
    include_str!("conformance/push.rs"),
];

#[test]
fn document_lists_every_case_and_no_other() {
    let (_, section) = DOCUMENT.split_once("\n## Conformance\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let listed: BTreeSet<&str> = rows.map(|row| row.split('`').nth_back(1).unwrap()).collect();
    let tests = SOURCES.iter().flat_map(|source| source.split("#[tokio::test]\nasync fn ").skip(1));
    let tests: BTreeSet<&str> = tests.map(|test| test.split('(').next().unwrap()).collect();
    assert!(tests.len() > 50, "only {tests:?} were found");
    assert_eq!(listed, tests);
}
