//! Shows that a long build lives: every few seconds how long it runs and what it compiles.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

const HEARTBEAT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(200);
const LOG_TAIL_LINES: usize = 30;

/// Runs a command with its output in a log, of which a failure shows the end.
pub(super) fn run(command: &mut Command, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let mut heartbeat = started + HEARTBEAT;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= heartbeat {
            shell::step(&format!("{:>4} s, {}", started.elapsed().as_secs(), doing(&read(log))));
            heartbeat += HEARTBEAT;
        }
        sleep(POLL);
    };
    if !status.success() {
        let text = read(log);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n");
        bail!("{command:?} failed after {} s: {status}; the end of its output:\n{tail}", started.elapsed().as_secs());
    }
    shell::step(&format!("built in {} s", started.elapsed().as_secs()));
    Ok(())
}

fn read(log: &Path) -> String {
    fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// What the log's last line says. Go prints the import path of each package that it compiles, without a blank.
fn doing(log: &str) -> String {
    let packages = log.lines().filter(|line| line.contains('/') && !line.contains(' ')).count();
    let last = log.lines().last().unwrap_or("starting").trim();
    format!("{packages} packages compiled, now {last}")
}

#[cfg(test)]
mod tests {
    use super::doing;

    #[test]
    fn packages_are_counted_and_the_last_line_is_shown() {
        let log =
            "+++ [1122 13:00:00] Building go targets for linux/amd64:\n    cmd/kubelet\nk8s.io/api/core/v1\nnet/http\n";
        assert_eq!(doing(log), "2 packages compiled, now net/http");
    }
}
