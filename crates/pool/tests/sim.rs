//! A fake cluster with a clock of its own: Pods that start late, never, or not at all, that die unseen, whose deletions
//! get lost; functions that are updated under load; callers that hang up. Everything happens in time order and comes
//! from one seed, so a failing case is replayed exactly.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fakecloud_pool::{Action, After, Config, DeployId, Event, Fit, InstanceId, InvocationId, Pool, StopReason};
use proptest::prelude::*;

const CONCURRENCY: u32 = 4;
const FUNCTIONS: usize = 3;
const HANDOVER_AFTER: Duration = Duration::from_secs(1);

/// A Pod whose deletion is confirmed is there for so long, and a quota counts it for some time after that.
const GRACE_MS: u64 = 2_000;
const RECOUNTED_WITHIN_MS: u64 = 900;

/// More Pods than any of the functions here have.
const ROOMY: u32 = 100;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_caller_is_answered_and_every_pod_goes_away(
        plans in plans(),
        faults in faults(),
        house in house(),
        seed: u64,
    ) {
        let mut sim = Sim::new(house, faults, seed);
        sim.schedule(&plans);
        sim.run_until_answered();
        sim.assert_old_versions_are_gone();
        sim.run_until_deserted();
    }

    #[test]
    fn shutdown_in_the_middle_leaves_nothing(
        plans in plans(),
        faults in faults(),
        house in house(),
        seed: u64,
        at_ms in 0..20_000_u64,
    ) {
        let mut sim = Sim::new(house, faults, seed);
        sim.schedule(&plans);
        sim.at(Duration::from_millis(at_ms), Happening::Shutdown);
        sim.run_until_answered();
        sim.run_until_deserted();
    }

    #[test]
    fn healthy_cluster_fails_nobody_however_small_it_is(plans in plans(), house in house(), seed: u64) {
        let patient = plans.into_iter().map(|plan| Plan { patience_ms: None, ..plan }).collect::<Vec<_>>();
        let mut sim = Sim::new(house, Faults::default(), seed);
        sim.schedule(&patient);
        sim.run_until_answered();
        prop_assert_eq!(sim.outcomes(Outcome::Failed) + sim.outcomes(Outcome::Aborted), 0);
    }

    #[test]
    fn burst_creates_no_more_pods_than_callers_or_the_cap(callers in 1..30_usize, run_ms in 1..5_000_u64, seed: u64) {
        let call = Plan { after_ms: 0, function: 0, run_ms, patience_ms: None, spends: false, updates: false };
        let mut sim = Sim::new(ROOMY, Faults::default(), seed);
        sim.schedule(&vec![call; callers]);
        sim.run_until_answered();
        prop_assert_eq!(sim.outcomes(Outcome::Finished), callers);
        prop_assert_eq!(sim.created, callers.min(CONCURRENCY as usize));
    }

    #[test]
    fn nobody_starves_beside_functions_that_are_called_all_the_time(
        house in 1..4_u32,
        run_ms in 20..400_u64,
        at_ms in 0..5_000_u64,
        seed: u64,
    ) {
        let mut sim = Sim::new(house, Faults::default(), seed);
        let call = |function| Plan { after_ms: 0, function, run_ms, patience_ms: None, spends: false, updates: false };
        // Twice what a function can take: its line is never empty for twenty seconds.
        for at_ms in (0..20_000).step_by((run_ms / (2 * u64::from(CONCURRENCY))).max(1) as usize) {
            sim.at(Duration::from_millis(at_ms), Happening::Call(call(0)));
            sim.at(Duration::from_millis(at_ms), Happening::Call(call(1)));
        }
        sim.at(Duration::from_millis(at_ms), Happening::Call(call(2)));
        let waited = sim.wait_of_the_only_caller_of(2);
        // Both others have their turn, and each start and each deletion takes as long as any.
        let turn = Duration::from_millis(3_000 + run_ms + 2_000) + HANDOVER_AFTER;
        prop_assert!(waited <= 2 * turn + Duration::from_millis(3_000), "{waited:?}");
    }

    #[test]
    fn places_change_hands_no_more_than_fairness_asks(house in 1..7_u32, run_ms in 1..400_u64, seed: u64) {
        let mut sim = Sim::new(house, Faults::default(), seed);
        let call = |function| Plan { after_ms: 0, function, run_ms, patience_ms: None, spends: false, updates: false };
        let calls = vec![[call(0), call(1)]; 100].concat();
        sim.schedule(&calls);
        sim.run_until_answered();
        prop_assert_eq!(sim.outcomes(Outcome::Finished), calls.len());
        let handovers = (sim.now - sim.origin).as_millis() / HANDOVER_AFTER.as_millis();
        // With a place for each, the two share them once and for all.
        let changed = if house == 1 { handovers as usize } else { house as usize };
        prop_assert!(sim.created <= house as usize + changed, "{} Pods", sim.created);
    }

    #[test]
    fn what_is_provisioned_is_there_again_once_the_cluster_behaves(
        plans in plans(),
        faults in faults(),
        house in 2..16_u32,
        count in 1..3_usize,
        seed: u64,
    ) {
        let mut sim = Sim::new(house, faults, seed);
        sim.provision(count);
        sim.schedule(&plans);
        sim.run_until_answered();
        sim.faults = Faults::default();
        sim.run_for(Duration::from_secs(300));
        let deploy = sim.deploy(0);
        prop_assert_eq!(sim.pool.deploy(&deploy).map(|view| view.provisioned_ready), Some(count));
        // Whatever the idle TTL is.
        sim.run_for(Duration::from_secs(3_600));
        prop_assert_eq!(sim.pool.deploy(&deploy).map(|view| view.provisioned_ready), Some(count));
        let others = sim.pool.instances().filter(|view| *view.deploy != deploy);
        prop_assert_eq!(others.count(), 0);
    }

    #[test]
    fn quota_that_is_full_of_idle_pods_fails_nobody(
        places in 1..4_u32,
        is_known in any::<bool>(),
        calls in prop::collection::vec((0..FUNCTIONS, 1..50_u64, 10_000..20_000_u64), 1..20),
        seed: u64,
    ) {
        let house = if is_known { places } else { ROOMY };
        let mut sim = Sim::new(house, Faults { quota: Some(places as usize), ..Faults::default() }, seed);
        let calls = calls.into_iter().map(|(function, run_ms, after_ms)| Plan {
            after_ms, function, run_ms, patience_ms: None, spends: false, updates: false,
        }).collect::<Vec<_>>();
        sim.schedule(&calls);
        sim.run_until_answered();
        prop_assert_eq!(sim.outcomes(Outcome::Finished), calls.len());
        // Each cold start is refused once while the Pod it displaces is there, and until the quota is recounted.
        prop_assert!(sim.displaced <= calls.len(), "{} Pods were ended", sim.displaced);
        let refused_max = 2 + (RECOUNTED_WITHIN_MS / 200) as usize;
        prop_assert!(sim.refused <= refused_max * calls.len(), "{} creates were refused", sim.refused);
    }

    #[test]
    fn function_that_fits_no_node_costs_others_few_pods_however_often_it_is_started(
        provisioned in 0..3_usize,
        burst in 1..3_usize,
        calls in prop::collection::vec((1..FUNCTIONS, 1..50_u64, 10_000..20_000_u64), 1..20),
        seed: u64,
    ) {
        let mut sim = Sim::new(ROOMY, Faults { is_too_large: true, ..Faults::default() }, seed);
        sim.provision(provisioned);
        let large = Plan { after_ms: 0, function: 0, run_ms: 1, patience_ms: None, spends: false, updates: false };
        let calls = calls.into_iter().map(|(function, run_ms, after_ms)| Plan { function, run_ms, after_ms, ..large });
        sim.schedule(&[vec![large; burst], calls.collect::<Vec<_>>()].concat());
        sim.run_until_answered();
        prop_assert_eq!(sim.outcomes(Outcome::Failed), burst);
        sim.run_for(Duration::from_secs(600));
        prop_assert!(sim.displaced <= 2 * provisioned.max(burst), "{} Pods were ended", sim.displaced);
    }

    #[test]
    fn same_seed_gives_the_same_history(plans in plans(), faults in faults(), house in house(), seed: u64) {
        let (mut one, mut two) = (Sim::new(house, faults, seed), Sim::new(house, faults, seed));
        one.schedule(&plans);
        two.schedule(&plans);
        one.run_until_answered();
        two.run_until_answered();
        prop_assert_eq!(one.log, two.log);
    }
}

