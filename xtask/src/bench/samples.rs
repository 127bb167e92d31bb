//! Measured times and what is quoted of them.

use std::time::Duration;

/// Times of the same thing, measured again and again.
#[derive(Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The median in milliseconds.
    pub(crate) fn median_ms(&self) -> f64 {
        self.percentile_ms(50)
    }

    /// The smallest sample that is not below `percent` % of all, in milliseconds.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).map_or(f64::NAN, |sample| sample.as_secs_f64() * 1e3)
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

/// The figure in the middle, the upper one of two.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_whatever_the_order() {
        let samples: Samples = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(samples.median_ms(), 100.0);
        assert_eq!(samples.percentile_ms(99), 198.0);
        assert_eq!(samples.percentile_ms(100), 200.0);
    }

    #[test]
    fn median_of_few_is_the_one_in_the_middle() {
        let samples: Samples = [9, 1, 5].map(Duration::from_millis).into_iter().collect();
        assert_eq!(samples.median_ms(), 5.0);
        let one: Samples = [Duration::from_millis(7)].into_iter().collect();
        assert_eq!((one.median_ms(), one.percentile_ms(99)), (7.0, 7.0));
    }
}
