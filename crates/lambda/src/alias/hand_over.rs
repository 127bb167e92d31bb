//! An alias with provisioned concurrency that was given another version: the old one serves until the new one is ready.
//!
//! AWS shows this as a weight of 1 for the old version, which goes away when all environments of the new one are
//! allocated, and stays if they cannot be.

use std::sync::Arc;

use crate::{Change, Lambda, Scope, arn::FunctionRef, function::record::FunctionRecord, space::Space};

/// An alias whose invocations are to go over to another version.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOver {
    /// The version that is to take them, once its provisioned environments are ready.
    pub to: Arc<FunctionRecord>,
    /// The version that serves them until then.
    pub from: Arc<FunctionRecord>,
    alias: String,
    revision_id: String,
}

// === impl Lambda ===

impl Lambda {
    /// The aliases that wait for their new versions, in all accounts and regions.
    pub fn hand_overs(&self) -> Vec<HandOver> {
        self.spaces().flat_map(Space::hand_overs).collect()
    }

    /// From now on, the alias runs its new version only. Gives what to persist; nothing if somebody changed the alias
    /// meanwhile, or deleted it.
    pub fn hand_over(&mut self, hand_over: &HandOver) -> Option<Vec<Change>> {
        let HandOver { to, from: _, alias: name, revision_id } = hand_over;
        let scope = Scope::new(&to.account, &to.region)?;
        let target = FunctionRef { scope, name: to.name.clone(), qualifier: None };
        let mut function = self.function(&target).ok()?.clone();
        let alias = function.aliases().get(name).filter(|alias| alias.revision_id() == revision_id)?;
        let alias = alias.hands_over().map(|_| alias.handed_over())?;
        function.set_alias(name.clone(), alias);
        Some(self.save_function(&target, function))
    }
}

// === impl Space ===

impl Space {
    fn hand_overs(&self) -> impl Iterator<Item = HandOver> {
        let functions = self.provisioned_functions();
        functions.flat_map(|function| {
            function.aliases().iter().filter_map(|(name, alias)| {
                let from = Arc::clone(function.numbered(alias.hands_over()?)?);
                let to = Arc::clone(function.numbered(alias.version())?);
                Some(HandOver { to, from, alias: name.clone(), revision_id: alias.revision_id().to_owned() })
            })
        })
    }
}
