//! The platform's events, and their records in the Telemetry API, the Logs API and JSON logs.
//!
//! Telemetry: <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>. Logs:
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html>.

use std::time::Duration;

use serde_json::{Value, json};

use crate::subscription::Kind;
use crate::time::{milliseconds_f64, timestamp};
use crate::{Configuration, Figures, Level};

/// Something that happened to the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    InitStart { phase: InitPhase },
    InitRuntimeDone { phase: InitPhase, status: Status },
    InitReport { phase: InitPhase, status: Status, duration: Duration },
    RestoreStart,
    RestoreRuntimeDone { status: Status },
    RestoreReport { status: Status, duration: Duration },
    Start { request_id: String, trace_id: String },
    RuntimeDone { request_id: String, trace_id: String, status: Status, done: Done },
    Report { request_id: String, trace_id: String, status: Status, figures: Figures },
    Extension { name: String, state: &'static str, events: Vec<&'static str>, error_kind: Option<String> },
    Subscription { api: Api, name: String, kinds: Vec<Kind> },
    LogsDropped { records: u64, bytes: u64 },
}

/// The occasion of an initialisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitPhase {
    Init,
    Invoke,
}

/// The way in which a phase ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    /// With an error of this type.
    Error(String),
    Timeout,
}

/// The figures of a runtime's part of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) duration: Duration,
    pub(crate) produced_bytes: u64,
    /// The time from the start to the answer's first byte, and from there to its last.
    pub(crate) response: Option<(Duration, Duration)>,
}

/// An API through which extensions subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Api {
    Telemetry,
    Logs,
}

// === impl Event ===

impl Event {
    /// The event's type and record in the Telemetry API and in JSON logs.
    pub(crate) fn telemetry(&self, configuration: &Configuration) -> (&'static str, Value) {
        let initialization = configuration.initialization.name();
        match self {
            Self::InitStart { phase } => ("platform.initStart", init_start(configuration, *phase)),
            Self::InitRuntimeDone { phase, status } => {
                let record = json!({ "initializationType": initialization, "phase": phase.name() });
                ("platform.initRuntimeDone", status.put_into(record))
            }
            Self::InitReport { phase, status, duration } => {
                let metrics = json!({ "durationMs": milliseconds_f64(*duration) });
                let record = json!({ "initializationType": initialization, "phase": phase.name(), "metrics": metrics });
                ("platform.initReport", status.put_into(record))
            }
            Self::RestoreStart => ("platform.restoreStart", with_runtime_version(configuration, json!({}))),
            Self::RestoreRuntimeDone { status } => ("platform.restoreRuntimeDone", status.put_into(json!({}))),
            Self::RestoreReport { status, duration } => {
                let record = json!({ "metrics": { "durationMs": milliseconds_f64(*duration) } });
                ("platform.restoreReport", status.put_into(record))
            }
            Self::Start { request_id, trace_id } => {
                let version = &configuration.version;
                let record = json!({ "requestId": request_id, "version": version, "tracing": tracing(trace_id) });
                ("platform.start", record)
            }
            Self::RuntimeDone { request_id, trace_id, status, done } => {
                let mut record =
                    json!({ "requestId": request_id, "metrics": done.metrics(), "tracing": tracing(trace_id) });
                if let Some((latency, duration)) = done.response {
                    record["spans"] = json!([span("responseLatency", latency), span("responseDuration", duration)]);
                }
                ("platform.runtimeDone", status.put_into(record))
            }
            Self::Report { request_id, trace_id, status, figures } => {
                let record =
                    json!({ "requestId": request_id, "metrics": metrics(figures), "tracing": tracing(trace_id) });
                ("platform.report", status.put_into(record))
            }
            Self::Extension { name, state, events, error_kind } => {
                let mut record = json!({ "name": name, "state": state, "events": events });
                if let Some(kind) = error_kind {
                    record["errorType"] = json!(kind);
                }
                ("platform.extension", record)
            }
            Self::Subscription { api, name, kinds } => {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                let kind = match api {
                    Api::Telemetry => "platform.telemetrySubscription",
                    Api::Logs => "platform.logsSubscription",
                };
                (kind, json!({ "name": name, "state": "Subscribed", "types": kinds }))
            }
            Self::LogsDropped { records, bytes } => {
                let reason = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";
                let record = json!({ "reason": reason, "droppedRecords": records, "droppedBytes": bytes });
                ("platform.logsDropped", record)
            }
        }
    }

