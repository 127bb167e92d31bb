//! Process 1 of a function's container.
//!
//! The supervisor asks fakecloud what to run, runs the runtime and its extensions, serves their APIs on loopback, and takes
//! invocations over a connection that it has dialled itself: no port of the container is open to anybody. What is right at
//! which moment `fakecloud-runtime-api` decides; this crate carries it out, on one thread that waits for descriptors.

mod actions;
mod assignment;
mod control;
mod deliveries;
mod http;
mod link;
mod memory;
mod pipes;
mod poller;
mod processes;
mod requests;
mod sandbox;
mod settings;
mod supervisor;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match supervisor::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "fakecloud-supervisor: {error}");
            ExitCode::FAILURE
        }
    }
}
