//! Provisioned environments: how many are to be ready, and how many there are, as the caller says.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Lambda,
    concurrency::provisioned::Provisioned,
    function::{function::Function, record::FunctionRecord},
    space::Space,
};

/// The number of environments of a function version that are to be ready at any time.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvisionedVersion {
    /// The version.
    pub record: Arc<FunctionRecord>,
    /// The sum of what the version and its aliases ask for; at least 1.
    pub count: u32,
}

/// The provisioned environments that a function version has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Environments that are ready or being started.
    pub allocated: u32,
    /// Environments that are ready, be they in use or not.
    pub available: u32,
    /// The reason that the others could not be started.
    pub failure: Option<String>,
}

// === impl Lambda ===

impl Lambda {
    /// The environments that are to be ready at any time, in all accounts and regions.
    pub fn provisioned(&self) -> Vec<ProvisionedVersion> {
        let functions = self.spaces().flat_map(Space::provisioned_functions);
        functions.flat_map(Function::provisioned_versions).collect()
    }

    /// Takes in what there is of it, by the ARNs of the versions, instead of what was said before. Of a version that is
    /// missing there is nothing.
    pub fn observe(&mut self, readiness: BTreeMap<String, Readiness>) {
        self.readiness = readiness;
    }

    /// The part of a version's environments that is the version's own or one of its aliases'. Each of those that ask
    /// for some is given its part in the order of their names.
    pub(crate) fn readiness_of(&self, function: &Function, qualifier: &str) -> Readiness {
        let Some(record) = function.version(Some(qualifier)) else { return Readiness::default() };
        let Some(all) = self.readiness.get(&record.arn()) else { return Readiness::default() };
        let mut left = all.clone();
        for (name, provisioned) in function.provisions_of(&record.version) {
            let part = Readiness {
                allocated: left.allocated.min(provisioned.requested),
                available: left.available.min(provisioned.requested),
                failure: left.failure.clone(),
            };
            if name == qualifier {
                return part;
            }
            left.allocated -= part.allocated;
            left.available -= part.available;
        }
        Readiness::default()
    }
}

// === impl Space ===

impl Space {
    /// The functions that have provisioned concurrency.
    pub(crate) fn provisioned_functions(&self) -> impl Iterator<Item = &Function> {
        self.provisioned.iter().filter_map(|name| self.functions().get(name))
    }
}

// === impl Function ===

impl Function {
    /// The environments that each version is to have ready, for itself and its aliases.
    fn provisioned_versions(&self) -> Vec<ProvisionedVersion> {
        let versions = self.records().map(|record| {
            let count = self.provisions_of(&record.version).map(|(_, provisioned)| provisioned.requested).sum();
            ProvisionedVersion { record: Arc::clone(record), count }
        });
        versions.filter(|version| version.count > 0).collect()
    }

    /// The requests for environments of a version, by name: its own and those of aliases of it.
    fn provisions_of(&self, version: &str) -> impl Iterator<Item = (&str, &Provisioned)> {
        let all =
            self.all_attachments().iter().filter_map(|(name, one)| Some((name.as_str(), one.provisioned.as_ref()?)));
        all.filter(move |(name, _)| match self.aliases().get(*name) {
            Some(alias) => alias.version() == version || alias.hands_over() == Some(version),
            None => *name == version,
        })
    }
}
