//! Random walks of events against a tiny model: whatever happens in whatever order, the promises hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use fakecloud_pool::{Action, After, Config, DeployId, Event, Failure, Fit, Initialization, InstanceId, InstanceView};
use fakecloud_pool::{InvocationId, Pool, StopReason};
use proptest::prelude::*;

const IDLE_TTL: Duration = Duration::from_secs(20);
const START_TIMEOUT: Duration = Duration::from_secs(10);
const CONCURRENCY: u32 = 3;
const NODES: [&str; 3] = ["first", "second", "third"];
const QUEUE_LIMIT: usize = 2;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_after_every_step(house in house(), walk in walk()) {
        let mut model = Model::new(house);
        for step in walk {
            model.step(step);
        }
    }

    #[test]
    fn everything_ends_once_the_cluster_behaves(house in house(), walk in walk()) {
        let mut model = Model::new(house);
        for step in walk {
            model.step(step);
        }
        model.wind_down();
    }

    #[test]
    fn same_events_give_the_same_actions(house in house(), walk in walk()) {
        let (mut one, mut two) = (Model::new(house), Model::new(house));
        two.now = one.now;
        for step in walk {
            one.step(step);
            two.step(step);
        }
        prop_assert_eq!(one.log, two.log);
    }
}

// === strategies ===

/// One step of a walk. Numbers pick among what is known at that moment, so that most steps mean something, and some
/// are late, repeated or out of order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Invoke { deploy: usize },
    Abandon { pick: usize },
    Start { pick: usize },
    FailStart { pick: usize },
    RefuseStart { pick: usize, fit: Fit },
    Finish { pick: usize, after: After },
    Lose { pick: usize },
    ConfirmStop { pick: usize },
    Go { pick: usize },
    Deny { pick: usize },
    Place { pick: usize },
    Schedule { pick: usize, node: usize },
    Unschedule { pick: usize },
    SetUp { pick: usize },
    Progress { pick: usize },
    Evict { pick: usize },
    Desert { pick: usize },
    Retire { deploy: usize },
    Provision { deploy: usize, count: usize },
    Shutdown,
    Sleep { milliseconds: u64 },
    SleepUntilDeadline,
}

/// Fewer places than the functions would like to have together.
fn house() -> impl Strategy<Value = u32> {
    1..6_u32
}

fn walk() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..200)
}

fn step() -> impl Strategy<Value = Step> {
    let deploy = 0..3_usize;
    let pick = any::<usize>();
    prop_oneof![
        12 => deploy.clone().prop_map(|deploy| Step::Invoke { deploy }),
        2 => pick.prop_map(|pick| Step::Abandon { pick }),
        8 => pick.prop_map(|pick| Step::Start { pick }),
        2 => pick.prop_map(|pick| Step::FailStart { pick }),
        2 => pick.prop_map(|pick| Step::RefuseStart { pick, fit: Fit::Certain }),
        2 => pick.prop_map(|pick| Step::RefuseStart { pick, fit: Fit::Doubtful }),
        8 => pick.prop_map(|pick| Step::Finish { pick, after: After::Reuse }),
        2 => pick.prop_map(|pick| Step::Finish { pick, after: After::Retire }),
        2 => pick.prop_map(|pick| Step::Lose { pick }),
        6 => pick.prop_map(|pick| Step::ConfirmStop { pick }),
        4 => pick.prop_map(|pick| Step::Go { pick }),
        1 => pick.prop_map(|pick| Step::Deny { pick }),
        1 => pick.prop_map(|pick| Step::Place { pick }),
        3 => (pick, 0..3_usize).prop_map(|(pick, node)| Step::Schedule { pick, node }),
        1 => pick.prop_map(|pick| Step::Unschedule { pick }),
        2 => pick.prop_map(|pick| Step::SetUp { pick }),
        1 => pick.prop_map(|pick| Step::Progress { pick }),
        1 => pick.prop_map(|pick| Step::Evict { pick }),
        1 => pick.prop_map(|pick| Step::Desert { pick }),
        1 => deploy.clone().prop_map(|deploy| Step::Retire { deploy }),
        1 => (deploy, 0..5_usize).prop_map(|(deploy, count)| Step::Provision { deploy, count }),
        // Rare: little happens in a walk after it.
        1 => (0..10_u8).prop_map(|die| if die == 0 { Step::Shutdown } else { Step::SleepUntilDeadline }),
        4 => (0..5_000_u64).prop_map(|milliseconds| Step::Sleep { milliseconds }),
        4 => Just(Step::SleepUntilDeadline),
    ]
}

