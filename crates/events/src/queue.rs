//! The queue itself: what happens to events, in terms of inputs, actions and one next deadline.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::entry::{Entry, State};
use crate::lanes::Lanes;
use crate::timers::Timers;
use crate::{Action, Arrival, Attempt, Condition, Config, EventId, Full, FunctionKey, Input, Policy};

/// All events that are accepted and not settled yet.
///
/// Every event it accepts is finished or gone in the end, and runs at most `1 + retries_max` times within one queue.
#[derive(Debug)]
pub struct Queue {
    config: Config,
    entries: BTreeMap<EventId, Entry>,
    /// Exactly the events that are [`State::Ready`] wait there.
    lanes: Lanes,
    /// One deadline for each event that is ready or waiting.
    timers: Timers,
    bytes: usize,
    actions: VecDeque<Action>,
    is_stopping: bool,
}

impl Queue {
    /// An empty queue.
    pub fn new(config: Config) -> Self {
        let config = config.bounded();
        Self {
            config,
            entries: BTreeMap::new(),
            lanes: Lanes::new(config.running_max.get()),
            timers: Timers::default(),
            bytes: 0,
            actions: VecDeque::new(),
            is_stopping: false,
        }
    }

    /// Takes a new event.
    ///
    /// # Errors
    ///
    /// [`Full`] when there would be more events or bytes than the configuration allows.
    pub fn accept(&mut self, now: Instant, arrival: Arrival) -> Result<(), Full> {
        let bytes = self.bytes.saturating_add(arrival.bytes);
        if self.entries.len() >= self.config.events_max {
            return Err(Full::Events);
        }
        if bytes > self.config.bytes_max {
            return Err(Full::Bytes);
        }
        self.restore(now, arrival);
        Ok(())
    }

    /// Takes an event back that an earlier process has accepted, whatever the limits are by now.
    pub fn restore(&mut self, now: Instant, arrival: Arrival) {
        let event = arrival.event;
        self.bytes = self.bytes.saturating_add(arrival.bytes);
        let until = now + arrival.wait.min(self.config.backoff_max.max(self.config.retry_after(2)));
        self.entries.insert(event, Entry::new(now, arrival, until));
        self.due(now, event);
    }

    /// Takes an event back that an earlier process has finished: all that is left to do is to tell its destinations.
    pub fn restore_finished(&mut self, now: Instant, arrival: Arrival, condition: Condition) {
        let event = arrival.event;
        self.bytes = self.bytes.saturating_add(arrival.bytes);
        self.entries.insert(event, Entry::new(now, arrival, now));
        self.finish(event, condition);
    }

