//! Forgetting everything, and telling what was looked up before that from what is there now.

use crate::{Effect, Lambda, layer::emptied::EmptiedLayers};

/// The number of resets that came before. What was resolved under an earlier one is not to run any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

impl Lambda {
    /// The present generation; the first one of each process is the same.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Forgets everything, of all accounts and regions, what runs as well, and says so of each function version. A new
    /// generation begins. The caller deletes all that was persisted, and ends what runs.
    pub fn reset(&mut self) -> Vec<Effect> {
        let removed = self.functions().map(|record| Effect::Removed { arn: record.arn() }).collect();
        self.spaces.clear();
        self.emptied = EmptiedLayers::default();
        self.generation = Generation(self.generation.0 + 1);
        removed
    }
}
