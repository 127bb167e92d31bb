//! The pace of streamed answers: 6 MiB at any speed, then 2 MiB a second
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>).

use std::time::Duration;

use crate::environment::Environment;
use crate::phase::{Runtime, Timer};
use crate::{Action, CallId, Now};

/// The bytes that pass at any speed.
const BURST_BYTES: u64 = 6 * 1024 * 1024;

/// The bytes of a second from then on.
const BYTES_PER_SECOND: u64 = 2 * 1024 * 1024;

impl Environment {
    /// Stops reading a streamed answer that is ahead of its pace.
    pub(crate) fn pace(&mut self, now: Now, call: CallId) {
        let Some(running) = &mut self.running else { return };
        let beyond = running.produced.bytes.saturating_sub(BURST_BYTES);
        if beyond == 0 {
            return;
        }
        let since = *running.produced.paced_since.get_or_insert(now.instant);
        let resume_at = since + time_of(beyond);
        if resume_at <= now.instant {
            return;
        }
        if !self.timers.is_set(Timer::Pace) {
            self.actions.push_back(Action::PauseReading { call });
        }
        self.timers.set(Timer::Pace, resume_at);
    }

    pub(crate) fn resume_reading(&mut self) {
        if let Runtime::Responding(call) = self.runtime {
            self.actions.push_back(Action::ResumeReading { call });
        }
    }

    pub(crate) fn stop_pacing(&mut self) {
        self.timers.stop(Timer::Pace);
    }
}

fn time_of(bytes: u64) -> Duration {
    Duration::from_micros(bytes.saturating_mul(1_000_000) / BYTES_PER_SECOND)
}
