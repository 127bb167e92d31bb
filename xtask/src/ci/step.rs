//! A step of CI: a command line that a developer can repeat.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{paths, shell};

/// How far the steps beside the booting cluster step back: it has deadlines, they have none. Were the boot nice instead,
/// the cluster's daemons would be so for all their life.
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
        Self::new(name, "cargo", Command::new("cargo")).words(line)
    }

    /// A task of this very program, whose arguments are separated by blanks.
    pub(super) fn xtask(name: &'static str, line: &str) -> Self {
        // Not through cargo: nothing may rebuild the program while it runs.
        let itself = std::env::current_exe().expect("the kernel knows this program's path");
        Self::new(name, "cargo xtask", Command::new(itself)).words(line)
    }

    fn new(name: &'static str, shown: &str, command: Command) -> Self {
        Self { name, shown: shown.to_owned(), command }
    }

    fn words(self, line: &str) -> Self {
        self.args(line.split(' ').map(str::to_owned).collect())
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

    /// The same with a low priority.
    pub(super) fn yielding(self) -> Self {
        let mut command = Command::new("nice");
        command.args(["-n", NICENESS]).arg(self.command.get_program()).args(self.command.get_args());
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self { command, ..self }
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
        shell::run(self.command.current_dir(paths::repo()).stdin(Stdio::null()))
    }

    /// Whether the command succeeds; its output is not shown.
    pub(super) fn succeeds(mut self) -> bool {
        shell::output(self.command.current_dir(paths::repo())).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{NICENESS, Step};

    #[test]
    fn a_step_shows_what_to_type() {
        let docs = Step::cargo("docs", "doc --no-deps").env("RUSTDOCFLAGS", "--deny warnings").yielding();
        assert_eq!(docs.shown(), "RUSTDOCFLAGS='--deny warnings' cargo doc --no-deps");
        let tests = Step::xtask("tests", "k8s-test").args(vec!["--provider".to_owned(), "kind".to_owned()]);
        assert_eq!(tests.shown(), "cargo xtask k8s-test --provider kind");
    }

    #[test]
    fn a_yielding_step_keeps_its_arguments_and_environment() {
        let step = |script: &str| {
            let sh = Step::new("script", "sh", std::process::Command::new("sh"));
            sh.args(vec!["-c".to_owned(), script.to_owned()]).env("SAID", "so").yielding()
        };
        let own: i32 = crate::shell::output(&mut std::process::Command::new("nice")).unwrap().parse().unwrap();
        let lowest = 19;
        let yielding = lowest.min(own + NICENESS.parse::<i32>().unwrap());
        assert!(step(&format!("test $SAID = so && test $(nice) = {yielding}")).run().is_ok());
        assert!(step("test $SAID = no").run().is_err());
    }
}
