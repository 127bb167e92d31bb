//! How many environments one node sets up at once without getting slower, learned from how long each of them takes.

use std::time::{Duration, Instant};

/// Starts of one node that wait behind others at any moment: fewer may leave it idle now and then, more only wait.
const WAITING_MIN: f64 = 3.0;
const WAITING_MAX: f64 = 6.0;

/// What a node that gets slower keeps of its limit.
const CUT: f64 = 0.75;

/// Starts on an idle node differ by so much of their time without waiting for each other.
const NOISE: f64 = 1.4;

/// How fast a node that nobody knows yet is taken to set an environment up, in seconds: as fast as the fastest do. A node
/// that is slower by nature is taken for a busy one, and its limit stays, until one of its starts was alone.
const FASTEST: f64 = 0.5;

/// How much of the difference to a start that tells something of an idle node is taken on.
const LEARNED: f64 = 0.25;

/// The most and the fewest starts at once on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) min: usize,
    /// Not below `min`.
    pub(crate) max: usize,
}

/// The limit of one node.
///
/// A start that takes twice as long as on an idle node has spent half of its time behind others. The share of that time of all
/// starts that were under way is how many of them waited at any moment. The limit doubles with each generation of starts of
/// which none waits, grows by one while fewer than a few wait, and shrinks when more do. So it grows where starts do not slow
/// each other down, and stays where they do, whatever the rate and the speed of the node are.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    bounds: Bounds,
    limit: f64,
    /// How long each signal takes on the idle node, in seconds.
    set_up: Option<f64>,
    started: Option<f64>,
    /// Starts that began before tell nothing new of a limit that was cut then.
    cut_at: Option<Instant>,
}

/// One start whose environment is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) signal: Signal,
    pub(crate) began: Instant,
    pub(crate) took: Duration,
    /// The starts that were under way on its node when it began, itself included.
    pub(crate) beside: usize,
    /// No other one was under way there, neither then nor at the end.
    pub(crate) is_alone: bool,
    /// Whether others had to wait for a start while it was under way: a limit that nobody met tells nothing.
    pub(crate) was_limited: bool,
}

/// What a start was seen to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Its node has set it up: the work of the node alone, whatever the function and its image are.
    SetUp,
    /// It takes invocations, and nothing was heard of it before. Its image may have been pulled, and its process may be slow: a
    /// long time tells nothing, a short one does.
    Started,
}

// === impl Pace ===

impl Pace {
    pub(crate) fn new(bounds: Bounds, begin: usize) -> Self {
        let limit = begin.clamp(bounds.min, bounds.max) as f64;
        Self { bounds, limit, set_up: Some(FASTEST), started: None, cut_at: None }
    }

    /// Starts at once, within the bounds.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a limit is between two counts")]
    pub(crate) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Takes in how long a start took; says by how much the limit has grown.
    pub(crate) fn learn(&mut self, now: Instant, sample: Sample) -> usize {
        let before = self.limit();
        let took = sample.took.as_secs_f64();
        let alone = self.learn_alone(took, sample);
        let waited = sample.beside as f64 * (1.0 - NOISE * alone / took.max(f64::MIN_POSITIVE));
        if waited > WAITING_MAX {
            if sample.signal == Signal::SetUp {
                self.cut(now, sample.began);
            }
        } else if waited < WAITING_MIN && sample.was_limited {
            let step = if waited <= 0.0 { 1.0 } else { self.limit.recip() };
            self.limit = (self.limit + step).min(self.bounds.max as f64);
        }
        self.limit().saturating_sub(before)
    }

    /// How long an idle node takes, after a start that may tell something of that: one that was faster, or that was alone.
    fn learn_alone(&mut self, took: f64, sample: Sample) -> f64 {
        let remembered = match sample.signal {
            Signal::SetUp => &mut self.set_up,
            Signal::Started => &mut self.started,
        };
        let alone = match *remembered {
            Some(alone) if took < alone || sample.is_alone => alone + (took - alone) * LEARNED,
            Some(alone) => alone,
            None => took,
        };
        *remembered.insert(alone)
    }

    /// Once for all starts that were under way at the same time.
    fn cut(&mut self, now: Instant, began: Instant) {
        if self.cut_at.is_none_or(|cut_at| began >= cut_at) {
            self.limit = (self.limit * CUT).max(self.bounds.min as f64);
            self.cut_at = Some(now);
        }
    }

    /// Takes on from another node how long an idle one takes.
    pub(crate) fn expect_like(&mut self, other: &Self) {
        self.set_up = other.set_up;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: 2, max: 64 };

    #[test]
    fn limit_grows_while_starts_do_not_slow_each_other_down_and_no_further_than_its_bound() {
        let mut pace = Pace::new(BOUNDS, 6);
        let mut limits = Vec::new();
        for generation in 0..5 {
            for _ in 0..pace.limit() {
                let beside = pace.limit();
                pace.learn(at(generation + 1), sample(generation, 500, beside));
            }
            limits.push(pace.limit());
        }
        assert_eq!(limits, [12, 24, 48, 64, 64]);
    }

    #[test]
    fn limit_stays_where_starts_share_a_rate() {
        let mut pace = Pace::new(BOUNDS, 6);
        pace.learn(at(0), sample(0, 500, 1));
        for second in 1..200 {
            let beside = pace.limit();
            // Half a second alone, and a quarter for each one beside.
            pace.learn(at(second), sample(second - 1, 250 * (beside as u64 + 1), beside));
        }
        assert!((4..=9).contains(&pace.limit()), "{pace:?}");
    }

    #[test]
    fn generation_that_was_slow_cuts_the_limit_once_and_never_below_its_bound() {
        let mut pace = Pace::new(BOUNDS, 16);
        pace.learn(at(0), sample(0, 500, 1));
        for _ in 0..16 {
            pace.learn(at(10), sample(5, 5_000, 16));
        }
        assert_eq!(pace.limit(), 12);
        for second in 10..60 {
            pace.learn(at(second + 1), sample(second, 60_000, 16));
        }
        assert_eq!(pace.limit(), 2);
    }

    #[test]
    fn lone_starts_teach_nothing_of_a_limit_that_nobody_met() {
        let mut pace = Pace::new(BOUNDS, 6);
        for second in 0..100 {
            pace.learn(at(second), Sample { was_limited: false, ..sample(second, 500, 1) });
        }
        assert_eq!(pace.limit(), 6);
    }

    #[test]
    fn node_that_became_slower_for_good_gets_its_limit_back() {
        let mut pace = Pace::new(BOUNDS, 6);
        pace.learn(at(0), sample(0, 100, 1));
        for second in 1..30 {
            pace.learn(at(second), sample(second, 1_000, 1));
        }
        for second in 30..34 {
            pace.learn(at(second), sample(second, 1_000, 6));
        }
        assert!(pace.limit() > 6, "{pace:?}");
    }

    fn sample(second: u64, took_ms: u64, beside: usize) -> Sample {
        let took = Duration::from_millis(took_ms);
        Sample { signal: Signal::SetUp, began: at(second), took, beside, is_alone: beside == 1, was_limited: true }
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn at(seconds: u64) -> Instant {
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *ORIGIN.get_or_init(Instant::now) + Duration::from_secs(seconds)
    }
}
