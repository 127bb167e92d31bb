//! Starts, finds and ends the node's processes.
//!
//! A pid file alone proves nothing: after a crash its number may belong to another program. A process is one of ours
//! only while `/proc/<pid>/cmdline` names the program and the state directory.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::layout::state;

/// A program that runs as long as the node does.
pub(super) struct Process {
    /// Names the pid file and the log.
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    /// Directories that precede `PATH`.
    pub(super) path: Vec<PathBuf>,
    /// Where it listens.
    pub(super) listens: &'static [(&'static str, u16)],
}

/// The programs that can be ours; a pager on one of our logs is not.
const PROGRAMS: [&str; 10] = [
    "containerd",
    "containerd-shim-runc-v2",
    "dnsmasq",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
    "xtask",
];

/// How long a process may take to end itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);

const LOG_TAIL_LINES: usize = 15;

pub(super) fn alive(process: &Process) -> bool {
    pid(process).is_some()
}

/// The process's id, if it runs.
pub(super) fn pid(process: &Process) -> Option<i32> {
    let pid: i32 = fs::read_to_string(pid_file(process.name)).ok()?.trim().parse().ok()?;
    runs(&cmdline(pid), process.program.file_name()?.to_str()?, state("").to_str()?).then_some(pid)
}

pub(super) fn start_missing(processes: &[Process]) -> Result<()> {
    for process in processes {
        if !alive(process) {
            start(process).with_context(|| format!("cannot start {}", process.name))?;
        }
    }
    Ok(())
}

/// Starts a process in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it.
fn start(process: &Process) -> Result<()> {
    fs::create_dir_all(state("log"))?;
    fs::create_dir_all(state("run"))?;
    let log = fs::File::create(log_file(process.name))?;
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(process.path.iter().cloned().chain(std::env::split_paths(&inherited)))?;
    let child = Command::new("setsid")
        .arg(&process.program)
        .args(&process.args)
        .env("PATH", path)
        .current_dir(state(""))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start setsid")?;
    fs::write(pid_file(process.name), child.id().to_string())?;
    Ok(())
}

/// Fails with the end of its log when one of the processes has ended.
pub(super) fn check(processes: &[Process]) -> Result<()> {
    match processes.iter().find(|it| !alive(it)) {
        Some(dead) => bail!("{} ended by itself; {}", dead.name, log_tail(dead.name)),
        None => Ok(()),
    }
}

/// The end of a component's log, introduced by its path.
pub(super) fn log_tail(name: &str) -> String {
    let path = log_file(name);
    let text = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..];
    format!("the end of {}:\n{}", path.display(), tail.join("\n"))
}

/// Sends a signal to the process of a pid file, if it is still that process.
pub(super) fn signal(process: &Process, signal: Signal) -> Result<()> {
    if let Some(pid) = pid(process).and_then(Pid::from_raw) {
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", process.name))?;
    }
    Ok(())
}

/// Ends every process of this cluster, known by a pid file or not.
pub(super) fn end_all() -> Result<()> {
    for pid in ours()? {
        // One that ended in the meantime needs no signal.
        let _ = kill_process(pid, Signal::TERM);
    }
    let killing = Instant::now() + GRACE;
    let deadline = killing + GRACE;
    loop {
        let left = ours()?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("processes {left:?} do not end, not even when killed");
        }
        if Instant::now() > killing {
            for pid in left {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        sleep(Duration::from_millis(50));
    }
}

fn ours() -> Result<Vec<Pid>> {
    let state = state("");
    let state = state.to_str().context("the state directory's name is not UTF-8")?;
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if pid != std::process::id().cast_signed() && is_ours(&cmdline(pid), state) {
            found.extend(Pid::from_raw(pid));
        }
    }
    Ok(found)
}

fn is_ours(cmdline: &[String], state: &str) -> bool {
    PROGRAMS.iter().any(|program| runs(cmdline, program, state))
}

/// Whether a command line is that of a program for this state directory. The program's own directory does not count:
/// another cache or another build of xtask may have started it.
fn runs(cmdline: &[String], program: &str, state: &str) -> bool {
    // For an instant, a process that is being started is still setsid.
    let mut words = cmdline.iter().skip_while(|word| *word == "setsid");
    let is_program = words.next().is_some_and(|first| first.rsplit('/').next() == Some(program));
    is_program && words.any(|argument| argument.contains(state))
}

/// Empty for a zombie and for a process that is gone.
fn cmdline(pid: i32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).split_terminator('\0').map(str::to_owned).collect()
}

pub(super) fn pid_file(name: &str) -> PathBuf {
    state("run").join(format!("{name}.pid"))
}

fn log_file(name: &str) -> PathBuf {
    state("log").join(format!("{name}.log"))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    fn cmdline(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn shim_of_our_containerd_is_ours() {
        let shim = "/cache/containerd-shim-runc-v2 -namespace k8s.io -id a -address /state/containerd.sock";
        assert!(is_ours(&cmdline(shim), "/state"));
    }

    #[test]
    fn shim_of_another_containerd_is_not_ours() {
        let shim = "/usr/bin/containerd-shim-runc-v2 -namespace moby -id a -address /run/containerd/containerd.sock";
        assert!(!is_ours(&cmdline(shim), "/state"));
    }

    #[test]
    fn process_that_is_being_started_is_ours() {
        assert!(is_ours(&cmdline("setsid /cache/etcd --data-dir=/state/etcd"), "/state"));
    }

    #[test]
    fn reader_of_our_files_is_not_ours() {
        assert!(!is_ours(&cmdline("tail -f /state/log/etcd.log"), "/state"));
        assert!(!is_ours(&cmdline("ls /state/etcd"), "/state"));
    }
}
