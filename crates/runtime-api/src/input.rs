//! What the shell tells the environment.

use bytes::Bytes;

use crate::{CallId, Process, SubscriberId};

/// Something that happened outside the machine. Inputs about calls, processes and subscribers that the machine does not
/// know, or knows no more, are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The environment starts. Heeded once.
    Initialize,
    /// The function is invoked. Exactly one [`Report::Ended`](crate::Report::Ended) follows.
    Invoke(Box<Invocation>),
    /// The environment ends. [`Report::Down`](crate::Report::Down) follows.
    Shutdown,
    /// The head of a call of the HTTP API has come.
    ///
    /// Before a call for the next event the shell feeds what the log pipes hold, which belongs to the invocation that the
    /// call ends.
    Call {
        /// The call, a number that was never used before.
        call: CallId,
        /// Its head.
        request: Request,
    },
    /// A piece of a call's body has come.
    Body {
        /// The call.
        call: CallId,
        /// The piece.
        chunk: Bytes,
    },
    /// A call's body is complete.
    ///
    /// The shell feeds what the log pipes hold ([`Input::Output`]) before this, so that an answer does not overtake the
    /// lines that were written before it.
    End {
        /// The call.
        call: CallId,
        /// The fields behind a chunked body, names in any case.
        trailers: Vec<(String, String)>,
    },
    /// The connection of a call is gone, or the call's body is cut off.
    Closed {
        /// The call.
        call: CallId,
    },
    /// A process could not be started.
    SpawnFailed {
        /// The process.
        process: Process,
        /// The reason.
        failure: SpawnFailure,
    },
    /// A process has ended. The shell feeds what the process's pipes hold before this.
    Exited {
        /// The process.
        process: Process,
        /// The way it ended.
        exit: Exit,
    },
    /// Bytes of a process's standard output or standard error, cut anywhere.
    Output {
        /// The process.
        process: Process,
        /// The bytes.
        chunk: Bytes,
    },
    /// A whole record of the runtime, which it wrote as a frame; see [`Frames`](crate::Frames).
    Record {
        /// The process.
        process: Process,
        /// The record's text. It may have more than one line.
        text: Bytes,
    },
    /// A batch of telemetry has been taken by its subscriber, or was refused.
    Delivered {
        /// The subscriber.
        subscriber: SubscriberId,
        /// Whether the subscriber took the batch. A refused one is dropped and counted.
        taken: bool,
    },
    /// A batch of the log has been taken by fakecloud, or was not.
    Shipped {
        /// Whether fakecloud has it. The lines of one that it has not are dropped and counted.
        taken: bool,
    },
    /// The most memory in MiB that the processes have used together. The shell tells it before the call that ends an
    /// invocation.
    MemoryPeak {
        /// The memory.
        mb: u32,
    },
}

/// An invocation of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The request's id, a UUID.
    pub id: String,
    /// The ARN as invoked, with the alias or version of the call.
    pub function_arn: String,
    /// The trace header. `None` makes a new one that is not sampled.
    pub trace_id: Option<String>,
    /// The client context, JSON.
    pub client_context: Option<String>,
    /// The Cognito identity, JSON.
    pub cognito_identity: Option<String>,
    /// The tenant's id.
    pub tenant_id: Option<String>,
    /// The event.
    pub payload: Bytes,
    /// The way in which the caller takes the answer.
    pub response_mode: ResponseMode,
    /// Whether the caller wants the log's last 4 KB.
    pub log_tail: LogTail,
}

/// The way in which a caller takes an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// Whole, with up to 6 MiB.
    Buffered,
    /// Piece by piece, with up to 200 MiB.
    Streaming,
}

/// Whether a caller wants the log's last 4 KB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTail {
    /// The answer is told as soon as it is there.
    None,
    /// The answer is told with the log when the invocation is over, REPORT included.
    Tail,
}

/// The head of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The header fields, names in any case.
    pub headers: Vec<(String, String)>,
}

/// The reason why a process could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpawnFailure {
    /// None of these files is there.
    NoBootstrap {
        /// The files that were looked for.
        candidates: Vec<String>,
    },
    /// The program could not be executed.
    Program {
        /// Its path.
        path: String,
        /// The system's words, such as `permission denied` or `exec format error`.
        reason: String,
    },
    /// The working directory could not be entered.
    WorkingDirectory {
        /// Its path.
        path: String,
        /// The system's words.
        reason: String,
    },
}

/// The way in which a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// Killed by the kernel, which had no memory left for it.
    OutOfMemory,
}

// === impl Request ===

impl Request {
    /// The value of the first field with this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// The value of the first field with this name.
pub(crate) fn header<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