// === strategies ===

/// One call, perhaps after an update of its function.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Time since the call before.
    after_ms: u64,
    function: usize,
    run_ms: u64,
    /// When the caller hangs up, if it is not answered by then.
    patience_ms: Option<u64>,
    /// The function times out or crashes, so that its Pod cannot be used again.
    spends: bool,
    updates: bool,
}

/// Odds in percent, and a quota.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    /// How many Pods the API server lets in, those that are on their way out included.
    quota: Option<usize>,
    /// Pods of the first function fit no node.
    is_too_large: bool,
    start_fails: u64,
    start_hangs: u64,
    pod_dies: u64,
    deletion_is_lost: u64,
    event_repeats: u64,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let call = (
        prop_oneof![3 => Just(0_u64), 5 => 1..400_u64, 1 => 400..4_000_u64],
        0..FUNCTIONS,
        prop_oneof![4 => 1..50_u64, 2 => 50..3_000_u64],
        prop::option::weighted(0.2, 1..6_000_u64),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.05),
    );
    let plan = call.prop_map(|(after_ms, function, run_ms, patience_ms, spends, updates)| Plan {
        after_ms,
        function,
        run_ms,
        patience_ms,
        spends,
        updates,
    });
    prop::collection::vec(plan, 1..80)
}

/// How many Pods the cluster takes, from one to more than there ever are.
fn house() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 1..6_u32, 2 => 6..16_u32, 1 => Just(ROOMY)]
}

