//! Measures how many decisions a pool takes per second: `cargo run --release -p fakecloud-pool --example throughput`.
//!
//! One decision is one event handled and its actions taken out. The pool holds 10 instances per function; half of them
//! are busy at any time, and invocations begin and end all over them. One line per number of functions shows whether a
//! decision costs the same in a large pool as in a small one.
#![expect(clippy::print_stdout, reason = "the figures are this program's purpose")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use fakecloud_pool::{Action, After, Config, DeployId, Event, InstanceId, InvocationId, Pool};

const FUNCTIONS: [usize; 4] = [1, 10, 100, 1_000];
const INSTANCES_PER_FUNCTION: usize = 10;
const DECISIONS: usize = 2_000_000;

fn main() {
    println!("functions instances decisions_per_second ns_per_decision");
    for functions in FUNCTIONS {
        let elapsed = measure(functions);
        let per_second = DECISIONS as f64 / elapsed.as_secs_f64();
        let ns = elapsed.as_nanos() as f64 / DECISIONS as f64;
        println!("{functions:>9} {:>9} {per_second:>20.0} {ns:>15.0}", functions * INSTANCES_PER_FUNCTION);
    }
}

/// Time for `DECISIONS` events, half of them invocations that begin and half that end.
fn measure(functions: usize) -> Duration {
    let mut load = Load::warm(functions);
    let begun_at = Instant::now();
    for _ in 0..DECISIONS / 2 {
        load.end_one();
        load.begin_one();
    }
    begun_at.elapsed()
}

/// A pool under steady load; `now` moves by a microsecond per event.
struct Load {
    pool: Pool,
    now: Instant,
    deploys: Vec<DeployId>,
    busy: VecDeque<(usize, InstanceId)>,
    /// Functions with an invocation to begin, in the order in which earlier ones ended.
    free: VecDeque<usize>,
    invocations: u64,
}

impl Load {
    /// Starts every instance, and ends half of the invocations again.
    fn warm(functions: usize) -> Self {
        let deploys = (0..functions).map(digest).collect();
        let (pool, now) = (Pool::new(config()), Instant::now());
        let mut load = Self { pool, now, deploys, busy: VecDeque::new(), free: VecDeque::new(), invocations: 0 };
        for _ in 0..INSTANCES_PER_FUNCTION {
            for function in 0..functions {
                load.invoke(function);
            }
        }
        for _ in 0..functions * INSTANCES_PER_FUNCTION / 2 {
            load.end_one();
        }
        load
    }

    /// Ends the oldest invocation.
    fn end_one(&mut self) {
        let (function, instance) = self.busy.pop_front().expect("half of the instances are busy");
        self.handle(Event::Finished { instance, after: After::Reuse });
        assert_eq!(self.pool.poll_action(), None, "nobody waits");
        self.free.push_back(function);
    }

    /// Begins an invocation of the function that was idle longest.
    fn begin_one(&mut self) {
        let function = self.free.pop_front().expect("half of the instances are idle");
        self.invoke(function);
    }

    fn invoke(&mut self, function: usize) {
        self.invocations += 1;
        let invocation = InvocationId(self.invocations);
        self.handle(Event::Invoke { invocation, deploy: self.deploys[function].clone() });
        let mut action = self.pool.poll_action();
        if let Some(Action::StartEnvironment { instance, .. }) = action {
            self.handle(Event::Started { instance });
            action = self.pool.poll_action();
        }
        let Some(Action::Dispatch { instance, .. }) = action else { panic!("a warm function serves at once") };
        self.busy.push_back((function, instance));
    }

    fn handle(&mut self, event: Event) {
        self.now += Duration::from_micros(1);
        self.pool.handle(self.now, event);
    }
}

/// Room for all instances there are.
fn config() -> Config {
    Config { max_instances: NonZeroU32::MAX, ..Config::default() }
}

/// Something as long as a SHA-256, and as random at its start.
fn digest(function: usize) -> DeployId {
    let mixed = (function as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}{mixed:016x}{mixed:016x}{mixed:016x}").into()
}
