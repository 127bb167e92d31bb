//! What one account has.

use std::collections::BTreeMap;

use crate::{Error, policy::Policy, role::Role};

/// Roles and policies. Two names that differ in nothing but case are the same: they are kept by their lower case.
#[derive(Debug, Default)]
pub(crate) struct Account {
    roles: BTreeMap<String, Role>,
    policies: BTreeMap<String, Policy>,
}

impl Account {
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
        self.roles.insert(key(&role.name), role);
    }

    pub(crate) fn remove_role(&mut self, role: &Role) {
        self.roles.remove(&key(&role.name));
    }

    pub(crate) fn put_policy(&mut self, policy: Policy) {
        self.policies.insert(key(&policy.name), policy);
    }

    pub(crate) fn remove_policy(&mut self, policy: &Policy) {
        self.policies.remove(&key(&policy.name));
    }

    /// How many roles a policy is attached to.
    pub(crate) fn attachments(&self, policy_arn: &str) -> usize {
        self.roles().filter(|role| role.attached.contains(policy_arn)).count()
    }

    /// How many roles a policy bounds.
    pub(crate) fn bounded(&self, policy_arn: &str) -> usize {
        self.roles().filter(|role| role.boundary.as_deref() == Some(policy_arn)).count()
    }
}

/// The name that stands for all of its spellings.
pub(crate) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}