fn faults() -> impl Strategy<Value = Faults> {
    let quota = prop::option::of(0..6_usize);
    (quota, prop::bool::weighted(0.2), 0..60_u64, 0..20_u64, 0..50_u64, 0..60_u64, 0..30_u64).prop_map(
        |(quota, is_too_large, start_fails, start_hangs, pod_dies, deletion_is_lost, event_repeats)| Faults {
            quota,
            is_too_large,
            start_fails,
            start_hangs,
            pod_dies,
            deletion_is_lost,
            event_repeats,
        },
    )
}

// === the simulation ===

struct Sim {
    pool: Pool,
    house: usize,
    origin: Instant,
    now: Instant,
    /// In time order, then in the order in which they were scheduled.
    agenda: BTreeMap<(Instant, u64), Happening>,
    scheduled: u64,
    pods: BTreeMap<InstanceId, Pod>,
    /// How many Pods the quota counts.
    counted: usize,
    created: usize,
    refused: usize,
    displaced: usize,
    callers: BTreeMap<InvocationId, Caller>,
    /// The current version of each function.
    versions: [u32; FUNCTIONS],
    /// Instances of the first function to be there at any time.
    provisioned: usize,
    faults: Faults,
    random: u64,
    /// Everything the pool did, and when.
    log: Vec<(Duration, Action)>,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Call(Plan),
    HangUp(InvocationId),
    PodListens(InstanceId),
    PodFails(InstanceId),
    /// The Pod is dead from now on; nobody knows yet.
    PodDies(InstanceId),
    DeathIsSeen(InstanceId),
    RunEnds(InstanceId, InvocationId),
    PodIsRefused(InstanceId),
    /// No node has taken it for so long.
    PodIsUnscheduled(InstanceId),
    /// Its deletion is confirmed; its containers may still be running.
    PodIsDeleted(InstanceId),
    PodIsGone(InstanceId),
    QuotaIsRecounted,
    Shutdown,
}

