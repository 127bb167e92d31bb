//! What one account has.

use std::{collections::BTreeMap, ops::Bound};

use crate::{Error, policy::Policy, role::Role};

/// Roles and policies. Two names that differ in nothing but case are the same: they are kept by their lower case.
#[derive(Debug, Default)]
pub(crate) struct Account {
    roles: BTreeMap<String, Role>,
    policies: BTreeMap<String, Policy>,
    /// How roles use policies, by the ARNs of those that some role uses; follows every change of a role.
    uses: BTreeMap<String, Uses>,
}

/// How many roles use a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Roles that the policy is attached to.
    pub(crate) attached: usize,
    /// Roles that the policy bounds.
    pub(crate) bounded: usize,
}

impl Account {
    /// Whether nothing was ever made here, or all of it is gone.
    pub(crate) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.policies.is_empty()
    }

    /// The number of roles.
    pub(crate) fn roles_len(&self) -> usize {
        self.roles.len()
    }

    /// The number of policies of the account's own.
    pub(crate) fn policies_len(&self) -> usize {
        self.policies.len()
    }

    /// The roles by their names.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// The policies by their names.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values()
    }

    /// The role with this name.
    ///
    /// # Errors
    ///
    /// `NoSuchEntity`.
    pub(crate) fn role(&self, name: &str) -> Result<&Role, Error> {
        let role = self.roles.get(&key(name)).filter(|role| role.name == name);
        role.ok_or_else(|| Error::missing(format!("The role with name {name} cannot be found.")))
    }

    /// Whether a role has this name, in whatever case.
    pub(crate) fn has_role(&self, name: &str) -> bool {
        self.roles.contains_key(&key(name))
    }

    /// The policy with this name, in whatever case.
    pub(crate) fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies.get(&key(name))
    }

    pub(crate) fn put_role(&mut self, role: Role) {
        for arn in &role.attached {
            self.uses.entry(arn.clone()).or_default().attached += 1;
        }
        if let Some(arn) = &role.boundary {
            self.uses.entry(arn.clone()).or_default().bounded += 1;
        }
        if let Some(old) = self.roles.insert(key(&role.name), role) {
            self.forget_uses(&old);
        }
    }

    pub(crate) fn remove_role(&mut self, role: &Role) {
        if let Some(old) = self.roles.remove(&key(&role.name)) {
            self.forget_uses(&old);
        }
    }

    pub(crate) fn put_policy(&mut self, policy: Policy) {
        self.policies.insert(key(&policy.name), policy);
    }

    pub(crate) fn remove_policy(&mut self, policy: &Policy) {
        self.policies.remove(&key(&policy.name));
    }

    /// How many roles use a policy.
    pub(crate) fn uses(&self, policy_arn: &str) -> Uses {
        self.uses.get(policy_arn).copied().unwrap_or_default()
    }

    /// The ARNs of the policies that roles use, in order, from the one after `after`, or from the first.
    pub(crate) fn used_after(&self, after: Option<&str>) -> impl Iterator<Item = &str> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.uses.range::<str, _>((from, Bound::Unbounded)).map(|(arn, _uses)| arn.as_str())
    }

    /// Takes a role that is no longer there off the counts.
    fn forget_uses(&mut self, role: &Role) {
        let counted = "every policy of a role that was there is counted";
        for arn in &role.attached {
            self.uses.get_mut(arn).expect(counted).attached -= 1;
        }
        if let Some(arn) = &role.boundary {
            self.uses.get_mut(arn).expect(counted).bounded -= 1;
        }
        for arn in role.attached.iter().chain(&role.boundary) {
            if self.uses(arn) == Uses::default() {
                self.uses.remove(arn);
            }
        }
    }
}

/// The name that stands for all of its spellings.
pub(crate) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}
