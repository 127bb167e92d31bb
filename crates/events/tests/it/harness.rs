//! A queue with a clock of its own, and short words for inputs and actions.

use std::time::{Duration, Instant};

use fakecloud_events::{Action, Arrival, Attempt, Condition, Config, EventId, Full, Input, Policy, Queue};

/// What events weigh unless a test says otherwise.
pub(crate) const BYTES: usize = 10;

/// A queue at a moment of its own time. Every step asserts that nothing but the expected actions came out.
pub(crate) struct TestQueue {
    pub(crate) queue: Queue,
    pub(crate) now: Instant,
    pub(crate) policy: Policy,
}

/// Limits that are easy to reach: 4 events of 10 bytes, 2 of one function at a time.
pub(crate) fn config() -> Config {
    Config { events_max: 4, bytes_max: 40, running_max: 2.try_into().expect("2 is not zero"), ..Config::default() }
}

impl TestQueue {
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    pub(crate) fn new() -> Self {
        Self { queue: Queue::new(config()), now: Instant::now(), policy: Policy::default() }
    }

    /// A queue with an event that runs.
    pub(crate) fn running(policy: Policy) -> Self {
        let mut test = Self { policy, ..Self::new() };
        test.accept(1, "f", &[run(1)]);
        test
    }

    /// Accepts an event; `expected` is everything that comes out.
    #[track_caller]
    pub(crate) fn accept(&mut self, event: u64, function: &str, expected: &[Action]) {
        assert_eq!(self.offer(event, function, BYTES), Ok(()));
        assert_eq!(self.actions(), expected, "after event {event}");
    }

    pub(crate) fn offer(&mut self, event: u64, function: &str, bytes: usize) -> Result<(), Full> {
        self.queue.accept(self.now, Arrival::fresh(EventId(event), function.into(), bytes, self.policy))
    }

    /// Feeds one input; `expected` is everything that comes out.
    #[track_caller]
    pub(crate) fn assert(&mut self, input: Input, expected: &[Action]) {
        self.queue.handle(self.now, input);
        assert_eq!(self.actions(), expected, "after {input:?}");
    }

    /// Reports an attempt under the policy of the test.
    #[track_caller]
    pub(crate) fn attempted(&mut self, event: u64, attempt: Attempt, expected: &[Action]) {
        self.answered(event, attempt, 0, expected);
    }

    /// The same with an answer of so many bytes.
    #[track_caller]
    pub(crate) fn answered(&mut self, event: u64, attempt: Attempt, answer_bytes: usize, expected: &[Action]) {
        let event = EventId(event);
        self.assert(Input::Attempted { event, attempt, answer_bytes, policy: self.policy }, expected);
    }

    /// Lets time pass, jumping from deadline to deadline; `expected` is everything that comes out, and when.
    #[track_caller]
    pub(crate) fn assert_after(&mut self, seconds: u64, expected: &[(u64, Action)]) {
        let (begin, end) = (self.now, self.now + Duration::from_secs(seconds));
        let mut actions = Vec::new();
        while let Some((deadline, reason)) = self.queue.poll_timeout().filter(|(deadline, _)| *deadline <= end) {
            assert!(deadline >= self.now, "{reason}: a deadline in the past");
            self.now = deadline;
            self.queue.handle_timeout(self.now);
            let after = (self.now - begin).as_secs();
            actions.extend(self.actions().into_iter().map(|action| (after, action)));
        }
        self.now = end;
        assert_eq!(actions, expected, "after {seconds} s");
    }

    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.queue.poll_action()).collect()
    }
}

pub(crate) fn policy(retries_max: u32, age_s: u64) -> Policy {
    Policy { retries_max, age_max: Duration::from_secs(age_s) }
}

pub(crate) fn run(event: u64) -> Action {
    Action::Run { event: EventId(event) }
}

pub(crate) fn keep(event: u64, runs: u32, wait_s: u64) -> Action {
    Action::Keep { event: EventId(event), runs, wait: Duration::from_secs(wait_s) }
}

pub(crate) fn finish(event: u64, condition: Condition, runs: u32) -> Action {
    Action::Finish { event: EventId(event), condition, runs }
}

pub(crate) fn settled(event: u64) -> Input {
    Input::Settled { event: EventId(event) }
}

pub(crate) fn gone(event: u64) -> Input {
    Input::Gone { event: EventId(event) }
}