#[derive(Debug)]
struct Pod {
    deploy: DeployId,
    /// The quota is used up: there is no Pod.
    refused: bool,
    /// No node is large enough for it.
    too_large: bool,
    listens: bool,
    dead: bool,
    deleting: bool,
    asked_to_stop: bool,
    /// The caller of what it runs hung up.
    deserted: bool,
    runs: Option<InvocationId>,
}

#[derive(Debug)]
struct Caller {
    plan: Plan,
    deploy: DeployId,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Waits,
    Runs,
    Finished,
    Failed,
    Aborted,
    HungUp,
}

impl Sim {
    #[expect(clippy::disallowed_methods, reason = "a simulation needs some instant to count from")]
    fn new(house: u32, faults: Faults, seed: u64) -> Self {
        let config = Config {
            max_concurrency: CONCURRENCY.try_into().expect("not zero"),
            max_instances: house.try_into().expect("not zero"),
            handover_after: HANDOVER_AFTER,
            queue_limit: 10_000,
            ..Config::default()
        };
        let now = Instant::now();
        Self {
            pool: Pool::new(config),
            house: house as usize,
            origin: now,
            now,
            agenda: BTreeMap::new(),
            scheduled: 0,
            pods: BTreeMap::new(),
            counted: 0,
            created: 0,
            refused: 0,
            displaced: 0,
            callers: BTreeMap::new(),
            versions: [1; FUNCTIONS],
            provisioned: 0,
            faults,
            random: seed,
            log: Vec::new(),
        }
    }

    fn schedule(&mut self, plans: &[Plan]) {
        let mut after = Duration::ZERO;
        for plan in plans {
            after += Duration::from_millis(plan.after_ms);
            self.at(after, Happening::Call(*plan));
        }
    }

    fn provision(&mut self, count: usize) {
        self.provisioned = count;
        let deploy = self.deploy(0);
        self.tell(Event::Provision { deploy, count });
    }

    /// Runs for so long, and until nothing is due then.
    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end && self.advance() {}
    }

    /// Runs until the last call was made and answered; an hour is more than any back-off or timeout explains.
    fn run_until_answered(&mut self) {
        let deadline = self.now + Duration::from_secs(3_600);
        while self.has_calls_ahead() || self.callers.values().any(|caller| !caller.is_answered()) {
            assert!(self.now < deadline, "unanswered after an hour: {:?}", self.callers);
            assert!(self.advance(), "nothing will happen any more, but callers wait: {:?}", self.callers);
        }
    }

    /// Runs until the only call of a function is served, and says how long that took.
    fn wait_of_the_only_caller_of(&mut self, function: usize) -> Duration {
        let newest = |sim: &Self| sim.callers.last_key_value().map(|(id, caller)| (*id, caller.plan.function));
        while newest(self).is_none_or(|(_, called)| called != function) {
            assert!(self.advance(), "nobody calls it");
        }
        let (invocation, _) = newest(self).expect("just seen");
        let called = self.now;
        while self.callers[&invocation].outcome == Outcome::Waits {
            assert!(self.advance(), "nothing will happen any more, but the caller waits");
        }
        self.now - called
    }

    /// Runs until pool and cluster are empty, which must come by itself.
    fn run_until_deserted(&mut self) {
        while self.advance() {}
        assert!(self.pool.is_empty(), "the pool holds {:?}", self.pool.instances().collect::<Vec<_>>());
        assert!(self.pods.is_empty(), "the cluster holds {:?}", self.pods);
    }

    /// With every call answered, a Pod of an old version is on its way out, or runs on for a caller that hung up.
    fn assert_old_versions_are_gone(&self) {
        let current: Vec<_> = (0..FUNCTIONS).map(|function| self.deploy(function)).collect();
        let hung_up = |invocation| self.callers[&invocation].outcome == Outcome::HungUp;
        for view in self.pool.instances().filter(|view| !current.contains(view.deploy)) {
            let expected = if view.invocation.is_some_and(hung_up) { "draining" } else { "stopping" };
            assert_eq!(view.state.name(), expected, "{view:?}");
        }
    }

    fn outcomes(&self, outcome: Outcome) -> usize {
        self.callers.values().filter(|caller| caller.outcome == outcome).count()
    }

    fn has_calls_ahead(&self) -> bool {
        self.agenda.values().any(|happening| matches!(happening, Happening::Call(_)))
    }

    /// Lets the next thing happen, be it in the cluster or a deadline of the pool.
    fn advance(&mut self) -> bool {
        let next = self.agenda.first_key_value().map(|(key, _)| key.0);
        let deadline = self.pool.poll_timeout().map(|(deadline, _)| deadline);
        match (next, deadline) {
            (Some(next), deadline) if deadline.is_none_or(|deadline| next <= deadline) => {
                let ((at, _), happening) = self.agenda.pop_first().expect("just seen");
                self.now = at;
                self.happen(happening);
            }
            (_, Some(deadline)) => {
                assert!(deadline >= self.now, "a deadline in the past");
                self.now = deadline;
                self.pool.handle_timeout(deadline);
            }
            (_, None) => return false,
        }
        while let Some(action) = self.pool.poll_action() {
            self.log.push((self.now - self.origin, action.clone()));
            self.carry_out(action);
        }
        true
    }
}

