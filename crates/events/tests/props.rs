//! Functions that fail, throttle and hang at random, against a queue in simulated time: whatever they do, every event
//! comes to exactly one end, and none runs more often or later than it may.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fakecloud_events::{Action, Arrival, Attempt, Condition, Config, EventId, Input, Policy, Queue};
use proptest::prelude::*;

const RUNNING_MAX: usize = 2;
const EVENTS_MAX: usize = 12;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_event_comes_to_exactly_one_end(steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.wind_down();
    }

    #[test]
    fn same_inputs_give_the_same_actions(steps in prop::collection::vec(step(), 1..100)) {
        let mut one = World::new();
        let mut two = World::at(one.now);
        for step in steps {
            one.step(step);
            two.step(step);
        }
        prop_assert_eq!(one.log, two.log);
    }
}

// === strategies ===

/// One step of a walk; numbers pick among what is known at that moment.
#[derive(Debug, Clone, Copy)]
enum Step {
    Accept {
        function: usize,
        policy: Policy,
    },
    Restore {
        function: usize,
        policy: Policy,
        age_s: u64,
        runs: u32,
        wait_s: u64,
    },
    Attempted {
        pick: usize,
        attempt: Attempt,
    },
    Gone {
        pick: usize,
    },
    Settle {
        pick: usize,
    },
    /// About an event that may be in any state.
    Stray {
        event: u64,
        attempt: Attempt,
    },
    Sleep {
        seconds: u64,
    },
    SleepUntilDeadline,
}