    /// Takes note of something that happened, after what was due before.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.handle_timeout(now);
        match input {
            Input::Attempted { event, attempt, answer_bytes, policy } => {
                self.attempted(now, event, attempt, answer_bytes, policy);
            }
            Input::Gone { event } => self.gone(event),
            Input::Settled { event } => {
                if self.entries.get(&event).is_some_and(|entry| entry.state == State::Finishing) {
                    self.forget(event);
                }
            }
            Input::Reset => {
                self.entries.clear();
                self.lanes.clear();
                self.timers = Timers::default();
                self.actions.clear();
                self.bytes = 0;
            }
            Input::Shutdown => {
                self.is_stopping = true;
                self.actions.retain(|action| !matches!(action, Action::Run { .. }));
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_stopping {
            return;
        }
        while let Some(event) = self.timers.pop_due(now) {
            self.due(now, event);
        }
    }

    /// When [`Queue::handle_timeout`] is to be called next, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let (deadline, event) = self.timers.next().filter(|_| !self.is_stopping)?;
        let entry = self.entries.get(&event)?;
        Some((deadline, if deadline >= entry.expires() { "an event's age" } else { "the next attempt" }))
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How many events are not settled.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether all events are settled.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn attempted(&mut self, now: Instant, event: EventId, attempt: Attempt, answer_bytes: usize, policy: Policy) {
        let Some(entry) = self.running(event) else { return };
        let function = entry.function.clone();
        entry.set_policy(policy);
        self.lanes.stop(&function);
        match attempt {
            Attempt::Succeeded => {
                self.ran(event);
                self.finish(event, Condition::Success);
            }
            // The shutdown itself may be what the function failed at.
            Attempt::FunctionError if self.is_stopping => self.refused(now, event),
            Attempt::FunctionError => {
                self.ran(event);
                self.failed(now, event);
            }
            Attempt::Refused => self.refused(now, event),
            Attempt::ZeroReservedConcurrency => self.finish(event, Condition::ZeroReservedConcurrency),
        }
        self.hold_answer(event, answer_bytes);
        self.start_next(&function);
    }

    /// An event that is over holds the answer until its destinations are told.
    fn hold_answer(&mut self, event: EventId, bytes: usize) {
        let over = self.entries.get_mut(&event).filter(|entry| entry.state == State::Finishing);
        if let Some(entry) = over {
            entry.bytes = entry.bytes.saturating_add(bytes);
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }

    fn gone(&mut self, event: EventId) {
        let Some(entry) = self.running(event) else { return };
        let function = entry.function.clone();
        self.lanes.stop(&function);
        self.forget(event);
        self.start_next(&function);
    }

    fn ran(&mut self, event: EventId) {
        let Some(entry) = self.entries.get_mut(&event) else { return };
        entry.runs = entry.runs.saturating_add(1);
        entry.refusals = 0;
    }

    /// The function ran and failed. As on AWS, an event that would be too old for its next run is given up at once.
    fn failed(&mut self, now: Instant, event: EventId) {
        let Some(entry) = self.entries.get(&event) else { return };
        let until = now + self.config.retry_after(entry.runs);
        if entry.runs > entry.retries_max() {
            self.finish(event, Condition::RetriesExhausted);
        } else if until >= entry.expires() {
            self.finish(event, Condition::EventAgeExceeded);
        } else {
            self.wait(now, event, until);
        }
    }

    /// The function did not run: it is asked again and again, until the event is too old.
    fn refused(&mut self, now: Instant, event: EventId) {
        let Some(entry) = self.entries.get_mut(&event) else { return };
        entry.refusals = entry.refusals.saturating_add(1);
        if now >= entry.expires() && !self.is_stopping {
            return self.finish(event, Condition::EventAgeExceeded);
        }
        let until = now + self.config.backoff_after(entry.refusals);
        self.wait(now, event, until);
    }

    fn wait(&mut self, now: Instant, event: EventId, until: Instant) {
        let Some(entry) = self.entries.get_mut(&event) else { return };
        entry.state = State::Waiting { until };
        self.actions.push_back(Action::Keep { event, runs: entry.runs, wait: until - now });
        self.timers.set(event, until.min(entry.expires()));
    }

    /// Moves on an event that is ready or waiting, and has no timer.
    fn due(&mut self, now: Instant, event: EventId) {
        let Some(entry) = self.entries.get_mut(&event) else { return };
        let expires = entry.expires();
        match entry.state {
            State::Ready(place) if now >= expires => {
                self.lanes.leave(&entry.function, place, event);
                self.finish(event, Condition::EventAgeExceeded);
            }
            State::Waiting { .. } if now >= expires => self.finish(event, Condition::EventAgeExceeded),
            State::Waiting { until } if now >= until => {
                entry.state = State::Ready(self.lanes.join(&entry.function, event));
                self.timers.set(event, expires);
                let function = entry.function.clone();
                self.start_next(&function);
            }
            State::Waiting { until } => self.timers.set(event, until.min(expires)),
            State::Ready(_) => self.timers.set(event, expires),
            State::Running | State::Finishing => {}
        }
    }

    /// Runs what may run of a function.
    fn start_next(&mut self, function: &FunctionKey) {
        while !self.is_stopping {
            let Some(event) = self.lanes.start(function) else { return };
            self.timers.stop(event);
            if let Some(entry) = self.entries.get_mut(&event) {
                entry.state = State::Running;
            }
            self.actions.push_back(Action::Run { event });
        }
    }

    fn finish(&mut self, event: EventId, condition: Condition) {
        let Some(entry) = self.entries.get_mut(&event) else { return };
        entry.state = State::Finishing;
        self.timers.stop(event);
        self.actions.push_back(Action::Finish { event, condition, runs: entry.runs });
    }

    fn forget(&mut self, event: EventId) {
        self.timers.stop(event);
        if let Some(entry) = self.entries.remove(&event) {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }

    fn running(&mut self, event: EventId) -> Option<&mut Entry> {
        self.entries.get_mut(&event).filter(|entry| entry.state == State::Running)
    }
}
