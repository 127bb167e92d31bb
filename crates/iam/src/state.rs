//! The state of all accounts, and the one place where it is changed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    Call, Caller, Change, Error, Moment, Response, account::Account, answer::Answer, given::Given, persist,
    policy::Policy, role::Role,
};

/// IAM and STS of all accounts.
#[derive(Debug, Default)]
pub struct Iam {
    pub(crate) accounts: BTreeMap<String, Account>,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The answer, to be sent when the changes are on disk.
    pub response: Response,
    /// What to persist, in this order; empty when nothing changed.
    pub changes: Vec<Change>,
}

/// What an action has at hand.
pub(crate) struct At<'a> {
    pub(crate) action: &'static str,
    pub(crate) caller: &'a Caller,
    pub(crate) moment: &'a Moment,
    /// What the caller's account has.
    pub(crate) account: &'a mut Account,
    changes: Vec<Change>,
}

impl Iam {
    /// Carries out one call. When it fails, nothing has changed.
    ///
    /// # Errors
    ///
    /// AWS's errors.
    pub fn apply(&mut self, caller: &Caller, moment: &Moment, call: &Call, request_id: &str) -> Result<Applied, Error> {
        // An account that was only asked for is not kept.
        let mut account = self.accounts.remove(caller.account()).unwrap_or_default();
        let mut at = At { action: call.action, caller, moment, account: &mut account, changes: Vec::new() };
        let answer = (call.run)(&mut at, &mut Given::new(&call.parameters));
        let changes = at.changes;
        if !account.is_empty() {
            self.accounts.insert(caller.account().to_owned(), account);
        }
        let answer = answer?;
        Ok(Applied { response: answer.respond(call.service, call.action, request_id), changes })
    }

    /// Forgets all accounts. The caller deletes everything that it persisted.
    pub fn reset(&mut self) {
        self.accounts.clear();
    }
}

// === impl At ===

impl At<'_> {
    /// A result with these members.
    pub(crate) fn answer(&self, result: &impl Serialize) -> Answer {
        Answer::of(self.action, result)
    }

    /// The 12 digits of the caller's account.
    pub(crate) fn account_id(&self) -> &str {
        self.caller.account()
    }

    /// A role with this content is there now.
    pub(crate) fn put_role(&mut self, role: Role) {
        self.changes.push(persist::put_role(self.account_id(), &role));
        self.account.put_role(role);
    }

    /// A role is gone.
    pub(crate) fn remove_role(&mut self, role: &Role) {
        self.changes.push(persist::delete_role(self.account_id(), role));
        self.account.remove_role(role);
    }

    /// A policy with this content is there now.
    pub(crate) fn put_policy(&mut self, policy: Policy) {
        self.changes.push(persist::put_policy(self.account_id(), &policy));
        self.account.put_policy(policy);
    }

    /// A policy is gone.
    pub(crate) fn remove_policy(&mut self, policy: &Policy) {
        self.changes.push(persist::delete_policy(self.account_id(), policy));
        self.account.remove_policy(policy);
    }
}
