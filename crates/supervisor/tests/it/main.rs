//! The supervisor as a process: a stand-in for fakecloud on loopback, and runtimes of Python behind it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod awslambdaric;
mod extensions;
mod fakecloud;
mod invocations;
mod logs;
mod process;
