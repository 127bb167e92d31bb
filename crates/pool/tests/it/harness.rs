//! A pool with a clock of its own, and short words for events and actions.

use std::time::{Duration, Instant};

use fakecloud_pool::StopReason;
use fakecloud_pool::{
    Action, After, Config, DeployId, Event, Failure, Fit, Initialization, InstanceId, InvocationId, Pool,
};

pub(crate) const IDLE_TTL: Duration = Duration::from_secs(600);
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const BACKOFF_MIN: Duration = Duration::from_secs(1);
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(8);
pub(crate) const HANDOVER_AFTER: Duration = Duration::from_secs(2);
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// A pool at a moment of its own time. Every step asserts that nothing but the expected actions came out.
pub(crate) struct TestPool {
    pub(crate) pool: Pool,
    pub(crate) now: Instant,
}

/// Limits that are easy to reach: 3 instances, 2 more may wait.
pub(crate) fn config() -> Config {
    Config {
        max_concurrency: 3.try_into().expect("3 is not zero"),
        max_instances: 1_000.try_into().expect("1,000 is not zero"),
        handover_after: HANDOVER_AFTER,
        idle_ttl: IDLE_TTL,
        start_timeout: START_TIMEOUT,
        queue_limit: 2,
        // More than any test starts: how starts are admitted has tests of its own.
        starts_min: 100.try_into().expect("100 is not zero"),
        starts_max: 100.try_into().expect("100 is not zero"),
        start_wait: Duration::from_secs(900),
        stop_timeout: STOP_TIMEOUT,
        backoff_min: BACKOFF_MIN,
        backoff_max: BACKOFF_MAX,
    }
}

impl TestPool {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    pub(crate) fn with(config: Config) -> Self {
        Self { pool: Pool::new(config), now: Instant::now() }
    }

    /// Feeds one event; `expected` is everything that comes out.
    #[track_caller]
    pub(crate) fn assert(&mut self, event: Event, expected: &[Action]) {
        self.pool.handle(self.now, event.clone());
        let actions = self.actions();
        assert_eq!(actions, expected, "after {event:?}");
    }

    /// Feeds one event; a start of this deploy is the first action that comes out, and `rest` is all else.
    #[track_caller]
    pub(crate) fn assert_start(&mut self, event: Event, deploy: &str, rest: &[Action]) -> InstanceId {
        self.pool.handle(self.now, event.clone());
        let actions = self.actions();
        match actions.split_first() {
            Some((Action::StartEnvironment { instance, deploy: started, .. }, others))
                if started.as_str() == deploy =>
            {
                assert_eq!(others, rest, "after {event:?}");
                *instance
            }
            other => panic!("{event:?} should start {deploy}, not {other:?}"),
        }
    }

    /// Lets time pass without a deadline being looked at.
    pub(crate) fn sleep(&mut self, time: Duration) {
        self.now += time;
    }

    /// Lets time pass, jumping from deadline to deadline; `expected` is everything that comes out.
    #[track_caller]
    pub(crate) fn assert_after(&mut self, time: Duration, expected: &[Action]) {
        let end = self.now + time;
        let mut actions = Vec::new();
        while let Some((deadline, reason)) = self.pool.poll_timeout().filter(|(deadline, _)| *deadline <= end) {
            assert!(deadline >= self.now, "{reason}: a deadline in the past");
            self.now = deadline;
            self.pool.handle_timeout(self.now);
            actions.extend(self.actions());
        }
        self.now = end;
        self.pool.handle_timeout(end);
        actions.extend(self.actions());
        assert_eq!(actions, expected, "after {time:?}");
    }

    /// Invokes a cold deploy and returns the instance that starts for it.
    #[track_caller]
    pub(crate) fn cold(&mut self, invocation: u64, deploy: &str) -> InstanceId {
        self.pool.handle(self.now, invoke(invocation, deploy));
        match self.actions().as_slice() {
            [Action::StartEnvironment { instance, deploy: started, .. }] if started.as_str() == deploy => *instance,
            other => panic!("a cold invoke should start one Pod, not {other:?}"),
        }
    }