    /// The event's types and records in the Logs API, which knows fewer events and has one more for the end.
    pub(crate) fn logs(&self, configuration: &Configuration) -> Vec<(&'static str, Value)> {
        match self {
            Self::InitStart { .. }
            | Self::InitReport { .. }
            | Self::RestoreStart
            | Self::RestoreRuntimeDone { .. }
            | Self::RestoreReport { .. } => Vec::new(),
            Self::InitRuntimeDone { .. }
            | Self::Extension { .. }
            | Self::Subscription { .. }
            | Self::LogsDropped { .. } => {
                vec![self.telemetry(configuration)]
            }
            Self::Start { request_id, .. } => {
                vec![("platform.start", json!({ "requestId": request_id, "version": configuration.version }))]
            }
            Self::RuntimeDone { request_id, status, .. } => {
                vec![("platform.runtimeDone", json!({ "requestId": request_id, "status": status.logs_name() }))]
            }
            Self::Report { request_id, figures, .. } => vec![
                ("platform.end", json!({ "requestId": request_id })),
                ("platform.report", json!({ "requestId": request_id, "metrics": metrics(figures) })),
            ],
        }
    }

    /// The level that AWS gives the event in JSON logs
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>).
    pub(crate) fn level(&self, configuration: &Configuration) -> Level {
        match self {
            Self::InitRuntimeDone { status, .. }
            | Self::InitReport { status, .. }
            | Self::RestoreRuntimeDone { status }
            | Self::RestoreReport { status, .. }
            | Self::RuntimeDone { status, .. }
            | Self::Report { status, .. }
                if *status != Status::Success =>
            {
                Level::Warn
            }
            Self::InitStart { .. } | Self::RestoreStart if configuration.runtime_version.is_none() => Level::Debug,
            Self::InitReport { .. } if configuration.initialization == crate::Initialization::OnDemand => Level::Debug,
            Self::InitRuntimeDone { .. } | Self::RestoreRuntimeDone { .. } | Self::RuntimeDone { .. } => Level::Debug,
            Self::Extension { error_kind: Some(_), .. } | Self::LogsDropped { .. } => Level::Warn,
            Self::InitStart { .. }
            | Self::InitReport { .. }
            | Self::RestoreStart
            | Self::RestoreReport { .. }
            | Self::Start { .. }
            | Self::Report { .. }
            | Self::Extension { .. }
            | Self::Subscription { .. } => Level::Info,
        }
    }
}

/// An item of telemetry or of a JSON log.
pub(crate) fn item(epoch_ms: u64, kind: &str, record: &Value) -> Vec<u8> {
    format!(r#"{{"time":"{}","type":"{kind}","record":{record}}}"#, timestamp(epoch_ms)).into_bytes()
}

fn init_start(configuration: &Configuration, phase: InitPhase) -> Value {
    let record = json!({
        "initializationType": configuration.initialization.name(),
        "phase": phase.name(),
        "functionName": configuration.function_name,
        "functionVersion": configuration.version,
        "instanceId": format!("{:032x}", configuration.seed),
        "instanceMaxMemory": u64::from(configuration.memory_mb) * 1024 * 1024,
    });
    with_runtime_version(configuration, record)
}

fn with_runtime_version(configuration: &Configuration, mut record: Value) -> Value {
    if let Some(runtime) = &configuration.runtime_version {
        record["runtimeVersion"] = json!(runtime.version);
        record["runtimeVersionArn"] = json!(runtime.arn);
    }
    record
}

fn tracing(trace_id: &str) -> Value {
    json!({ "type": "X-Amzn-Trace-Id", "value": trace_id })
}

fn span(name: &str, duration: Duration) -> Value {
    json!({ "name": name, "durationMs": milliseconds_f64(duration) })
}

fn metrics(figures: &Figures) -> Value {
    let mut metrics = json!({
        "durationMs": milliseconds_f64(figures.duration),
        "billedDurationMs": figures.billed_ms,
        "memorySizeMB": figures.memory_mb,
        "maxMemoryUsedMB": figures.memory_peak_mb,
    });
    if let Some(init) = figures.init {
        metrics["initDurationMs"] = json!(milliseconds_f64(init));
    }
    metrics
}

// === impl Status ===

impl Status {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error(_) => "error",
            Self::Timeout => "timeout",
        }
    }

    fn logs_name(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error(_) => "failure",
            Self::Timeout => "timeout",
        }
    }

    fn put_into(&self, mut record: Value) -> Value {
        record["status"] = json!(self.name());
        if let Self::Error(kind) = self {
            record["errorType"] = json!(kind);
        }
        record
    }
}

// === impl InitPhase ===

impl InitPhase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Invoke => "invoke",
        }
    }
}

// === impl Done ===

impl Done {
    fn metrics(&self) -> Value {
        json!({ "durationMs": milliseconds_f64(self.duration), "producedBytes": self.produced_bytes })
    }
}