// === the model ===

/// What an outsider knows from events and actions alone.
struct Model {
    pool: Pool,
    house: usize,
    now: Instant,
    instances: BTreeMap<InstanceId, Seen>,
    /// Waiting invocations of each deploy, oldest first.
    waiting: BTreeMap<DeployId, VecDeque<InvocationId>>,
    /// How many instances of each deploy are to be there at any time.
    provision: BTreeMap<DeployId, usize>,
    answered: BTreeSet<InvocationId>,
    asked: u64,
    shut_down: bool,
    log: Vec<Action>,
}

struct Seen {
    deploy: DeployId,
    phase: Phase,
    created_at: Instant,
    /// When something was last heard of its start.
    progressed_at: Instant,
    /// It starts, and there was no room for it.
    refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Idle { since: Instant },
    Busy,
    Draining,
    Stopping,
    Gone,
}

impl Model {
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn new(house: u32) -> Self {
        let config = Config {
            max_concurrency: CONCURRENCY.try_into().expect("not zero"),
            max_instances: house.try_into().expect("not zero"),
            handover_after: Duration::from_secs(2),
            idle_ttl: IDLE_TTL,
            start_timeout: START_TIMEOUT,
            queue_limit: QUEUE_LIMIT,
            starts_min: 2.try_into().expect("2 is not zero"),
            starts_max: 64.try_into().expect("64 is not zero"),
            start_wait: Duration::from_secs(900),
            stop_timeout: Duration::from_secs(5),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(4),
        };
        Self {
            pool: Pool::new(config),
            house: house as usize,
            now: Instant::now(),
            instances: BTreeMap::new(),
            waiting: BTreeMap::new(),
            provision: BTreeMap::new(),
            answered: BTreeSet::new(),
            asked: 0,
            shut_down: false,
            log: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Invoke { deploy } => {
                self.asked += 1;
                self.feed(Event::Invoke { invocation: InvocationId(self.asked), deploy: name(deploy) });
            }
            Step::Abandon { pick } => {
                let invocation = InvocationId(1 + pick as u64 % (self.asked + 1));
                self.feed(Event::Abandoned { invocation });
            }
            Step::Start { pick } => self.feed_some(pick, |instance| Event::Started { instance }),
            Step::FailStart { pick } => {
                self.feed_some(pick, |instance| Event::StartFailed { instance, reason: "refused".into() });
            }
            Step::RefuseStart { pick, fit } => {
                self.feed_some(pick, |instance| Event::NoRoom { instance, fit, reason: "quota".into() });
            }
            Step::Go { pick } => self.feed_some(pick, |instance| Event::Gone { instance }),
            Step::Deny { pick } => self.feed_some(pick, |instance| Event::NeverThere { instance }),
            Step::Place { pick } => self.feed_some(pick, |instance| Event::Placed { instance }),
            Step::Schedule { pick, node } => {
                self.feed_some(pick, |instance| Event::Scheduled { instance, node: NODES[node].into() });
            }
            Step::Unschedule { pick } => self.feed_some(pick, |instance| Event::Unscheduled { instance }),
            Step::SetUp { pick } => self.feed_some(pick, |instance| Event::SetUp { instance }),
            Step::Progress { pick } => self.feed_some(pick, |instance| Event::Progressed { instance }),
            Step::Finish { pick, after } => self.feed_some(pick, |instance| Event::Finished { instance, after }),
            Step::Lose { pick } => self.feed_some(pick, |instance| Event::Lost { instance, reason: "gone".into() }),
            Step::ConfirmStop { pick } => self.feed_some(pick, |instance| Event::Stopped { instance }),
            Step::Evict { pick } => self.feed_some(pick, |instance| Event::Evict { instance }),
            Step::Desert { pick } => {
                let runs: BTreeMap<_, _> = self.pool.instances().map(|view| (view.id, view.invocation)).collect();
                // One in four deserts an invocation that the instance does not run.
                let other = InvocationId(0);
                let runs = |id| runs.get(&id).copied().flatten().filter(|_| pick % 4 != 0).unwrap_or(other);
                self.feed_some(pick, |instance| Event::Deserted { instance, invocation: runs(instance) });
            }
            Step::Retire { deploy } => self.feed(Event::Retire { deploy: name(deploy) }),
            Step::Provision { deploy, count } => self.feed(Event::Provision { deploy: name(deploy), count }),
            Step::Shutdown => self.feed(Event::Shutdown),
            Step::Sleep { milliseconds } => self.sleep_until(self.now + Duration::from_millis(milliseconds)),
            Step::SleepUntilDeadline => {
                if let Some((deadline, _)) = self.pool.poll_timeout() {
                    self.sleep_until(deadline.max(self.now));
                }
            }
        }
    }