fn step() -> impl Strategy<Value = Step> {
    let pick = any::<usize>();
    prop_oneof![
        10 => (0..3_usize, policy()).prop_map(|(function, policy)| Step::Accept { function, policy }),
        1 => (0..3_usize, policy(), 0..400_u64, 0..3_u32, 0..400_u64).prop_map(
            |(function, policy, age_s, runs, wait_s)| Step::Restore { function, policy, age_s, runs, wait_s }
        ),
        14 => (pick, attempt()).prop_map(|(pick, attempt)| Step::Attempted { pick, attempt }),
        1 => pick.prop_map(|pick| Step::Gone { pick }),
        8 => pick.prop_map(|pick| Step::Settle { pick }),
        1 => (0..40_u64, attempt()).prop_map(|(event, attempt)| Step::Stray { event, attempt }),
        3 => (0..90_u64).prop_map(|seconds| Step::Sleep { seconds }),
        8 => Just(Step::SleepUntilDeadline),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    (0..=2_u32, prop_oneof![Just(60_u64), Just(100), Just(21_600)])
        .prop_map(|(retries_max, age_s)| Policy { retries_max, age_max: Duration::from_secs(age_s) })
}

fn attempt() -> impl Strategy<Value = Attempt> {
    prop_oneof![
        2 => Just(Attempt::Succeeded),
        4 => Just(Attempt::FunctionError),
        4 => Just(Attempt::Refused),
        1 => Just(Attempt::ZeroReservedConcurrency),
    ]
}

// === the model ===

/// What the test knows about an event that is not settled.
#[derive(Debug, Clone, Copy)]
struct Known {
    function: usize,
    policy: Policy,
    accepted: Instant,
    runs: u32,
    runs_before: u32,
    not_before: Instant,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Running,
    Finishing,
}

struct World {
    queue: Queue,
    now: Instant,
    events: BTreeMap<EventId, Known>,
    ended: BTreeSet<EventId>,
    last: u64,
    log: Vec<(Duration, Action)>,
    begin: Instant,
    /// When the queue was last told the time.
    woken: Instant,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn new() -> Self {
        Self::at(Instant::now())
    }

    fn at(now: Instant) -> Self {
        let running_max = RUNNING_MAX.try_into().expect("2 is not zero");
        let config = Config { events_max: EVENTS_MAX, running_max, ..Config::default() };
        let (events, ended) = (BTreeMap::new(), BTreeSet::new());
        Self { queue: Queue::new(config), now, events, ended, last: 0, log: Vec::new(), begin: now, woken: now }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Accept { function, policy } => {
                let arrival = Arrival::fresh(self.next(), key(function).into(), 1, policy);
                let is_full = self.events.len() >= EVENTS_MAX;
                assert_eq!(self.queue.accept(self.now, arrival.clone()).is_err(), is_full);
                if !is_full {
                    self.know(function, &arrival);
                }
            }
            Step::Restore { function, policy, age_s, runs, wait_s } => {
                let (age, wait) = (Duration::from_secs(age_s), Duration::from_secs(wait_s));
                let function_key = key(function).into();
                let arrival = Arrival { event: self.next(), function: function_key, bytes: 1, age, runs, wait, policy };
                self.queue.restore(self.now, arrival.clone());
                self.know(function, &arrival);
            }
            Step::Attempted { pick, attempt } => {
                let Some(event) = self.pick(Stage::Running, pick) else { return };
                self.attempted(event, attempt);
            }
            Step::Gone { pick } => {
                let Some(event) = self.pick(Stage::Running, pick) else { return };
                self.events.remove(&event);
                self.queue.handle(self.now, Input::Gone { event });
            }
            Step::Settle { pick } => {
                let Some(event) = self.pick(Stage::Finishing, pick) else { return };
                self.events.remove(&event);
                self.queue.handle(self.now, Input::Settled { event });
            }
            Step::Stray { event, attempt } => {
                let event = EventId(event);
                self.queue.handle_timeout(self.now);
                self.check();
                if !self.events.get(&event).is_some_and(|known| known.stage == Stage::Running) {
                    let policy = Policy::default();
                    self.queue.handle(self.now, Input::Attempted { event, attempt, answer_bytes: 0, policy });
                }
            }
            Step::Sleep { seconds } => {
                self.now += Duration::from_secs(seconds);
            }
            Step::SleepUntilDeadline => {
                let Some((deadline, reason)) = self.queue.poll_timeout() else { return };
                assert!(deadline >= self.woken, "{reason}: a deadline before the last wake-up");
                self.now = self.now.max(deadline);
                self.woken = self.now;
                self.queue.handle_timeout(self.now);
            }
        }
        self.check();
    }

    fn attempted(&mut self, event: EventId, attempt: Attempt) {
        let known = self.events.get_mut(&event).expect("picked among the known");
        if matches!(attempt, Attempt::Succeeded | Attempt::FunctionError) {
            known.runs += 1;
        }
        known.stage = Stage::Queued;
        let policy = known.policy;
        self.queue.handle(self.now, Input::Attempted { event, attempt, answer_bytes: 0, policy });
    }

    /// Lets every event succeed and settle; then nothing may be left.
    fn wind_down(&mut self) {
        for _ in 0..10_000 {
            if let Some(event) = self.pick(Stage::Running, 0) {
                self.attempted(event, Attempt::Succeeded);
                self.check();
            } else if self.pick(Stage::Finishing, 0).is_some() {
                self.step(Step::Settle { pick: 0 });
            } else {
                self.step(Step::SleepUntilDeadline);
            }
        }
        assert!(self.events.is_empty(), "lost: {:?}", self.events);
        assert!(self.queue.is_empty());
        assert_eq!(self.queue.poll_timeout(), None);
    }

    fn check(&mut self) {
        while let Some(action) = self.queue.poll_action() {
            self.log.push((self.now - self.begin, action));
            match action {
                Action::Run { event } => self.check_run(event),
                Action::Keep { event, runs, wait } => {
                    let known = self.events.get_mut(&event).expect("only known events are kept");
                    assert_eq!(known.runs, runs);
                    known.not_before = self.now + wait;
                }
                Action::Finish { event, condition, runs } => self.check_finish(event, condition, runs),
            }
        }
        for function in 0..3 {
            let running = self.events.values().filter(|known| known.function == function);
            let running = running.filter(|known| known.stage == Stage::Running).count();
            assert!(running <= RUNNING_MAX);
        }
        assert_eq!(self.queue.len(), self.events.len());
    }

    fn check_run(&mut self, event: EventId) {
        let known = self.events.get_mut(&event).expect("only known events run");
        assert_eq!(known.stage, Stage::Queued, "runs twice at once");
        assert!(self.now >= known.not_before, "runs before its time");
        assert!(self.now - known.accepted < known.policy.age_max, "runs though it is too old");
        assert!(known.runs <= known.policy.retries_max.max(known.runs_before), "runs too often");
        known.stage = Stage::Running;
    }

    fn check_finish(&mut self, event: EventId, condition: Condition, runs: u32) {
        let known = self.events.get_mut(&event).expect("only known events finish");
        assert_eq!((known.stage, known.runs), (Stage::Queued, runs));
        assert!(self.ended.insert(event), "finished twice");
        if condition == Condition::RetriesExhausted {
            assert!(runs > known.policy.retries_max);
        }
        known.stage = Stage::Finishing;
    }

    fn know(&mut self, function: usize, arrival: &Arrival) {
        let known = Known {
            function,
            policy: arrival.policy,
            accepted: self.now - arrival.age,
            runs: arrival.runs,
            runs_before: arrival.runs,
            not_before: self.now + arrival.wait.min(Duration::from_secs(300)),
            stage: Stage::Queued,
        };
        self.events.insert(arrival.event, known);
    }

    fn pick(&self, stage: Stage, pick: usize) -> Option<EventId> {
        let events: Vec<EventId> =
            self.events.iter().filter(|(_, known)| known.stage == stage).map(|(event, _)| *event).collect();
        (!events.is_empty()).then(|| events[pick % events.len()])
    }

    fn next(&mut self) -> EventId {
        self.last += 1;
        EventId(self.last)
    }
}

fn key(function: usize) -> &'static str {
    ["f", "g", "h"][function]
}