// === what happens in the cluster ===

impl Sim {
    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Call(plan) => self.call(plan),
            Happening::HangUp(invocation) => self.hang_up(invocation),
            Happening::PodListens(instance) => {
                if let Some(pod) = self.pods.get_mut(&instance).filter(|pod| !pod.dead && !pod.deleting) {
                    pod.listens = true;
                    self.tell(Event::Started { instance });
                }
            }
            Happening::PodFails(instance) => {
                if let Some(pod) = self.pods.get_mut(&instance).filter(|pod| !pod.deleting) {
                    pod.dead = true;
                    self.tell(Event::StartFailed { instance, reason: "image cannot be pulled".into() });
                }
            }
            Happening::PodDies(instance) => {
                if let Some(pod) = self.pods.get_mut(&instance) {
                    pod.dead = true;
                    let delay = self.between(1, 500);
                    self.after(delay, Happening::DeathIsSeen(instance));
                }
            }
            Happening::DeathIsSeen(instance) => self.tell(Event::Lost { instance, reason: "OOMKilled".into() }),
            Happening::RunEnds(instance, invocation) => self.run_ends(instance, invocation),
            Happening::PodIsDeleted(instance) => {
                let pod = self.pods.remove(&instance).expect("a Pod is deleted once");
                self.tell(Event::Stopped { instance });
                if pod.refused {
                    return self.tell(Event::NeverThere { instance });
                }
                if pod.too_large {
                    // It has no process that would have to end first.
                    return self.tell(Event::Gone { instance });
                }
                let delay = self.between(1, GRACE_MS);
                self.after(delay, Happening::PodIsGone(instance));
            }
            Happening::PodIsRefused(instance) => {
                self.tell(Event::NoRoom { instance, fit: Fit::Certain, reason: "exceeded quota".into() });
            }
            Happening::PodIsUnscheduled(instance) => {
                self.tell(Event::NoRoom { instance, fit: Fit::Doubtful, reason: "Insufficient memory".into() });
            }
            Happening::PodIsGone(instance) => {
                let delay = self.between(1, RECOUNTED_WITHIN_MS);
                self.after(delay, Happening::QuotaIsRecounted);
                self.tell(Event::Gone { instance });
            }
            Happening::QuotaIsRecounted => self.counted -= 1,
            Happening::Shutdown => self.tell(Event::Shutdown),
        }
    }

    fn call(&mut self, plan: Plan) {
        if plan.updates {
            let old = self.deploy(plan.function);
            self.versions[plan.function] += 1;
            self.tell(Event::Retire { deploy: old });
            if plan.function == 0 {
                self.provision(self.provisioned);
            }
        }
        let invocation = InvocationId(self.callers.len() as u64);
        let deploy = self.deploy(plan.function);
        self.callers.insert(invocation, Caller { plan, deploy: deploy.clone(), outcome: Outcome::Waits });
        if let Some(patience_ms) = plan.patience_ms {
            self.after(patience_ms, Happening::HangUp(invocation));
        }
        self.pool.handle(self.now, Event::Invoke { invocation, deploy });
    }

    /// A caller that waits is forgotten; what runs for one that is being served runs on.
    fn hang_up(&mut self, invocation: InvocationId) {
        let caller = self.callers.get_mut(&invocation).expect("only callers hang up");
        match caller.outcome {
            Outcome::Waits => {
                caller.outcome = Outcome::HungUp;
                self.tell(Event::Abandoned { invocation });
            }
            Outcome::Runs => {
                let serves = |(_, pod): &(&InstanceId, &mut Pod)| pod.runs == Some(invocation);
                let (instance, pod) = self.pods.iter_mut().find(serves).expect("a running call has a Pod");
                pod.deserted = true;
                caller.outcome = Outcome::HungUp;
                let event = Event::Deserted { instance: *instance, invocation };
                self.tell(event);
            }
            Outcome::Finished | Outcome::Failed | Outcome::Aborted | Outcome::HungUp => {}
        }
    }

    fn run_ends(&mut self, instance: InstanceId, invocation: InvocationId) {
        let Some(pod) = self.pods.get_mut(&instance).filter(|pod| pod.runs == Some(invocation) && !pod.dead) else {
            return;
        };
        pod.runs = None;
        let caller = self.callers.get_mut(&invocation).expect("a Pod runs what was called");
        if caller.outcome == Outcome::Runs {
            caller.outcome = Outcome::Finished;
        }
        let after = if caller.plan.spends { After::Retire } else { After::Reuse };
        self.pool.handle(self.now, Event::Finished { instance, after });
    }

    /// Events that a watch may deliver more than once.
    fn tell(&mut self, event: Event) {
        if self.chance(self.faults.event_repeats) {
            self.pool.handle(self.now, event.clone());
        }
        self.pool.handle(self.now, event);
    }
}

