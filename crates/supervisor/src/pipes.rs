//! The output of the function's processes.

use std::os::fd::OwnedFd;

use bytes::Bytes;
use fakecloud_runtime_api::{Exit, Frames, Input, Process};

use crate::processes::Started;
use crate::supervisor::Supervisor;

/// A pipe that a process writes to.
#[derive(Debug)]
pub(crate) struct Pipe {
    descriptor: OwnedFd,
    process: Process,
    /// Cuts framed records; `None` for lines.
    frames: Option<Frames>,
}

// === impl Supervisor ===

impl Supervisor {
    pub(crate) fn listen_to(&mut self, process: Process, started: Started) {
        let Started { output, records } = started;
        let framed = records.map(|it| (it, Some(Frames::default())));
        for (descriptor, frames) in [(output, None)].into_iter().chain(framed) {
            let token = self.token();
            if self.poller.add(&descriptor, token).is_ok() {
                self.pipes.insert(token, Pipe { descriptor, process, frames });
            }
        }
    }

    pub(crate) fn pipe_ready(&mut self, token: u64) {
        if !self.read_pipe(token) {
            self.close_pipe(token);
        }
    }

    /// Reads what all pipes hold, so that no answer overtakes the lines that were written before it.
    pub(crate) fn drain_pipes(&mut self) {
        let tokens: Vec<u64> = self.pipes.keys().copied().collect();
        tokens.into_iter().for_each(|token| self.pipe_ready(token));
    }

    /// Takes in the processes that have ended.
    pub(crate) fn reap(&mut self) {
        let ended = self.processes.reap();
        if ended.is_empty() {
            return;
        }
        let has_killed = self.memory.has_killed();
        for (process, exit) in ended {
            let tokens: Vec<u64> =
                self.pipes.iter().filter(|(_, it)| it.process == process).map(|(token, _)| *token).collect();
            for token in tokens {
                self.pipe_ready(token);
                self.close_pipe(token);
            }
            let exit = if has_killed && exit == Exit::Signal(9) { Exit::OutOfMemory } else { exit };
            self.feed(Input::Exited { process, exit });
        }
    }

    fn close_pipe(&mut self, token: u64) {
        if let Some(pipe) = self.pipes.remove(&token) {
            self.poller.remove(&pipe.descriptor);
        }
    }

    /// Reads what a pipe holds, a megabyte at most, so that nothing else waits long. `false` is its end.
    fn read_pipe(&mut self, token: u64) -> bool {
        for _ in 0..16 {
            let Some(pipe) = self.pipes.get_mut(&token) else { return false };
            let bytes = match rustix::io::read(&pipe.descriptor, self.scratch.as_mut_slice()) {
                Ok(0) => return false,
                Ok(bytes) => bytes,
                Err(error) => return matches!(error, rustix::io::Errno::AGAIN | rustix::io::Errno::INTR),
            };
            let chunk = &self.scratch[..bytes];
            let process = pipe.process;
            let inputs: Vec<Input> = match &mut pipe.frames {
                None => vec![Input::Output { process, chunk: Bytes::copy_from_slice(chunk) }],
                Some(frames) => frames.push(chunk).into_iter().map(|text| Input::Record { process, text }).collect(),
            };
            inputs.into_iter().for_each(|input| self.feed(input));
            if bytes < self.scratch.len() {
                return true;
            }
        }
        true
    }
}
