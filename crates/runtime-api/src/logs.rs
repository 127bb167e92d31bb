//! The log: lines of processes and of the platform, their levels, and the tail that a caller asked for.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

use crate::environment::Environment;
use crate::event::{Event, item};
use crate::lines::Lines;
use crate::telemetry::{Source, json_object};
use crate::{Action, Level, LogFormat, LogShipping, Now, Process, Role, log_lines};

/// The most bytes of the log that a caller gets
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax>).
const TAIL_BYTES_MAX: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Logs {
    /// The output of each process that is alive.
    pub(crate) outputs: BTreeMap<Process, Lines>,
    /// The last bytes of this invocation's log, where somebody wants them.
    tail: Option<Vec<u8>>,
}

/// The members of a JSON line that its level is read from.
#[derive(Deserialize)]
struct Leveled {
    level: Option<String>,
    timestamp: Option<serde::de::IgnoredAny>,
}

// === impl Logs ===

impl Logs {
    pub(crate) fn begin_tail(&mut self) {
        self.tail = Some(Vec::new());
    }

    pub(crate) fn take_tail(&mut self) -> Option<Bytes> {
        self.tail.take().map(Bytes::from)
    }

    fn keep(&mut self, line: &[u8]) {
        let Some(tail) = &mut self.tail else { return };
        let line = &line[line.len().saturating_sub(TAIL_BYTES_MAX)..];
        tail.extend_from_slice(line);
        tail.push(b'\n');
        let beyond = tail.len().saturating_sub(TAIL_BYTES_MAX);
        tail.drain(..beyond);
    }
}

// === impl Environment ===

impl Environment {
    /// Tells an event to the log and to the subscribers of telemetry.
    pub(crate) fn tell(&mut self, now: Now, event: Event) {
        match self.config.logging.format {
            LogFormat::Text => {
                for line in log_lines::text(&event, &self.config) {
                    self.write(now, line.into());
                }
            }
            LogFormat::Json if event.level(&self.config) >= self.config.logging.system_level => {
                let (kind, record) = event.telemetry(&self.config);
                self.write(now, item(now.epoch_ms, kind, &record).into());
            }
            LogFormat::Json => {}
        }
        let is_init = self.phase.is_init();
        self.telemetry.publish(now, &event, is_init, &self.config);
    }

    /// Writes lines of the platform that only a text log has.
    pub(crate) fn tell_in_text(&mut self, now: Now, lines: Vec<String>) {
        if self.config.logging.format == LogFormat::Text {
            lines.into_iter().for_each(|line| self.write(now, line.into()));
        }
    }

    pub(crate) fn output(&mut self, now: Now, process: Process, chunk: &[u8]) {
        let Some(lines) = self.logs.outputs.get_mut(&process) else { return };
        for line in lines.push(chunk) {
            self.line(now, process, line);
        }
    }

    pub(crate) fn record(&mut self, now: Now, process: Process, text: &Bytes) {
        if self.logs.outputs.contains_key(&process) {
            let text = text.strip_suffix(b"\n").map_or_else(|| text.clone(), |it| text.slice_ref(it));
            self.line(now, process, text);
        }
    }

    /// Ends the lines that processes of the runtime left open, so that they belong to this invocation.
    pub(crate) fn finish_lines(&mut self, now: Now) {
        let processes: Vec<Process> =
            self.logs.outputs.iter().filter(|(_, lines)| lines.len() > 0).map(|(process, _)| *process).collect();
        for process in processes {
            self.finish_output(now, process);
        }
    }

    /// Ends the line that a process left open.
    pub(crate) fn finish_output(&mut self, now: Now, process: Process) {
        let rest = self.logs.outputs.get_mut(&process).and_then(Lines::finish);
        if let Some(line) = rest {
            self.line(now, process, line);
        }
    }

    fn line(&mut self, now: Now, process: Process, line: Bytes) {
        let source = match process.role {
            Role::Runtime => Source::Function,
            Role::Extension(_) => Source::Extension,
        };
        if source == Source::Function && self.is_below_level(&line) {
            return;
        }
        self.telemetry.publish_line(now, source, &line);
        self.write(now, line);
    }

    /// Whether a JSON line of the function names a level that is not wanted. A line without a level or timestamp counts
    /// as INFO; a line that is no JSON object is always wanted.
    fn is_below_level(&self, line: &[u8]) -> bool {
        let wanted = self.config.logging.application_level;
        if self.config.logging.format == LogFormat::Text || wanted == Level::Trace {
            return false;
        }
        let Some(object) = std::str::from_utf8(line).ok().and_then(json_object) else { return false };
        let level = match serde_json::from_str(object.get()) {
            Ok(Leveled { level: Some(level), timestamp: Some(_) }) => Level::named(&level),
            _ => None,
        };
        level.unwrap_or(Level::Info) < wanted
    }

    fn write(&mut self, now: Now, line: Bytes) {
        self.logs.keep(&line);
        if self.config.logging.shipping == LogShipping::Batches {
            self.shipping.push(now, line.clone());
        }
        self.actions.push_back(Action::Log { line });
    }
}