// === what the pool wants done ===

impl Sim {
    fn carry_out(&mut self, action: Action) {
        match action {
            Action::StartEnvironment { instance, deploy, .. } => self.start(instance, deploy),
            Action::Dispatch { invocation, instance } => self.dispatch(invocation, instance),
            Action::Fail { invocation, .. } => self.answer(invocation, Outcome::Waits, Outcome::Failed),
            Action::Abort { invocation, instance, .. } => {
                let pod = self.pods.get_mut(&instance).expect("an aborted call had a Pod");
                assert_eq!(pod.runs.take(), Some(invocation), "aborted on a Pod that runs something else");
                if !pod.deserted {
                    self.answer(invocation, Outcome::Runs, Outcome::Aborted);
                }
            }
            Action::StopEnvironment { instance, reason } => {
                self.displaced += usize::from(reason == StopReason::Displaced);
                self.delete(instance);
            }
            Action::Forget { deploy } => {
                assert!(self.pods.values().all(|pod| pod.deploy != deploy), "{deploy} is forgotten but has Pods");
            }
        }
    }

    fn start(&mut self, instance: InstanceId, deploy: DeployId) {
        if self.faults.is_too_large && deploy.as_str().starts_with("function-0-") {
            return self.start_too_large(instance, deploy);
        }
        let refused = self.faults.quota.is_some_and(|quota| self.counted >= quota);
        if let Some(pod) = self.pods.get_mut(&instance) {
            assert!((pod.refused || pod.too_large) && !pod.asked_to_stop, "{instance} was started before");
            pod.refused = refused;
            if std::mem::take(&mut pod.too_large) {
                // A larger node has come.
                self.tell(Event::Placed { instance });
            }
        } else {
            self.created += 1;
            self.add(instance, deploy).refused = refused;
        }
        if refused {
            self.refused += 1;
            let delay = self.between(1, 50);
            return self.after(delay, Happening::PodIsRefused(instance));
        }
        self.counted += 1;
        let delay = self.between(300, 3_000);
        if self.chance(self.faults.start_fails) {
            self.after(delay, Happening::PodFails(instance));
        } else if !self.chance(self.faults.start_hangs) {
            self.after(delay, Happening::PodListens(instance));
        }
        if self.chance(self.faults.pod_dies) {
            let delay = self.between(1, 20_000);
            self.after(delay, Happening::PodDies(instance));
        }
    }