    /// Invokes a cold deploy, and lets its instance start and take the invocation.
    #[track_caller]
    pub(crate) fn busy(&mut self, invocation: u64, deploy: &str) -> InstanceId {
        let instance = self.cold(invocation, deploy);
        self.assert(started(instance), &[dispatch(invocation, instance)]);
        instance
    }

    /// The states of all instances, in order.
    pub(crate) fn states(&self) -> Vec<&'static str> {
        self.pool.instances().map(|instance| instance.state.name()).collect()
    }

    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.pool.poll_action()).collect()
    }
}

// === events ===

pub(crate) fn invoke(invocation: u64, deploy: &str) -> Event {
    Event::Invoke { invocation: InvocationId(invocation), deploy: deploy.into() }
}

pub(crate) fn abandoned(invocation: u64) -> Event {
    Event::Abandoned { invocation: InvocationId(invocation) }
}

pub(crate) fn started(instance: InstanceId) -> Event {
    Event::Started { instance }
}

pub(crate) fn start_failed(instance: InstanceId, reason: &str) -> Event {
    Event::StartFailed { instance, reason: reason.into() }
}

pub(crate) fn reusable(instance: InstanceId) -> Event {
    Event::Finished { instance, after: After::Reuse }
}

pub(crate) fn spent(instance: InstanceId) -> Event {
    Event::Finished { instance, after: After::Retire }
}

pub(crate) fn lost(instance: InstanceId, reason: &str) -> Event {
    Event::Lost { instance, reason: reason.into() }
}

pub(crate) fn stopped(instance: InstanceId) -> Event {
    Event::Stopped { instance }
}

pub(crate) fn no_room(instance: InstanceId, reason: &str) -> Event {
    Event::NoRoom { instance, fit: Fit::Certain, reason: reason.into() }
}

pub(crate) fn no_room_perhaps_ever(instance: InstanceId, reason: &str) -> Event {
    Event::NoRoom { instance, fit: Fit::Doubtful, reason: reason.into() }
}

pub(crate) fn placed(instance: InstanceId) -> Event {
    Event::Placed { instance }
}

pub(crate) fn gone(instance: InstanceId) -> Event {
    Event::Gone { instance }
}

pub(crate) fn never_there(instance: InstanceId) -> Event {
    Event::NeverThere { instance }
}

pub(crate) fn deserted(instance: InstanceId, invocation: u64) -> Event {
    Event::Deserted { instance, invocation: InvocationId(invocation) }
}

pub(crate) fn provision(deploy: &str, count: usize) -> Event {
    Event::Provision { deploy: deploy.into(), count }
}

pub(crate) fn evict(instance: InstanceId) -> Event {
    Event::Evict { instance }
}

pub(crate) fn retire(deploy: &str) -> Event {
    Event::Retire { deploy: deploy.into() }
}

// === actions ===

pub(crate) fn start(instance: InstanceId, deploy: &str) -> Action {
    Action::StartEnvironment { instance, deploy: deploy.into(), initialization: Initialization::OnDemand }
}

pub(crate) fn dispatch(invocation: u64, instance: InstanceId) -> Action {
    Action::Dispatch { invocation: InvocationId(invocation), instance }
}

pub(crate) fn stop(instance: InstanceId, reason: StopReason) -> Action {
    Action::StopEnvironment { instance, reason }
}

pub(crate) fn abort(invocation: u64, instance: InstanceId, reason: &str) -> Action {
    Action::Abort { invocation: InvocationId(invocation), instance, reason: reason.into() }
}

pub(crate) fn fail(invocation: u64, failure: Failure) -> Action {
    Action::Fail { invocation: InvocationId(invocation), failure }
}

pub(crate) fn refused(reason: &str) -> Failure {
    Failure::StartFailed { reason: reason.into() }
}

pub(crate) fn forget(deploy: &str) -> Action {
    Action::Forget { deploy: DeployId::from(deploy) }
}