    /// Answers everything the pool asked for until nothing is left, and checks that this takes no luck.
    fn wind_down(&mut self) {
        self.feed(Event::Shutdown);
        for instance in self.instances.keys().copied().collect::<Vec<_>>() {
            self.feed(Event::Finished { instance, after: After::Reuse });
            self.feed(Event::Stopped { instance });
        }
        assert!(self.pool.is_empty(), "left over: {:?}", self.pool.instances().collect::<Vec<_>>());
        assert_eq!(self.pool.poll_timeout(), None);
        assert!(self.waiting.values().all(VecDeque::is_empty), "never answered: {:?}", self.waiting);
    }

    /// Feeds an event about one of the instances there ever were, mostly a recent one.
    fn feed_some(&mut self, pick: usize, event: impl Fn(InstanceId) -> Event) {
        let recent = self.instances.keys().rev().take(8).copied().collect::<Vec<_>>();
        let all = self.instances.keys().copied().collect::<Vec<_>>();
        let from = if pick.is_multiple_of(8) { all } else { recent };
        if !from.is_empty() {
            self.feed(event(from[pick / 8 % from.len()]));
        }
    }

    fn feed(&mut self, event: Event) {
        self.note(&event);
        self.pool.handle(self.now, event);
        self.check();
    }

    fn sleep_until(&mut self, then: Instant) {
        self.now = then;
        self.pool.handle_timeout(then);
        self.check();
        if let Some((deadline, reason)) = self.pool.poll_timeout() {
            assert!(deadline > then, "{reason}: due but not done");
        }
        let is_kept = |view: &InstanceView<'_>| view.initialization == Initialization::Provisioned;
        let kept: BTreeSet<_> = self.pool.instances().filter(is_kept).map(|view| view.id).collect();
        for (id, seen) in &self.instances {
            match seen.phase {
                Phase::Starting => {
                    let renewed = seen.progressed_at + START_TIMEOUT * 3 / 2;
                    assert!((seen.created_at + START_TIMEOUT).max(renewed) > then, "{id} starts past its time");
                }
                Phase::Idle { since } => {
                    assert!(since + IDLE_TTL > then || kept.contains(id), "{id} idles past its time");
                }
                Phase::Busy | Phase::Draining | Phase::Stopping | Phase::Gone => {}
            }
        }
    }

