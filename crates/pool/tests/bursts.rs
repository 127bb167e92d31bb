//! Bursts that are larger than the nodes: a fake cluster whose nodes start so many Pods a second and no more, however many they
//! are asked for. Time goes by in steps, and everything else comes from one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fakecloud_pool::{Action, After, Config, DeployId, Event, Fit, InstanceId, InvocationId, Pool};
use proptest::prelude::*;

const STEP: Duration = Duration::from_millis(20);

/// What the scheduler takes for one Pod.
const SCHEDULED_AFTER: Duration = Duration::from_millis(20);

/// How long a Pod that no node has room for waits before the pool hears of it.
const GRACE: Duration = Duration::from_secs(20);
const DELETED_AFTER: Duration = Duration::from_millis(50);
const GONE_AFTER: Duration = Duration::from_secs(2);

/// The one node of the clusters that tests run on.
const SMALL: Node = Node { rate: 1.6, decline: 0.0, places: 1_000 };

#[test]
fn lone_start_begins_at_once() {
    let mut sim = Sim::new(vec![SMALL], 1);
    sim.call(0, 10);
    sim.run();
    assert_eq!(sim.began(), vec![Duration::ZERO]);
}

#[test]
fn burst_of_150_is_answered_as_fast_as_the_node_goes_and_spread_over_the_whole_time() {
    let mut sim = Sim::new(vec![SMALL], 1);
    (0..150).for_each(|function| sim.call(function, 10));
    sim.run();
    let times = sim.answered();
    assert_eq!(times.len(), 150);
    let (first, half, last) = (times[0], times[75], times[149]);
    let all_at_once = 150.0 / SMALL.rate;
    assert!(last <= all_at_once * 1.05, "the last after {last} s");
    assert!(half <= last * 0.6, "half of them after {half} s, the last after {last} s");
    assert!(first <= 2.0 * 1.3 * 1.6, "the first after {first} s");
}

#[test]
fn ten_at_once_are_not_slower_than_all_at_once() {
    let mut sim = Sim::new(vec![SMALL], 1);
    (0..10).for_each(|function| sim.call(function, 10));
    sim.run();
    assert!(sim.answered()[9] <= 10.0 / SMALL.rate * 1.1, "{:?}", sim.answered());
}

#[test]
fn cluster_of_many_nodes_is_not_held_to_the_rate_of_one() {
    let mut sim = Sim::new(vec![SMALL; 50], 1);
    (0..600).for_each(|function| sim.call(function, 10));
    sim.run();
    let times = sim.answered();
    assert!(times[599] <= 600.0 / (50.0 * SMALL.rate) * 1.3, "{times:?}");
}

#[test]
fn large_node_is_filled_within_seconds() {
    let large = Node { rate: 40.0, ..SMALL };
    let mut sim = Sim::new(vec![large], 1);
    (0..150).for_each(|function| sim.call(function, 10));
    sim.run();
    assert!(sim.answered()[149] <= 150.0 / large.rate + 4.0, "{:?}", sim.answered());
}

#[test]
fn node_that_gets_slower_under_load_is_not_loaded() {
    let node = Node { decline: 0.03, ..SMALL };
    let mut sim = Sim::new(vec![node], 1);
    (0..100).for_each(|function| sim.call(function, 10));
    sim.run();
    // All at once they would share a thirtieth of its rate.
    assert!(sim.answered()[99] <= 100.0 / node.rate * 1.4, "{:?}", sim.answered());
}

