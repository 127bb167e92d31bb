//! The configuration of an environment, and the limits that hold in every one.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The most bytes of a buffered answer, of an error and of an event: 6 MiB and 100 bytes.
pub const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

/// The most bytes of a streamed answer: 200 MiB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>).
pub const STREAM_BYTES_MAX: u64 = 200 * 1024 * 1024;

/// The most extensions of an environment, internal ones included
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const EXTENSIONS_MAX: usize = 10;

/// The most calls that wait for an answer or bring a body at the same time. AWS's own clients need one for the runtime
/// and one for each extension.
pub const CALLS_MAX: usize = 256;

/// The most bytes of a body that is neither an answer nor an error of the function: a registration or a subscription.
pub const SMALL_BODY_BYTES_MAX: usize = 64 * 1024;

/// The time for an initialisation at the start of an environment on demand.
pub(crate) const INIT_MAX: Duration = Duration::from_secs(10);

/// The least time for an initialisation ahead of invocations: provisioned concurrency and SnapStart.
pub(crate) const AHEAD_INIT_MIN: Duration = Duration::from_secs(130);

/// The most time for an initialisation ahead of invocations, whatever the function's timeout is.
pub(crate) const AHEAD_INIT_MAX: Duration = Duration::from_secs(900);

/// The time for a runtime's hooks after a restore.
pub(crate) const RESTORE_MAX: Duration = Duration::from_secs(10);

/// Everything that an environment has to know of its function.
#[derive(Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The function's name.
    pub function_name: String,
    /// The function's version: `$LATEST` or a number.
    pub version: String,
    /// The account's number, twelve digits.
    pub account_id: String,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The handler, where the function has one.
    pub handler: Option<String>,
    /// The memory in MiB, 128 to 10,240.
    pub memory_mb: u32,
    /// The time for an invocation.
    pub timeout: Duration,
    /// The occasion of the environment's start.
    pub initialization: Initialization,
    /// The form and the place of the logs.
    pub logging: Logging,
    /// The version of a managed runtime, which the log's first line names.
    pub runtime_version: Option<RuntimeVersion>,
    /// The value of `AWS_EXECUTION_ENV`; `None` for runtimes of one's own, as on AWS.
    pub execution_env: Option<String>,
    /// The credentials of the function's role.
    pub credentials: Credentials,
    /// The variables of the container. Whatever else sets one of them wins.
    pub container_variables: BTreeMap<String, String>,
    /// The variables that the function's user has set. Reserved ones have no effect.
    pub user_variables: BTreeMap<String, String>,
    /// The address of the HTTP API, such as `127.0.0.1:9001`.
    pub runtime_api: String,
    /// The file descriptor that runtimes write framed log records to, where the shell opens one.
    pub telemetry_fd: Option<u32>,
    /// The seed of the environment's identifiers. No two environments should share one.
    pub seed: u128,
}

/// The occasion of an environment's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initialization {
    /// An invocation needs the environment.
    OnDemand,
    /// The environment is to be ready before an invocation needs it.
    ProvisionedConcurrency,
    /// The function has SnapStart: its runtime runs the hooks before a snapshot and after a restore.
    SnapStart,
}

/// The form and the place of the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// The form of the platform's lines.
    pub format: LogFormat,
    /// The least level of the function's own lines, heeded where they are JSON.
    pub application_level: Level,
    /// The least level of the platform's lines, heeded where they are JSON.
    pub system_level: Level,
    /// The log group.
    pub group: String,
    /// The log stream, as [`log_stream`](crate::log_stream) names it.
    pub stream: String,
    /// Whether fakecloud gets the lines, too.
    pub shipping: LogShipping,
}

/// Whether fakecloud gets the lines that go to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogShipping {
    /// Standard output is all.
    Off,
    /// In batches, behind the answers ([`Action::Ship`](crate::Action::Ship)).
    Batches,
}

/// The form of the platform's lines in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain text.
    Text,
    /// One JSON object each line.
    Json,
}

/// A log level, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// The version of a managed runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeVersion {
    /// Its name, such as `python:3.14.v12`.
    pub version: String,
    /// Its ARN.
    pub arn: String,
}

/// The credentials of the function's role. `Debug` does not show the secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: String,
}

// === impl Configuration ===

impl Configuration {
    /// The time for the initialisation at the environment's start: 10 s on demand; ahead of invocations the function's
    /// timeout, at least 130 s and at most 900 s
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
    pub(crate) fn init_max(&self) -> Duration {
        match self.initialization {
            Initialization::OnDemand => INIT_MAX,
            Initialization::ProvisionedConcurrency | Initialization::SnapStart => {
                self.timeout.clamp(AHEAD_INIT_MIN, AHEAD_INIT_MAX)
            }
        }
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("function_name", &self.function_name)
            .field("version", &self.version)
            .field("user_variables", &self.user_variables.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

// === impl Initialization ===

impl Initialization {
    /// The value of `AWS_LAMBDA_INITIALIZATION_TYPE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::ProvisionedConcurrency => "provisioned-concurrency",
            Self::SnapStart => "snap-start",
        }
    }
}

// === impl LogFormat ===

impl LogFormat {
    /// The value of `AWS_LAMBDA_LOG_FORMAT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
        }
    }
}

// === impl Level ===

impl Level {
    /// The value of `AWS_LAMBDA_LOG_LEVEL`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// The level of this name, in any case. `WARNING` and `CRITICAL` are names that Python has for WARN and FATAL.
    pub fn named(name: &str) -> Option<Self> {
        let name = match name.to_ascii_uppercase().as_str() {
            "WARNING" => "WARN",
            "CRITICAL" => "FATAL",
            _ => name,
        };
        let all = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];
        all.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

// === impl Credentials ===

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
