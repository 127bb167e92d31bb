//! Invocations that run, counted against reserved concurrency and the account's limit.

use std::collections::BTreeMap;

use crate::{
    Error, Generation, Invocation, Lambda, Scope,
    account::MAX_CONCURRENCY,
    alias::aliases::Alias,
    concurrency::version_counts::VersionCounts,
    function::function::{Function, parse_number},
    space::Space,
};

/// The invocations under way in one account and region; no restart outlives them, so they are not persisted.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// By function; only those with any.
    functions: BTreeMap<String, VersionCounts>,
    /// Those beyond what their functions have of their own, be it reserved or provisioned: they share the rest.
    unreserved: u32,
}

/// The concurrency that is a function's own: a reservation for all versions together, or else what is provisioned for
/// each of them.
#[derive(Debug, Default)]
pub(crate) struct Own {
    reserved: Option<u32>,
    provisioned: VersionCounts,
    /// The sum of what is provisioned. An alias that moves counts for two versions above, and once here.
    provisioned_total: u32,
}

/// One invocation under way, to be handed to [`Lambda::ended`] when its handler has ended.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an invocation that is never ended counts as running for good"]
pub struct Admitted {
    scope: Scope,
    function: String,
    /// The version's number; `$LATEST` is 0.
    version: u64,
    generation: Generation,
}

// === impl Lambda ===

impl Lambda {
    /// Counts an invocation in. Those that wait for an environment count as well; what the limits are is looked up now,
    /// whatever they were when the invocation was resolved.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException`: as many run already as the function has reserved, or, beyond what is provisioned for
    /// their versions, as provisioned environments leave of the reservation; where nothing is reserved, as the
    /// reservations of other functions leave of the account's limit. AWS refuses such an invocation at once.
    pub fn admit(&mut self, invocation: &Invocation) -> Result<Admitted, Error> {
        let record = &invocation.function;
        let scope = Scope::new(&record.account, &record.region)
            .ok_or_else(|| Error::service(format!("{} has no account or region", record.arn())))?;
        let version = version_number(&record.version);
        self.space_mut(&scope).begin(&record.name, version)?;
        Ok(Admitted { scope, function: record.name.clone(), version, generation: self.generation() })
    }

    /// Counts an invocation out, unless a reset has done so.
    pub fn ended(&mut self, admitted: &Admitted) {
        if admitted.generation != self.generation() {
            return;
        }
        self.in_space(&admitted.scope, |space| space.end(&admitted.function, admitted.version));
    }
}

fn version_number(version: &str) -> u64 {
    parse_number(version).unwrap_or(0)
}

// === impl Space ===

impl Space {
    fn begin(&mut self, name: &str, version: u64) -> Result<(), Error> {
        let own = self.functions().get(name).map_or_else(Own::default, Function::own);
        if !own.has_room(self.running.of(name), version) {
            if own.reserved.is_some() {
                return Err(Error::throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
            }
            if self.running.unreserved >= MAX_CONCURRENCY.saturating_sub(self.reserved_concurrency()) {
                return Err(Error::throttled("ConcurrentInvocationLimitExceeded"));
            }
        }
        self.running.count(name, &own, |running| running.add(version, 1));
        Ok(())
    }

    fn end(&mut self, name: &str, version: u64) {
        let own = self.functions().get(name).map_or_else(Own::default, Function::own);
        self.running.count(name, &own, |running| running.remove_one(version));
    }
}

// === impl Function ===

impl Function {
    /// The part of the account's concurrency that is this function's own.
    pub(crate) fn own(&self) -> Own {
        let mut own = Own { reserved: self.reserved_concurrency, ..Own::default() };
        for (name, attachments) in self.all_attachments() {
            let Some(requested) = attachments.provisioned.as_ref().map(|provisioned| provisioned.requested) else {
                continue;
            };
            let alias = self.aliases().get(name);
            let versions = [Some(alias.map_or(name.as_str(), Alias::version)), alias.and_then(Alias::hands_over)];
            versions.into_iter().flatten().for_each(|version| own.provisioned.add(version_number(version), requested));
            own.provisioned_total += requested;
        }
        own
    }
}

// === impl Own ===

impl Own {
    /// Tells whether one more invocation of a version fits into it.
    fn has_room(&self, running: &VersionCounts, version: u64) -> bool {
        let in_provisioned = running.of(version) < self.provisioned.of(version);
        match self.reserved {
            None => in_provisioned,
            Some(reserved) if running.total() >= reserved => false,
            Some(reserved) => {
                let rest = reserved.saturating_sub(self.provisioned_total);
                in_provisioned || running.beyond(&self.provisioned) < rest
            }
        }
    }

    /// The number of invocations under way that are beyond it.
    fn exceeded_by(&self, running: &VersionCounts) -> u32 {
        match self.reserved {
            Some(reserved) => running.total().saturating_sub(reserved),
            None => running.beyond(&self.provisioned),
        }
    }
}

// === impl Running ===

impl Running {
    /// Invocations of one function under way.
    fn of(&self, name: &str) -> &VersionCounts {
        self.functions.get(name).unwrap_or(VersionCounts::NONE)
    }

    /// A function has other concurrency of its own than before: what runs already counts accordingly from now on.
    pub(crate) fn follow(&mut self, name: &str, before: &Own, own: &Own) {
        let running = self.of(name);
        self.unreserved = self.unreserved - before.exceeded_by(running) + own.exceeded_by(running);
    }

    /// Tells whether nothing runs.
    pub(crate) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    fn count(&mut self, name: &str, own: &Own, change: impl FnOnce(&mut VersionCounts)) {
        if !self.functions.contains_key(name) {
            self.functions.insert(name.to_owned(), VersionCounts::default());
        }
        let running = self.functions.get_mut(name).expect("it was put there if it was missing");
        let before = own.exceeded_by(running);
        change(running);
        self.unreserved = self.unreserved - before + own.exceeded_by(running);
        if running.total() == 0 {
            self.functions.remove(name);
        }
    }
}
