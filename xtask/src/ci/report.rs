//! What passed, what failed and what was not checked, with the time each step took.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::step::Step;
use crate::shell;

/// The outcomes of a run so far.
pub(super) struct Report {
    started: Instant,
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Passed { took: Duration },
    Failed { took: Duration, repeat: String },
    NotChecked { reason: String },
}

// === impl Report ===

impl Report {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), lines: Vec::new() }
    }

    /// Runs a step and notes its outcome.
    pub(super) fn run(&mut self, step: Step) {
        let repeat = step.shown().to_owned();
        self.run_with(step.name, &repeat, || step.run());
    }

    /// Runs a function as a step that `repeat` would run again; whether it passed.
    pub(super) fn run_with(&mut self, name: &'static str, repeat: &str, work: impl FnOnce() -> Result<()>) -> bool {
        shell::step(&format!("ci: {name}: {repeat}"));
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let passed = result.is_ok();
        let outcome = match result {
            Ok(()) => Outcome::Passed { took },
            Err(error) => {
                shell::step(&format!("ci: {name} FAILED: {error:#}"));
                Outcome::Failed { took, repeat: repeat.to_owned() }
            }
        };
        self.lines.push(Line { name, outcome });
        passed
    }

    /// Notes a step that could not run here, so that nobody takes it for passed.
    pub(super) fn not_checked(&mut self, name: &'static str, reason: &str) {
        shell::step(&format!("ci: {name} NOT CHECKED: {reason}"));
        self.lines.push(Line { name, outcome: Outcome::NotChecked { reason: reason.to_owned() } });
    }

    /// Prints the summary.
    ///
    /// # Errors
    /// When a step failed; the message names all that did.
    pub(super) fn finish(self) -> Result<()> {
        shell::step(&format!("ci: {} steps in {}", self.lines.len(), minutes(self.started.elapsed())));
        for line in &self.lines {
            eprintln!("    {}", line.summary());
        }
        let failed = self.failed();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        shell::step("ci: all that was checked passed");
        Ok(())
    }

    fn failed(&self) -> Vec<&'static str> {
        let failed = |line: &&Line| matches!(line.outcome, Outcome::Failed { .. });
        self.lines.iter().filter(failed).map(|line| line.name).collect()
    }
}

// === impl Line ===

impl Line {
    fn summary(&self) -> String {
        let Self { name, outcome } = self;
        match outcome {
            Outcome::Passed { took } => format!("passed       {name:<18} {:>11}", minutes(*took)),
            Outcome::Failed { took, repeat } => format!("FAILED       {name:<18} {:>11}  {repeat}", minutes(*took)),
            Outcome::NotChecked { reason } => format!("NOT CHECKED  {name:<18} {reason}"),
        }
    }
}

fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{} min {:>2} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::bail;

    use super::{Report, Step, minutes};

    #[test]
    fn one_failed_step_fails_the_run_and_is_named() {
        let mut report = Report::start();
        assert!(report.run_with("good", "true", || Ok(())));
        assert!(!report.run_with("bad", "false", || bail!("broken")));
        assert!(report.run_with("late", "true", || Ok(())));
        let lines: Vec<String> = report.lines.iter().map(super::Line::summary).collect();
        assert!(lines[1].starts_with("FAILED ") && lines[1].ends_with("  false"), "{lines:?}");
        assert_eq!(report.finish().unwrap_err().to_string(), "failed: bad");
    }

    #[test]
    fn a_step_is_judged_by_its_exit_code() {
        let mut report = Report::start();
        report.run(Step::cargo("version", "--version"));
        report.run(Step::cargo("nonsense", "no-such-command-of-cargo"));
        assert_eq!(report.finish().unwrap_err().to_string(), "failed: nonsense");
    }

    #[test]
    fn what_was_not_checked_neither_fails_nor_passes() {
        let mut report = Report::start();
        report.not_checked("advisories", "no network");
        assert_eq!(report.lines[0].summary(), format!("NOT CHECKED  {:<18} no network", "advisories"));
        report.finish().unwrap();
    }

    #[test]
    fn times_are_given_in_minutes_and_seconds() {
        assert_eq!(minutes(Duration::from_secs(65)), "1 min  5 s");
        assert_eq!(minutes(Duration::from_millis(59_900)), "0 min 59 s");
    }
}
