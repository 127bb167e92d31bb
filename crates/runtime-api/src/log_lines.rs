//! The platform's lines in text logs.

use crate::event::{Api, Event, Status};
use crate::time::milliseconds;
use crate::{Configuration, Figures, Initialization};

/// The lines that an event has in a text log. Most events have none.
pub(crate) fn text(event: &Event, configuration: &Configuration) -> Vec<String> {
    match event {
        Event::InitStart { .. } => runtime_version(configuration, "INIT_START"),
        Event::RestoreStart => runtime_version(configuration, "RESTORE_START"),
        Event::InitReport { phase, status, duration } => {
            let is_told = *status != Status::Success || configuration.initialization == Initialization::SnapStart;
            let line = format!("INIT_REPORT Init Duration: {} ms\tPhase: {}", milliseconds(*duration), phase.name());
            if is_told { vec![with_status(line, status)] } else { Vec::new() }
        }
        Event::RestoreReport { status, duration } => {
            let line = format!("RESTORE_REPORT Restore Duration: {} ms", milliseconds(*duration));
            vec![if *status == Status::Success { line } else { with_status(line, status) }]
        }
        Event::Start { request_id, .. } => {
            vec![format!("START RequestId: {request_id} Version: {}", configuration.version)]
        }
        Event::Report { request_id, status, figures, .. } => {
            vec![format!("END RequestId: {request_id}"), report(request_id, status, figures)]
        }
        Event::Extension { name, state, events, error_kind } => {
            let line = format!("EXTENSION\tName: {name}\tState: {state}\tEvents: [{}]", events.join(", "));
            vec![match error_kind {
                Some(kind) => format!("{line}\tError Type: {kind}"),
                None => line,
            }]
        }
        Event::Subscription { api, name, kinds } => {
            let api = match api {
                Api::Telemetry => "TELEMETRY",
                Api::Logs => "LOGS",
            };
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
            vec![format!("{api}\tName: {name}\tState: Subscribed\tTypes: [{}]", kinds.join(", "))]
        }
        Event::InitRuntimeDone { .. }
        | Event::RestoreRuntimeDone { .. }
        | Event::RuntimeDone { .. }
        | Event::LogsDropped { .. } => Vec::new(),
    }
}

fn runtime_version(configuration: &Configuration, what: &str) -> Vec<String> {
    let line = |runtime: &crate::RuntimeVersion| {
        format!("{what} Runtime Version: {}\tRuntime Version ARN: {}", runtime.version, runtime.arn)
    };
    configuration.runtime_version.iter().map(line).collect()
}

/// AWS ends the line with a tab, or with the status where the invocation was cut off. An error that the function tells
/// itself is no such end.
fn report(request_id: &str, status: &Status, figures: &Figures) -> String {
    let mut line = format!(
        "REPORT RequestId: {request_id}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        milliseconds(figures.duration),
        figures.billed_ms,
        figures.memory_mb,
        figures.memory_peak_mb
    );
    if let Some(init) = figures.init {
        line.push_str(&format!("Init Duration: {} ms\t", milliseconds(init)));
    }
    match status {
        Status::Success => {}
        Status::Error(kind) if kind.starts_with("Function.") => {}
        Status::Error(kind) => line.push_str(&format!("Status: error\tError Type: {kind}")),
        Status::Timeout => line.push_str("Status: timeout"),
    }
    line
}

fn with_status(line: String, status: &Status) -> String {
    match status {
        Status::Success => format!("{line}\tStatus: success"),
        Status::Timeout => format!("{line}\tStatus: timeout"),
        Status::Error(kind) => format!("{line}\tStatus: error\tError Type: {kind}"),
    }
}
