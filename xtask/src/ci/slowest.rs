//! The slowest tests of a run, from the JUnit report that cargo-nextest keeps of it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{paths, shell};

/// The number of tests that are printed.
const PRINTED: usize = 10;

/// A report, whose root element is `testsuites`.
#[derive(Deserialize)]
struct TestSuites {
    #[serde(rename = "testsuite", default)]
    suites: Vec<TestSuite>,
}

/// The tests of one program.
#[derive(Deserialize)]
struct TestSuite {
    #[serde(rename = "@name")]
    program: String,
    #[serde(rename = "testcase", default)]
    tests: Vec<TestCase>,
}

/// One test of a program.
#[derive(Deserialize)]
struct TestCase {
    #[serde(rename = "@name")]
    name: String,
    /// The seconds that the test took, such as `1.234`.
    #[serde(rename = "@time")]
    seconds: f64,
}

/// Removes the report of an earlier run, so that nobody takes its times for those of this one.
///
/// # Errors
/// When it is there and cannot be removed.
pub(super) fn remove_report() -> Result<()> {
    let report = report()?;
    match fs::remove_file(&report) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", report.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints the slowest tests and where the times of all are kept; nothing where cargo-nextest did not run.
///
/// # Errors
/// When the report is there and cannot be read.
pub(super) fn print() -> Result<()> {
    let report = report()?;
    if !report.exists() {
        return Ok(());
    }
    let read = fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    let lines = slowest(&read).with_context(|| format!("{} is no JUnit report", report.display()))?;
    shell::step(&format!("ci: the slowest tests, of those in {}", report.display()));
    for line in lines {
        eprintln!("    {line}");
    }
    Ok(())
}

/// The place of the report that `.config/nextest.toml` names.
fn report() -> Result<PathBuf> {
    Ok(paths::target()?.join("nextest/ci/junit.xml"))
}

/// A line for each of the slowest tests, the slowest first.
fn slowest(report: &str) -> Result<Vec<String>> {
    let TestSuites { suites } = quick_xml::de::from_str(report)?;
    let mut tests: Vec<(Duration, String)> = Vec::new();
    for TestSuite { program, tests: cases } in suites {
        for TestCase { name, seconds } in cases {
            tests.push((Duration::try_from_secs_f64(seconds)?, format!("{program} {name}")));
        }
    }
    tests.sort_by(|a, b| b.cmp(a));
    tests.truncate(PRINTED);
    Ok(tests.into_iter().map(|(took, name)| format!("{:>8.1} s  {name}", took.as_secs_f64())).collect())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::slowest;

    #[test]
    fn the_ten_slowest_tests_of_all_programs_are_named_the_slowest_first() {
        let mut report = r#"<?xml version="1.0"?><testsuites name="nextest-run" tests="13" time="60.5">"#.to_owned();
        report.push_str(r#"<testsuite name="pool::it" tests="1"><testcase name="walk" time="40.25"/></testsuite>"#);
        report.push_str(r#"<testsuite name="lambda" tests="12">"#);
        for test in 1..=12 {
            write!(
                report,
                r#"<testcase name="case_{test}" classname="lambda" time="{test}.000"><system-out/></testcase>"#
            )
            .unwrap();
        }
        report.push_str("</testsuite></testsuites>");
        let lines = slowest(&report).unwrap();
        assert_eq!(lines.len(), 10, "{lines:?}");
        assert_eq!(lines[0], "    40.2 s  pool::it walk");
        assert_eq!(lines[1], "    12.0 s  lambda case_12");
        assert_eq!(lines[9], "     4.0 s  lambda case_4");
    }

    #[test]
    fn a_report_that_was_cut_off_is_refused() {
        assert!(slowest(r#"<testsuites><testsuite name="pool"><testcase name="wa"#).is_err());
    }
}
