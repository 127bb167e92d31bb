//! Boots the cluster while other steps run.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{paths, shell};

const HEARTBEAT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(200);

/// A `cargo xtask cluster up` that runs by itself, with its output in a file.
pub(super) struct Boot {
    child: Child,
    log: PathBuf,
    started: Instant,
    was_up: bool,
}

// === impl Boot ===

impl Boot {
    /// Starts to boot the cluster that `provider` (arguments of `cargo xtask cluster`) chooses.
    ///
    /// # Errors
    /// When the log cannot be written or this program cannot be started again.
    pub(super) fn start(provider: Vec<String>) -> Result<Self> {
        let log = paths::cache()?.join("ci-cluster-up.log");
        let file = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let was_up = shell::output(cluster("status")?.args(&provider)).is_ok();
        shell::step(&format!("ci: booting the cluster in the background, log in {}", log.display()));
        let child = cluster("up")?
            .args(&provider)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("cannot start `cargo xtask cluster up`")?;
        Ok(Self { child, log, started: Instant::now(), was_up })
    }

    /// Whether the cluster ran before.
    pub(super) fn was_up(&self) -> bool {
        self.was_up
    }

    /// Says how long it has been booting and what it does now, unless it is done.
    pub(super) fn say_progress(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let log = self.read_log();
        let last = log.lines().last().unwrap_or("starting").trim_start_matches("==> ");
        shell::step(&format!("ci: cluster, after {} s: {last}", self.started.elapsed().as_secs()));
    }

    /// Waits until the cluster is up.
    ///
    /// # Errors
    /// When it does not come up; all that it printed is shown.
    pub(super) fn wait(mut self) -> Result<()> {
        let mut heartbeat = Instant::now() + HEARTBEAT;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() >= heartbeat {
                self.say_progress();
                heartbeat += HEARTBEAT;
            }
            sleep(POLL);
        };
        eprint!("{}", self.read_log());
        if !status.success() {
            bail!("the cluster did not come up: {status}; see above");
        }
        Ok(())
    }

    fn read_log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

fn cluster(action: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["cluster", action]).current_dir(paths::repo());
    Ok(command)
}
