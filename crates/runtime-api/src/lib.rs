//! Lambda's execution environment as a state machine without IO.
//!
//! [`Environment`] is what stands between fakecloud and a function: the Runtime API (2018-06-01), the Extensions API
//! (2020-01-01), the Telemetry API (2022-07-01) and the Logs API (2020-08-15), and the phases init, restore, invoke, reset
//! and shutdown. It opens no socket, starts no process, reads no clock and draws no random number: a shell feeds it
//! [`Input`]s together with the time they happened at, carries out the [`Action`]s it answers with, and calls
//! [`Environment::handle_timeout`] when [`Environment::poll_timeout`] says so.
//!
//! The processes behind it are not trusted. Any call in any order with any body has an answer, no invocation has two ends
//! or the answer to another one, and what is held at a time is bounded ([`Environment::held_bytes`]).

mod action;
mod answers;
mod calls;
mod config;
mod dispatch;
mod ending;
mod environment;
mod event;
mod extension_calls;
mod extensions;
mod id;
mod init;
mod input;
mod invoke;
mod lines;
mod log_lines;
mod logs;
mod pace;
mod phase;
mod processes;
mod route;
mod running;
mod runtime_calls;
mod shipping;
mod subscription;
mod telemetry;
mod time;
mod variables;
mod words;

pub use action::{Action, Answer, Destination, Figures, FunctionError, Outcome, Program, Refusal, Report, Signal};
pub use config::{
    CALLS_MAX, Configuration, Credentials, EXTENSIONS_MAX, Initialization, Level, LogFormat, LogShipping, Logging,
    PAYLOAD_BYTES_MAX, RuntimeVersion, SMALL_BODY_BYTES_MAX, STREAM_BYTES_MAX,
};
pub use environment::Environment;
pub use id::{CallId, Process, Role, SubscriberId};
pub use input::{Exit, Input, Invocation, LogTail, Request, ResponseMode, SpawnFailure};
pub use lines::Frames;
pub use time::Now;
pub use variables::{RESERVED_VARIABLES, extension_variables, log_stream, runtime_variables};
