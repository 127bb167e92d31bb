//! What the environment tells the shell to do.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::{CallId, Process, SubscriberId};

/// Something that the shell does, in the order of the actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Answer a call. The rest of the call's body is thrown away.
    Answer {
        /// The call.
        call: CallId,
        /// The answer.
        answer: Answer,
    },
    /// Read no more of a call's body until [`Action::ResumeReading`].
    PauseReading {
        /// The call.
        call: CallId,
    },
    /// Read on.
    ResumeReading {
        /// The call.
        call: CallId,
    },
    /// Close every connection of the HTTP API. Calls that were made over them are not reported any more.
    CloseConnections,
    /// Start a process in a process group of its own. [`Input::SpawnFailed`](crate::Input::SpawnFailed) or, later,
    /// [`Input::Exited`](crate::Input::Exited) follows.
    Spawn {
        /// The process.
        process: Process,
        /// The program.
        program: Program,
        /// All of the process's environment variables.
        variables: BTreeMap<String, String>,
    },
    /// Send a signal to the process group of a process.
    Signal {
        /// The process.
        process: Process,
        /// The signal.
        signal: Signal,
    },
    /// Bring a batch to a subscriber of telemetry. [`Input::Delivered`](crate::Input::Delivered) follows. There is one
    /// batch at a time for each subscriber.
    Deliver {
        /// The subscriber.
        subscriber: SubscriberId,
        /// The place that the subscriber listens at.
        destination: Destination,
        /// The batch: a JSON array for HTTP, one JSON object each line for TCP.
        batch: Bytes,
    },
    /// Write a line to the log, which is the standard output of the supervisor. The line has no line feed at its end.
    Log {
        /// The line.
        line: Bytes,
    },
    /// Bring a batch of the log to fakecloud: a JSON array of `{"timestamp": milliseconds, "message": line}`.
    /// [`Input::Shipped`](crate::Input::Shipped) follows. There is one batch at a time.
    Ship {
        /// The batch.
        batch: Bytes,
    },
    /// Tell fakecloud.
    Report(Report),
}

/// An answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header fields. No value has a control character.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

/// A program of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The runtime: the image's entry point, or the first `bootstrap` that is there.
    Runtime,
    /// The executable of this name in `/opt/extensions`.
    Extension(String),
}

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// The place that a subscriber of telemetry listens at, inside the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// An HTTP server that takes batches by POST or PUT.
    Http {
        /// The port.
        port: u16,
        /// The path, from its slash on.
        path: String,
        /// The method, `POST` or `PUT`.
        method: &'static str,
    },
    /// A TCP server.
    Tcp {
        /// The port.
        port: u16,
    },
}

/// News for fakecloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The environment is initialised, restored where it has SnapStart, and takes invocations.
    InitDone {
        /// The time that it took.
        duration: Duration,
    },
    /// The initialisation has failed. The next invocation tries again.
    InitFailed {
        /// The time until then.
        duration: Duration,
        /// The error.
        error: FunctionError,
    },
    /// A streamed answer begins.
    Head {
        /// The invocation's id.
        invocation: String,
        /// The content type that the runtime named.
        content_type: Option<String>,
    },
    /// A streamed answer goes on.
    Chunk {
        /// The invocation's id.
        invocation: String,
        /// The piece.
        chunk: Bytes,
    },
    /// An invocation has its end. There is exactly one for each [`Input::Invoke`](crate::Input::Invoke).
    Ended {
        /// The invocation's id.
        invocation: String,
        /// The way it ended.
        outcome: Outcome,
        /// The last 4 KB of the invocation's log where the caller wants them.
        log_tail: Option<Bytes>,
    },
    /// The environment takes the next invocation. It follows each [`Report::Ended`] that is no [`Outcome::Refused`],
    /// unless the environment is shut down.
    Free {
        /// The invocation that is over.
        invocation: String,
        /// The figures of its REPORT line.
        figures: Figures,
    },
    /// Every process has ended and nothing comes any more.
    Down,
}

/// The way in which an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered.
    Success {
        /// The answer.
        payload: Bytes,
        /// The content type that the runtime named.
        content_type: Option<String>,
    },
    /// The function's streamed answer is complete.
    Streamed,
    /// The function failed. Behind [`Report::Head`] the error came half way.
    Error(FunctionError),
    /// The invocation did not begin.
    Refused(Refusal),
    /// The environment was shut down while the invocation waited or ran.
    Interrupted,
}

/// An error of a function, its runtime or an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// AWS's type, such as `Runtime.ExitError` or `Function.Unknown`.
    pub kind: String,
    /// The payload that the caller gets: JSON unless the runtime sent something else.
    pub payload: Bytes,
}

/// The reason why an invocation did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another invocation has the environment.
    Busy,
    /// The environment was not told to initialise.
    NotInitialized,
    /// The environment is being shut down.
    ShutDown,
    /// The event has more than [`PAYLOAD_BYTES_MAX`](crate::PAYLOAD_BYTES_MAX) bytes.
    TooLarge,
}

/// The figures of an invocation's REPORT line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The time from the invocation's start until everything was ready for the next.
    pub duration: Duration,
    /// That time and, on demand, the time of the initialisation, in whole milliseconds.
    pub billed_ms: u64,
    /// The function's memory in MiB.
    pub memory_mb: u32,
    /// The most memory used, in MiB.
    pub memory_peak_mb: u32,
    /// The time of the initialisation before the first invocation.
    pub init: Option<Duration>,
}
