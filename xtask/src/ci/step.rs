//! A step of CI: a command line that a developer can repeat.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{paths, shell};

/// What the steps yield to: the cluster that boots beside them has deadlines, they have none. The other way round, the
/// cluster's daemons would inherit the niceness for all their life.
const NICENESS: &str = "10";

/// A command line with a name.
pub(super) struct Step {
    /// Names it in the summary.
    pub(super) name: &'static str,
    shown: String,
    command: Command,
}

// === impl Step ===

impl Step {
    /// `cargo` with arguments that are separated by blanks.
    pub(super) fn cargo(name: &'static str, line: &str) -> Self {
        Self::new(name, "cargo".to_owned(), &["cargo"], line)
    }

    /// A task of this very program, whose arguments are separated by blanks.
    pub(super) fn xtask(name: &'static str, line: &str) -> Self {
        // Not through cargo: nothing may rebuild the program while it runs.
        let itself = std::env::current_exe().expect("the kernel knows this program's path");
        let itself = itself.to_str().expect("cargo's target directory is UTF-8");
        Self::new(name, "cargo xtask".to_owned(), &[itself], line)
    }

    fn new(name: &'static str, shown: String, program: &[&str], line: &str) -> Self {
        let mut command = Command::new("nice");
        command.args(["-n", NICENESS]).args(program).current_dir(paths::repo()).stdin(Stdio::null());
        Self { name, shown, command }.args(line.split_whitespace().map(str::to_owned).collect())
    }

    pub(super) fn args(mut self, args: Vec<String>) -> Self {
        for arg in args {
            self.shown = format!("{} {arg}", self.shown);
            self.command.arg(arg);
        }
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.shown = format!("{name}='{value}' {}", self.shown);
        self.command.env(name, value);
        self
    }

    /// What to type to repeat the step.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs the step with its output on the terminal.
    ///
    /// # Errors
    /// When it cannot be started or ends with an exit code other than 0.
    pub(super) fn run(mut self) -> Result<()> {
        shell::run(&mut self.command)
    }

    /// Whether the command succeeds; its output is not shown.
    pub(super) fn succeeds(mut self) -> bool {
        shell::output(&mut self.command).is_ok()
    }
}
