//! Numbers of invocations or environments by the version that they are of.

/// A number for each version with any. The first version takes no memory on the heap; mostly it is the only one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VersionCounts {
    first: (u64, u32),
    more: Vec<(u64, u32)>,
}

impl VersionCounts {
    /// No version has any.
    pub(crate) const NONE: &'static Self = &Self { first: (0, 0), more: Vec::new() };

    /// The number of one version, 0 being `$LATEST`.
    pub(crate) fn of(&self, version: u64) -> u32 {
        self.counts().filter(|(other, _)| *other == version).map(|(_, count)| count).sum()
    }

    /// The sum over all versions.
    pub(crate) fn total(&self) -> u32 {
        self.counts().map(|(_, count)| count).sum()
    }

    /// The sum of what each version has more than in `other`.
    pub(crate) fn beyond(&self, other: &Self) -> u32 {
        self.counts().map(|(version, count)| count.saturating_sub(other.of(version))).sum()
    }

    pub(crate) fn add(&mut self, version: u64, count: u32) {
        if self.first.0 == version || self.first.1 == 0 && self.place(version).is_none() {
            self.first = (version, self.first.1 + count);
        } else if let Some(place) = self.place(version) {
            self.more[place].1 += count;
        } else {
            self.more.push((version, count));
        }
    }

    /// Takes one away from a version that has any.
    pub(crate) fn remove_one(&mut self, version: u64) {
        if self.first.0 == version {
            self.first.1 = self.first.1.saturating_sub(1);
        } else if let Some(place) = self.place(version) {
            self.more[place].1 -= 1;
            if self.more[place].1 == 0 {
                self.more.swap_remove(place);
            }
        }
    }

    /// The place of a version among those after the first.
    fn place(&self, version: u64) -> Option<usize> {
        self.more.iter().position(|(other, _)| *other == version)
    }

    fn counts(&self) -> impl Iterator<Item = (u64, u32)> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_map(steps in prop::collection::vec((0..4_u64, any::<bool>()), 0..40)) {
            let (mut counts, mut map) = (VersionCounts::default(), BTreeMap::new());
            for (version, more) in steps {
                let known: &mut u32 = map.entry(version).or_default();
                if more {
                    *known += 1;
                    counts.add(version, 1);
                } else if *known > 0 {
                    *known -= 1;
                    counts.remove_one(version);
                }
                prop_assert_eq!((0..4).map(|version| counts.of(version)).collect::<Vec<_>>(),
                    (0..4).map(|version| map.get(&version).copied().unwrap_or(0)).collect::<Vec<_>>());
                prop_assert_eq!(counts.total(), map.values().sum::<u32>());
            }
        }
    }

    #[test]
    fn beyond_adds_up_what_each_version_has_more() {
        let (mut counts, mut other) = (VersionCounts::default(), VersionCounts::default());
        counts.add(0, 3);
        counts.add(1, 2);
        other.add(1, 5);
        other.add(0, 1);
        assert_eq!((counts.beyond(&other), other.beyond(&counts), counts.beyond(VersionCounts::NONE)), (2, 3, 5));
    }
}