    /// What an event means to an outsider, before the pool answers.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Invoke { invocation, deploy } => {
                self.waiting.entry(deploy.clone()).or_default().push_back(*invocation);
            }
            Event::Abandoned { invocation } => {
                self.waiting.values_mut().for_each(|line| line.retain(|waiter| waiter != invocation));
            }
            Event::Started { instance } => self.idle_if(*instance, Phase::Starting),
            Event::Finished { instance, after: After::Reuse } => self.idle_if(*instance, Phase::Busy),
            Event::Stopped { instance } => {
                let seen = self.instances.get_mut(instance).expect("picked among those seen");
                if seen.phase == Phase::Stopping {
                    seen.phase = Phase::Gone;
                }
            }
            Event::NoRoom { instance, .. } => {
                let seen = self.instances.get_mut(instance).expect("picked among those seen");
                seen.refused |= seen.phase == Phase::Starting;
            }
            Event::Placed { instance } => {
                self.instances.get_mut(instance).expect("picked among those seen").refused = false;
            }
            Event::Scheduled { instance, .. } | Event::SetUp { instance } | Event::Progressed { instance } => {
                self.instances.get_mut(instance).expect("picked among those seen").progressed_at = self.now;
            }
            Event::Evict { instance } => self.drains_if_busy(*instance),
            Event::Deserted { instance, invocation } => {
                if *invocation != InvocationId(0) {
                    self.drains_if_busy(*instance);
                }
            }
            Event::Provision { deploy, count } => {
                if !self.shut_down {
                    self.provision.insert(deploy.clone(), *count);
                }
            }
            Event::Retire { deploy } => drop(self.provision.remove(deploy)),
            Event::Shutdown => {
                self.shut_down = true;
                self.provision.clear();
            }
            Event::Finished { after: After::Retire, .. }
            | Event::StartFailed { .. }
            | Event::Lost { .. }
            | Event::Unscheduled { .. }
            | Event::Gone { .. }
            | Event::NeverThere { .. } => {}
        }
    }

    fn drains_if_busy(&mut self, instance: InstanceId) {
        let seen = self.instances.get_mut(&instance).expect("picked among those seen");
        if seen.phase == Phase::Busy {
            seen.phase = Phase::Draining;
        }
    }

    fn idle_if(&mut self, instance: InstanceId, phase: Phase) {
        let seen = self.instances.get_mut(&instance).expect("picked among those seen");
        if seen.phase == phase {
            seen.phase = Phase::Idle { since: self.now };
        }
    }

    /// Takes all actions out, each of which must make sense, and compares what is left with the pool's own view.
    fn check(&mut self) {
        while let Some(action) = self.pool.poll_action() {
            self.check_action(&action);
            self.log.push(action);
        }
        self.check_limits();
        self.check_view();
    }

    fn check_action(&mut self, action: &Action) {
        match action {
            Action::StartEnvironment { instance, deploy, .. } if self.instances.contains_key(instance) => {
                let starting = self.count(deploy, |phase| phase == Phase::Starting);
                let is_wanted = starting <= self.line(deploy) || self.is_kept(*instance);
                let seen = self.instances.get_mut(instance).expect("just seen");
                assert!(seen.refused && seen.phase == Phase::Starting, "{instance} is started twice");
                assert!(is_wanted, "{instance} is started again for nobody");
                seen.refused = false;
            }
            Action::StartEnvironment { instance, deploy, .. } => {
                let starting = self.count(deploy, |phase| phase == Phase::Starting);
                assert!(starting < self.line(deploy) || self.lacks_provisioned(deploy), "{instance} starts for nobody");
                let seen = Seen {
                    deploy: deploy.clone(),
                    phase: Phase::Starting,
                    created_at: self.now,
                    progressed_at: self.now,
                    refused: false,
                };
                assert!(self.instances.insert(*instance, seen).is_none(), "{instance} is not new");
            }
            Action::Dispatch { invocation, instance } => {
                let seen = self.instances.get_mut(instance).expect("only what was started serves");
                assert!(matches!(seen.phase, Phase::Idle { .. }), "{instance} is {:?}, not free", seen.phase);
                seen.phase = Phase::Busy;
                let oldest = self.waiting.get_mut(&seen.deploy).and_then(VecDeque::pop_front);
                assert_eq!(oldest, Some(*invocation), "the oldest waiter of the same deploy is served first");
                assert!(self.answered.insert(*invocation), "{invocation} is answered twice");
            }
            Action::Fail { invocation, failure } => self.check_failure(*invocation, failure),
            Action::Abort { invocation, instance, .. } => {
                assert!(matches!(self.instances[instance].phase, Phase::Busy | Phase::Draining));
                assert!(self.answered.contains(invocation), "only what was dispatched is aborted");
            }
            Action::StopEnvironment { instance, reason } => {
                self.check_reason(*instance, *reason);
                let seen = self.instances.get_mut(instance).expect("only what was started is stopped");
                assert_ne!(seen.phase, Phase::Gone, "{instance} is stopped after its deletion was confirmed");
                seen.phase = Phase::Stopping;
            }
            Action::Forget { deploy } => {
                let held = self.instances.values().any(|seen| seen.deploy == *deploy && seen.phase != Phase::Gone);
                assert!(!held && self.line(deploy) == 0, "{deploy} is forgotten but not gone");
            }
        }
    }

    /// A place is taken from a deploy only for another one that waits for it.
    fn check_reason(&self, instance: InstanceId, reason: StopReason) {
        if reason != StopReason::Displaced || self.instances[&instance].phase == Phase::Stopping {
            return;
        }
        let own = &self.instances[&instance].deploy;
        let wants = |deploy: &DeployId| self.line(deploy) > self.count(deploy, |phase| phase == Phase::Starting);
        let wants = |deploy: &DeployId| *deploy != *own && (wants(deploy) || self.lacks_provisioned(deploy));
        let is_refused = |seen: &Seen| seen.refused && seen.phase == Phase::Starting && seen.deploy != *own;
        let is_wanted = (0..3).map(name).any(|deploy| wants(&deploy)) || self.instances.values().any(is_refused);
        assert!(is_wanted, "{instance} is displaced for nobody");
    }

    fn check_failure(&mut self, invocation: InvocationId, failure: &Failure) {
        let (deploy, place) = self
            .waiting
            .iter()
            .find_map(|(deploy, line)| Some((deploy.clone(), line.iter().position(|waiter| *waiter == invocation)?)))
            .unwrap_or_else(|| panic!("{invocation} fails but does not wait"));
        self.waiting.get_mut(&deploy).expect("just found").remove(place);
        assert!(self.answered.insert(invocation), "{invocation} is answered twice");
        match failure {
            Failure::Throttled => {
                let starting = self.count(&deploy, |phase| phase == Phase::Starting);
                assert!(
                    self.line(&deploy) >= starting + QUEUE_LIMIT || self.is_all_provisioned(),
                    "{invocation} is throttled with room in the queue"
                );
            }
            Failure::StartFailed { .. } | Failure::StartTimedOut => {
                let live =
                    self.count(&deploy, |phase| !matches!(phase, Phase::Draining | Phase::Stopping | Phase::Gone));
                assert_eq!(live, 0, "{invocation} fails while an instance lives that may serve it");
            }
            Failure::NotBegunInTime => panic!("{invocation} is given up although it waited for a short time"),
            Failure::ShuttingDown => assert!(self.shut_down, "{invocation} is refused without a shutdown"),
        }
    }

    /// Never more than the cap alive, nobody waits beside an idle instance or for nothing, the queue is bounded.
    fn check_limits(&self) {
        let there = self.instances.values().filter(|seen| seen.phase != Phase::Gone).count();
        assert!(there <= self.house, "{there} instances in all");
        for deploy in (0..3).map(name) {
            let live = self.count(&deploy, |phase| !matches!(phase, Phase::Draining | Phase::Stopping | Phase::Gone));
            assert!(live <= CONCURRENCY as usize, "{live} instances of {deploy}");
            let idle = self.count(&deploy, |phase| matches!(phase, Phase::Idle { .. }));
            assert!(idle == 0 || self.line(&deploy) == 0, "{deploy} has waiters and an idle instance");
            assert!(self.line(&deploy) <= QUEUE_LIMIT + CONCURRENCY as usize, "the queue of {deploy} is too long");
            let hopes = live > 0 || !self.is_all_provisioned();
            assert!(
                hopes || self.line(&deploy) == 0,
                "{deploy} has waiters, but all places are provisioned for others"
            );
        }
    }

    /// No instance is forgotten or made up, and the pool thinks of each what an outsider does.
    fn check_view(&self) {
        let seen: Vec<_> = self
            .instances
            .iter()
            .filter(|(_, seen)| seen.phase != Phase::Gone)
            .map(|(id, seen)| (*id, seen.deploy.clone(), word(seen.phase)))
            .collect();
        let known: Vec<_> =
            self.pool.instances().map(|view| (view.id, view.deploy.clone(), view.state.name())).collect();
        assert_eq!(known, seen);
        for view in self.pool.deploys() {
            assert_eq!(view.provision, self.provision.get(view.id).copied().unwrap_or(0), "{view:?}");
            assert!(view.provisioned_ready <= view.provisioned && view.provisioned <= view.provision, "{view:?}");
        }
        assert_eq!(self.pool.waiting(), self.waiting.values().map(VecDeque::len).sum::<usize>());
    }

    fn is_kept(&self, instance: InstanceId) -> bool {
        let mut views = self.pool.instances();
        views.any(|view| view.id == instance && view.initialization == Initialization::Provisioned)
    }

    /// Whether no place of the house can become free.
    fn is_all_provisioned(&self) -> bool {
        let kept = |view: &InstanceView<'_>| view.state.is_live() && view.initialization == Initialization::Provisioned;
        self.pool.instances().filter(kept).count() >= self.house
    }

    /// Whether fewer instances are kept than are to be; on demand can only be what is busy.
    fn lacks_provisioned(&self, deploy: &DeployId) -> bool {
        let free = self.count(deploy, |phase| matches!(phase, Phase::Starting | Phase::Idle { .. }));
        free < self.provision.get(deploy).copied().unwrap_or(0)
    }

    fn count(&self, deploy: &DeployId, phase: impl Fn(Phase) -> bool) -> usize {
        self.instances.values().filter(|seen| seen.deploy == *deploy && phase(seen.phase)).count()
    }

    fn line(&self, deploy: &DeployId) -> usize {
        self.waiting.get(deploy).map_or(0, VecDeque::len)
    }
}

fn name(deploy: usize) -> DeployId {
    ["alpha", "beta", "gamma"][deploy].into()
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Idle { .. } => "idle",
        Phase::Busy => "busy",
        Phase::Draining => "draining",
        Phase::Stopping => "stopping",
        Phase::Gone => "gone",
    }
}
