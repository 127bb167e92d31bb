//! The function's processes: their start, their signals and their end.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use fakecloud_runtime_api::{Exit, Process, Program, Signal, SpawnFailure};
use rustix::io::FdFlags;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{self, Pid, WaitOptions};

use crate::assignment::Programs;

/// The processes that run, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    running: BTreeMap<i32, Process>,
}

/// A process that was started.
#[derive(Debug)]
pub(crate) struct Started {
    /// Standard output and standard error.
    pub(crate) output: OwnedFd,
    /// The framed records of a runtime.
    pub(crate) records: Option<OwnedFd>,
}

// === impl Processes ===

impl Processes {
    /// Starts a program in a process group of its own.
    pub(crate) fn spawn(
        &mut self,
        process: Process,
        program: &Program,
        variables: BTreeMap<String, String>,
        programs: &Programs,
    ) -> Result<Started, SpawnFailure> {
        let line = line(program, programs)?;
        let (path, arguments) = line.split_first().ok_or(SpawnFailure::NoBootstrap { candidates: Vec::new() })?;
        let directory = working_directory(program, programs);
        if let Err(error) = std::fs::metadata(directory) {
            let path = directory.display().to_string();
            return Err(SpawnFailure::WorkingDirectory { path, reason: reason(&error) });
        }
        let failed = |error: io::Error| SpawnFailure::Program { path: path.clone(), reason: reason(&error) };
        let mut command = Command::new(path);
        command.args(arguments).current_dir(directory).env_clear().envs(variables).process_group(0);
        start(process, command).map_err(failed).map(|(pid, started)| {
            self.running.insert(pid, process);
            started
        })
    }

    /// Sends a signal to the group of a process that runs.
    pub(crate) fn signal(&self, process: Process, signal: Signal) {
        let signal = match signal {
            Signal::Terminate => process::Signal::TERM,
            Signal::Kill => process::Signal::KILL,
        };
        let pids = self.running.iter().filter(|(_, it)| **it == process).filter_map(|(pid, _)| Pid::from_raw(*pid));
        pids.for_each(|pid| {
            let _ = process::kill_process_group(pid, signal);
        });
    }

    /// Ends the processes that have left their groups. Only process 1 may: its container has no others.
    pub(crate) fn kill_strangers(&self) {
        if Pid::as_raw(Some(process::getpid())) != 1 {
            return;
        }
        let Ok(entries) = std::fs::read_dir("/proc") else { return };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        for pid in pids.filter(|pid| *pid > 1).filter_map(Pid::from_raw) {
            let _ = process::kill_process(pid, process::Signal::KILL);
        }
    }

    /// Takes in the processes that have ended, strangers that process 1 inherits among them.
    pub(crate) fn reap(&mut self) -> Vec<(Process, Exit)> {
        let mut ended = Vec::new();
        while let Ok(Some((pid, status))) = process::wait(WaitOptions::NOHANG) {
            let exit = match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Status(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => continue,
            };
            // Whatever the process has left behind in its group ends with it.
            if let Some(process) = self.running.remove(&Pid::as_raw(Some(pid))) {
                let _ = process::kill_process_group(pid, process::Signal::KILL);
                ended.push((process, exit));
            }
        }
        ended
    }
}

/// The working directory of a program: extensions have the root's.
fn working_directory<'a>(program: &Program, programs: &'a Programs) -> &'a Path {
    match program {
        Program::Runtime => &programs.working_directory,
        Program::Extension(_) => Path::new("/"),
    }
}

/// The program and its arguments.
fn line(program: &Program, programs: &Programs) -> Result<Vec<String>, SpawnFailure> {
    match program {
        Program::Extension(name) => Ok(vec![programs.extensions.join(name).display().to_string()]),
        Program::Runtime if !programs.command.is_empty() => Ok(programs.command.clone()),
        Program::Runtime => {
            let found = programs.bootstraps.iter().find(|path| Path::new(path).is_file());
            let candidates = programs.bootstraps.clone();
            found.map(|path| vec![path.clone()]).ok_or(SpawnFailure::NoBootstrap { candidates })
        }
    }
}

fn start(process: Process, mut command: Command) -> io::Result<(i32, Started)> {
    let (output, write) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&output, true)?;
    command.stdin(Stdio::null()).stdout(write.try_clone()?).stderr(write);
    // A runtime writes its framed records to a descriptor that it inherits, under the number that it has here.
    let is_runtime = process.role == fakecloud_runtime_api::Role::Runtime;
    let (records, _inherited) = if is_runtime {
        let (records, write) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&records, true)?;
        rustix::io::fcntl_setfd(&write, FdFlags::empty())?;
        command.env("_LAMBDA_TELEMETRY_LOG_FD", write.as_raw_fd().to_string());
        (Some(records), Some(write))
    } else {
        (None, None)
    };
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    Ok((pid, Started { output, records }))
}

/// The system's words for an error, as AWS shows them.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(2) => "no such file or directory".to_owned(),
        Some(8) => "exec format error".to_owned(),
        Some(13) => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