    /// An autoscaler is given its time, and later the scheduler alone.
    fn start_too_large(&mut self, instance: InstanceId, deploy: DeployId) {
        let is_new = !self.pods.contains_key(&instance);
        if is_new {
            self.created += 1;
            self.add(instance, deploy).too_large = true;
        }
        self.after(if is_new { 20_000 } else { 10_000 }, Happening::PodIsUnscheduled(instance));
    }

    fn add(&mut self, instance: InstanceId, deploy: DeployId) -> &mut Pod {
        assert!(self.pods.len() < self.house, "more Pods than the cluster takes");
        let live = self.pods.values().filter(|pod| pod.deploy == deploy && !pod.asked_to_stop && !pod.deserted).count();
        assert!(live < CONCURRENCY as usize, "more Pods of {deploy} than allowed");
        let pod = Pod {
            deploy,
            refused: false,
            too_large: false,
            listens: false,
            dead: false,
            deleting: false,
            asked_to_stop: false,
            deserted: false,
            runs: None,
        };
        self.pods.entry(instance).or_insert(pod)
    }

    fn dispatch(&mut self, invocation: InvocationId, instance: InstanceId) {
        let pod = self.pods.get_mut(&instance).expect("only what exists is dispatched to");
        assert!(pod.listens && !pod.asked_to_stop && !pod.deserted, "dispatched to {pod:?}");
        assert_eq!(pod.runs.replace(invocation), None, "two invocations on one Pod");
        let caller = &self.callers[&invocation];
        assert_eq!(pod.deploy, caller.deploy, "served by another version");
        let (dead, run_ms) = (pod.dead, caller.plan.run_ms);
        self.answer(invocation, Outcome::Waits, Outcome::Runs);
        // A dead Pod's connection is found closed at the first use.
        let end = if dead { Happening::DeathIsSeen(instance) } else { Happening::RunEnds(instance, invocation) };
        self.after(if dead { 1 } else { run_ms }, end);
    }

    fn delete(&mut self, instance: InstanceId) {
        let is_lost = self.chance(self.faults.deletion_is_lost);
        let delay = self.between(1, 2_000);
        let pod = self.pods.get_mut(&instance).expect("only what exists is stopped");
        assert_eq!(pod.runs, None, "stopped while it runs an invocation");
        pod.asked_to_stop = true;
        if !is_lost && !pod.deleting {
            pod.deleting = true;
            self.after(delay, Happening::PodIsDeleted(instance));
        }
    }

    fn answer(&mut self, invocation: InvocationId, from: Outcome, to: Outcome) {
        let caller = self.callers.get_mut(&invocation).expect("only callers are answered");
        assert_eq!(caller.outcome, from, "{invocation} is answered out of turn");
        caller.outcome = to;
    }
}

// === time, chance and names ===

impl Sim {
    /// Schedules for a time since the beginning.
    fn at(&mut self, time: Duration, happening: Happening) {
        self.scheduled += 1;
        self.agenda.insert((self.origin + time, self.scheduled), happening);
    }

    /// Schedules for a time since now.
    fn after(&mut self, milliseconds: u64, happening: Happening) {
        self.at(self.now - self.origin + Duration::from_millis(milliseconds), happening);
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.between(0, 100) < percent
    }

    /// At least `low`, less than `high`.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low)
    }

    /// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn deploy(&self, function: usize) -> DeployId {
        format!("function-{function}-version-{}", self.versions[function]).into()
    }
}

impl Caller {
    fn is_answered(&self) -> bool {
        !matches!(self.outcome, Outcome::Waits | Outcome::Runs)
    }
}