#[test]
fn thousand_calls_on_a_node_with_room_for_a_hundred_are_all_answered_in_their_order() {
    let mut sim = Sim::new(vec![Node { places: 100, ..SMALL }], 1);
    (0..1_000).for_each(|function| sim.call(function, 10));
    sim.run();
    assert_eq!(
        (sim.answered().len(), sim.failed),
        (1_000, 0),
        "{:?}",
        sim.log.iter().filter(|(_, a)| matches!(a, Action::Fail { .. })).collect::<Vec<_>>()
    );
    assert_eq!(sim.turns(), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn callers_who_give_up_before_a_full_node_has_room_cost_no_start_and_change_no_order() {
    const PATIENCE_MS: u64 = 100_000;
    let mut sim = Sim::new(vec![Node { places: 100, ..SMALL }], 1);
    (0..1_000).for_each(|function| sim.call_with_patience(function, 10, (function % 3 == 0).then_some(PATIENCE_MS)));
    sim.run();
    assert_eq!((sim.answered().len() + sim.hung_up, sim.failed), (1_000, 0));
    assert!(sim.hung_up > 200, "{} gave up", sim.hung_up);
    let gave_up = |function: usize| sim.calls[function].outcome == Outcome::HungUp;
    let late = |at: Duration| at > Duration::from_millis(PATIENCE_MS);
    let in_vain: Vec<_> = sim.starts.iter().filter(|(at, function)| gave_up(*function) && late(*at)).collect();
    assert!(in_vain.is_empty(), "{in_vain:?}");
    let turns: Vec<usize> = sim.turns().into_iter().filter(|function| !gave_up(*function)).collect();
    assert!(turns.is_sorted() && turns.len() == sim.answered().len(), "{turns:?}");
}

#[test]
fn calls_beyond_a_quota_are_all_answered() {
    let mut sim = Sim::new(vec![SMALL], 1);
    sim.quota = 20;
    (0..150).for_each(|function| sim.call(function, 300));
    sim.run();
    assert_eq!((sim.answered().len(), sim.failed), (150, 0));
}

#[test]
fn pods_that_never_listen_hold_up_nobody_for_long() {
    let mut sim = Sim::new(vec![SMALL], 1);
    (0..20).for_each(|function| sim.call(HUNG + function, 10));
    (0..50).for_each(|function| sim.call(function, 10));
    sim.run();
    let times = sim.answered();
    assert_eq!(times.len(), 50);
    assert!(times[49] <= 50.0 / SMALL.rate + 120.0, "{times:?}");
}

#[test]
fn image_that_is_pulled_first_slows_nobody_down_afterwards() {
    let mut sim = Sim::new(vec![SMALL], 1);
    sim.pull = Duration::from_secs(25);
    (0..60).for_each(|function| sim.call(function, 10));
    sim.run();
    assert!(sim.answered()[59] <= 25.0 + 60.0 / SMALL.rate * 1.1, "{:?}", sim.answered());
}

#[test]
fn callers_who_give_up_in_the_queue_cost_no_start() {
    let mut sim = Sim::new(vec![SMALL], 1);
    (0..200).for_each(|function| sim.call_with_patience(function, 10, Some(10_000)));
    sim.run();
    let times = sim.answered();
    assert_eq!(times.len() + sim.hung_up, 200);
    // Those that were under way when all gave up.
    assert!(sim.starts.len() <= times.len() + 12, "{} starts for {} answers", sim.starts.len(), times.len());
}

#[test]
fn functions_get_their_first_pods_before_any_gets_its_second() {
    let mut sim = Sim::new(vec![SMALL], 1);
    (0..30).for_each(|_| sim.call(0, 60_000));
    (1..30).for_each(|function| sim.call(function, 10));
    sim.run();
    let order: Vec<usize> = sim.starts.iter().map(|(_, function)| *function).collect();
    let firsts: BTreeSet<usize> = order[..30 + BEGIN].iter().copied().collect();
    assert_eq!(firsts.len(), 30, "{order:?}");
}

#[test]
fn what_is_provisioned_gives_way_to_what_callers_wait_for() {
    let mut sim = Sim::new(vec![SMALL], 1);
    sim.feed(Event::Provision { deploy: deploy(0), count: 30 });
    (1..20).for_each(|function| sim.call(function, 10));
    sim.run();
    let of_callers = sim.starts.iter().rposition(|(_, function)| *function != 0).unwrap();
    assert!(of_callers < 19 + 2 * BEGIN, "{:?}", sim.starts);
    assert_eq!(sim.pool.deploy(&deploy(0)).map(|view| view.provisioned), Some(30));
}

#[test]
fn same_calls_have_the_same_history() {
    let history = |seed| {
        let mut sim = Sim::new(vec![SMALL, Node { rate: 3.0, ..SMALL }], seed);
        (0..80).for_each(|function| sim.call(function % 50, 500));
        sim.run();
        sim.log
    };
    assert_eq!(history(7), history(7));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_lost_and_limits_keep_their_bounds(
        nodes in prop::collection::vec(node(), 1..4),
        calls in prop::collection::vec((0..60_usize, 1..400_u64, prop::option::weighted(0.3, 100..20_000_u64)), 1..120),
        hung in 0..6_usize,
        seed: u64,
    ) {
        let mut sim = Sim::new(nodes, seed);
        (0..hung).for_each(|function| sim.call(HUNG + function, 10));
        for (function, run_ms, patience_ms) in calls {
            sim.call_with_patience(function, run_ms, patience_ms);
        }
        sim.run();
        let fails = sim.log.iter().filter(|(_, action)| matches!(action, Action::Fail { .. })).collect::<Vec<_>>();
        prop_assert_eq!(sim.failed, hung, "{:?} {:?}", fails, sim.pool.starts());
        prop_assert_eq!(sim.answered().len() + sim.hung_up + hung, sim.calls.len());
    }
}

fn node() -> impl Strategy<Value = Node> {
    (0.5..20.0_f64, 0.0..0.05_f64).prop_map(|(rate, decline)| Node { rate, decline, places: 1_000 })
}

// === the simulation ===

/// Functions from here on have Pods that never listen.
const HUNG: usize = 10_000;

/// The starts at once that the pool begins with.
const BEGIN: usize = 3;

const BOUNDS: (u32, u32) = (2, 64);

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Pods a second that it sets up at most; one alone takes a second.
    rate: f64,
    /// By how much of itself the rate falls with each start that is under way.
    decline: f64,
    /// Pods it has room for.
    places: usize,
}

struct Sim {
    pool: Pool,
    origin: Instant,
    now: Instant,
    nodes: Vec<Node>,
    /// Pods that the API server lets in.
    quota: usize,
    /// How long the image of all functions takes to pull, once a node.
    pull: Duration,
    pods: BTreeMap<InstanceId, Pod>,
    /// Those of them that start on a node.
    under_way: Vec<BTreeSet<InstanceId>>,
    on_node: Vec<usize>,
    agenda: BTreeMap<(Instant, u64), Happening>,
    scheduled: u64,
    calls: Vec<Call>,
    hung_up: usize,
    failed: usize,
    /// When which function got a start.
    starts: Vec<(Duration, usize)>,
    random: u64,
    log: Vec<(Duration, Action)>,
}

struct Pod {
    function: usize,
    node: Option<usize>,
    /// How much of its start is done, of `work`.
    done: f64,
    work: f64,
    is_set_up: bool,
    listens: bool,
    asked_to_stop: bool,
    is_refused: bool,
}

struct Call {
    run_ms: u64,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Waits,
    Runs,
    /// After so long, in seconds.
    Answered(f64),
    Failed,
    HungUp,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Refuse(InstanceId),
    Schedule(InstanceId),
    GraceEnds(InstanceId),
    RunEnds(InstanceId, usize),
    HangUp(usize),
    Deleted(InstanceId),
    Gone(InstanceId),
}

impl Sim {
    #[expect(clippy::disallowed_methods, reason = "a simulation needs some instant to count from")]
    fn new(nodes: Vec<Node>, seed: u64) -> Self {
        let config = Config {
            max_concurrency: 30.try_into().expect("not zero"),
            max_instances: 5_000.try_into().expect("not zero"),
            starts_min: BOUNDS.0.try_into().expect("not zero"),
            starts_max: BOUNDS.1.try_into().expect("not zero"),
            ..Config::default()
        };
        let now = Instant::now();
        Self {
            pool: Pool::new(config),
            origin: now,
            now,
            quota: usize::MAX,
            pull: Duration::ZERO,
            pods: BTreeMap::new(),
            under_way: vec![BTreeSet::new(); nodes.len()],
            on_node: vec![0; nodes.len()],
            nodes,
            agenda: BTreeMap::new(),
            scheduled: 0,
            calls: Vec::new(),
            hung_up: 0,
            failed: 0,
            starts: Vec::new(),
            random: seed,
            log: Vec::new(),
        }
    }

    fn call(&mut self, function: usize, run_ms: u64) {
        self.call_with_patience(function, run_ms, None);
    }

    fn call_with_patience(&mut self, function: usize, run_ms: u64, patience_ms: Option<u64>) {
        let call = self.calls.len();
        self.calls.push(Call { run_ms, outcome: Outcome::Waits });
        if let Some(patience_ms) = patience_ms {
            self.after(Duration::from_millis(patience_ms), Happening::HangUp(call));
        }
        self.feed(Event::Invoke { invocation: InvocationId(call as u64), deploy: deploy(function) });
    }

    /// Runs until all calls have ended and nothing starts any more; half an hour is more than any burst here takes.
    fn run(&mut self) {
        let deadline = self.origin + Duration::from_secs(1_800);
        let is_open = |call: &Call| matches!(call.outcome, Outcome::Waits | Outcome::Runs);
        while self.calls.iter().any(is_open) || self.pods.values().any(|pod| !pod.listens && !pod.asked_to_stop) {
            assert!(self.now < deadline, "unanswered after half an hour: {:?}", self.pool.starts());
            self.step();
        }
    }

    /// The times of the answers in seconds, soonest first.
    fn answered(&self) -> Vec<f64> {
        let time = |call: &Call| if let Outcome::Answered(time) = call.outcome { Some(time) } else { None };
        let mut times: Vec<f64> = self.calls.iter().filter_map(time).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    /// When Pods were asked for.
    fn began(&self) -> Vec<Duration> {
        self.starts.iter().map(|(at, _)| *at).collect()
    }

    /// The functions in the order of their first starts.
    fn turns(&self) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        self.starts.iter().map(|(_, function)| *function).filter(|function| seen.insert(*function)).collect()
    }

    fn step(&mut self) {
        self.now += STEP;
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let happening = entry.remove();
            self.happen(happening);
        }
        for node in 0..self.nodes.len() {
            self.work(node);
        }
        if self.pool.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
            self.pool.handle_timeout(self.now);
            self.carry_out();
        }
    }

    /// The starts of a node share its rate, and none is faster than alone.
    fn work(&mut self, node: usize) {
        let Node { rate, decline, .. } = self.nodes[node];
        let is_pulled = self.now >= self.origin + self.pull;
        let end = |pod: &Pod| if is_pulled && pod.function < HUNG { pod.work } else { pod.work / 2.0 };
        let works = |instance: &&InstanceId| self.pods[*instance].done < end(&self.pods[*instance]);
        let starting = self.under_way[node].iter().filter(works).count() as f64;
        let rate = rate / (1.0 + decline * starting);
        let speed = (rate / starting).min(1.0) * STEP.as_secs_f64();
        for instance in self.under_way[node].clone() {
            let pod = self.pods.get_mut(&instance).expect("a Pod that starts is there");
            pod.done = (pod.done + speed).min(end(pod));
            if pod.done >= pod.work / 2.0 && !pod.is_set_up {
                pod.is_set_up = true;
                self.feed(Event::SetUp { instance });
            } else if pod.done >= pod.work {
                pod.listens = true;
                self.under_way[node].remove(&instance);
                self.feed(Event::Started { instance });
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Refuse(instance) => {
                self.feed(Event::NoRoom { instance, fit: Fit::Certain, reason: "exceeded quota".into() });
            }
            Happening::Schedule(instance) => self.schedule(instance),
            Happening::GraceEnds(instance) => {
                if self.pods.get(&instance).is_some_and(|pod| pod.node.is_none() && !pod.asked_to_stop) {
                    self.feed(Event::NoRoom { instance, fit: Fit::Doubtful, reason: "Insufficient memory".into() });
                }
            }
            Happening::RunEnds(instance, call) => {
                self.calls[call].outcome = Outcome::Answered((self.now - self.origin).as_secs_f64());
                self.feed(Event::Finished { instance, after: After::Reuse });
            }
            Happening::HangUp(call) => {
                if self.calls[call].outcome == Outcome::Waits {
                    self.calls[call].outcome = Outcome::HungUp;
                    self.hung_up += 1;
                    self.feed(Event::Abandoned { invocation: InvocationId(call as u64) });
                }
            }
            Happening::Deleted(instance) => {
                let pod = &self.pods[&instance];
                if pod.node.is_none() {
                    self.pods.remove(&instance);
                    self.feed(Event::Stopped { instance });
                    return self.feed(Event::Gone { instance });
                }
                self.after(GONE_AFTER, Happening::Gone(instance));
                self.feed(Event::Stopped { instance });
            }
            Happening::Gone(instance) => {
                let pod = self.pods.remove(&instance).expect("a Pod goes once");
                let node = pod.node.expect("others go at once");
                self.under_way[node].remove(&instance);
                self.on_node[node] -= 1;
                let waiting = self.pods.iter().filter(|(_, pod)| pod.node.is_none() && !pod.asked_to_stop);
                let waiting: Vec<InstanceId> = waiting.map(|(instance, _)| *instance).collect();
                self.feed(Event::Gone { instance });
                waiting.into_iter().for_each(|instance| self.schedule(instance));
            }
        }
    }

    /// On the node with the fewest Pods, as the scheduler does.
    fn schedule(&mut self, instance: InstanceId) {
        if self.pods.get(&instance).is_none_or(|pod| pod.asked_to_stop || pod.node.is_some()) {
            return;
        }
        let has_room = |node: &usize| self.on_node[*node] < self.nodes[*node].places;
        let Some(node) = (0..self.nodes.len()).filter(has_room).min_by_key(|node| self.on_node[*node]) else {
            return self.feed(Event::Unscheduled { instance });
        };
        self.on_node[node] += 1;
        self.under_way[node].insert(instance);
        self.pods.get_mut(&instance).expect("just seen").node = Some(node);
        self.feed(Event::Scheduled { instance, node: format!("node-{node}").as_str().into() });
        self.feed(Event::Placed { instance });
    }

    fn feed(&mut self, event: Event) {
        self.pool.handle(self.now, event);
        self.carry_out();
        for (_, node) in self.pool.starts().nodes {
            assert!((BOUNDS.0 as usize..=BOUNDS.1 as usize).contains(&node.limit), "{node:?}");
        }
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.pool.poll_action() {
            self.log.push((self.now - self.origin, action.clone()));
            match action {
                Action::StartEnvironment { instance, deploy, .. } => self.start(instance, &deploy),
                Action::Dispatch { invocation, instance } => {
                    let call = usize::try_from(invocation.0).expect("an index");
                    self.calls[call].outcome = Outcome::Runs;
                    let run = Duration::from_millis(self.calls[call].run_ms);
                    self.after(run, Happening::RunEnds(instance, call));
                }
                Action::Fail { invocation, .. } => {
                    self.calls[usize::try_from(invocation.0).expect("an index")].outcome = Outcome::Failed;
                    self.failed += 1;
                }
                Action::Abort { .. } => panic!("nothing is lost here"),
                Action::StopEnvironment { instance, .. } => {
                    let pod = self.pods.get_mut(&instance).expect("only what exists is stopped");
                    if !std::mem::replace(&mut pod.asked_to_stop, true) {
                        self.after(DELETED_AFTER, Happening::Deleted(instance));
                    }
                }
                Action::Forget { .. } => {}
            }
        }
    }

    fn start(&mut self, instance: InstanceId, deploy: &DeployId) {
        let is_refused = self.pods.values().filter(|pod| !pod.is_refused).count() >= self.quota;
        if let Some(pod) = self.pods.get_mut(&instance).filter(|pod| pod.is_refused) {
            pod.is_refused = is_refused;
            return self.create(instance);
        }
        if self.pods.contains_key(&instance) {
            // The scheduler looks again by itself when a Pod has gone.
            return self.after(GRACE / 2, Happening::GraceEnds(instance));
        }
        let function = deploy.as_str().parse().expect("a number");
        self.starts.push((self.now - self.origin, function));
        let work = 0.8 + self.draw() * 0.4;
        let pod = Pod {
            function,
            node: None,
            done: 0.0,
            work,
            is_set_up: false,
            listens: false,
            asked_to_stop: false,
            is_refused,
        };
        self.pods.insert(instance, pod);
        self.create(instance);
    }

    fn create(&mut self, instance: InstanceId) {
        if self.pods[&instance].is_refused {
            return self.after(STEP, Happening::Refuse(instance));
        }
        self.after(SCHEDULED_AFTER, Happening::Schedule(instance));
        self.after(GRACE, Happening::GraceEnds(instance));
    }

    fn after(&mut self, time: Duration, happening: Happening) {
        self.scheduled += 1;
        self.agenda.insert((self.now + time, self.scheduled), happening);
    }

    /// From 0 to 1, by SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }
}

fn deploy(function: usize) -> DeployId {
    function.to_string().into()
}
