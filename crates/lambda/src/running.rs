//! How many invocations run, and whether one more may: reserved concurrency and the account's limit at work.

use std::collections::BTreeMap;

use crate::{Error, Generation, Invocation, Lambda, Scope, account::MAX_CONCURRENCY, state::Space, version::Function};

/// The invocations under way in one account and region; no restart outlives them, so they are not persisted.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// By function; only those with any.
    functions: BTreeMap<String, u32>,
    /// Those beyond what their functions have of their own, be it reserved or provisioned: they share the rest.
    unreserved: u32,
}

/// One invocation under way, to be handed to [`Lambda::ended`] when its handler has ended.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an invocation that is never ended counts as running for good"]
pub struct Admitted {
    scope: Scope,
    function: String,
    generation: Generation,
}

// === impl Lambda ===

impl Lambda {
    /// Counts an invocation in. All versions of a function count together, those that wait for an environment as well;
    /// what the limits are is looked up now, whatever they were when the invocation was resolved.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException`: as many run already as the function has reserved, or, where it has reserved none, as
    /// the reservations of other functions leave of the account's limit. AWS refuses such an invocation at once.
    pub fn admit(&mut self, invocation: &Invocation) -> Result<Admitted, Error> {
        let record = &invocation.function;
        let scope = Scope::new(&record.account, &record.region)
            .ok_or_else(|| Error::service(format!("{} has no account or region", record.arn())))?;
        self.space_mut(&scope).begin(&record.name)?;
        Ok(Admitted { scope, function: record.name.clone(), generation: self.generation() })
    }

    /// Counts an invocation out, unless a reset has done so.
    pub fn ended(&mut self, admitted: &Admitted) {
        if admitted.generation != self.generation() {
            return;
        }
        self.space_mut(&admitted.scope).end(&admitted.function);
    }
}

// === impl Space ===

impl Space {
    fn begin(&mut self, name: &str) -> Result<(), Error> {
        let running = self.running.of(name);
        let (reserved, own) =
            self.functions().get(name).map_or((None, 0), |one| (one.reserved_concurrency, one.reserved()));
        if reserved.is_some_and(|reserved| running >= reserved) {
            return Err(Error::throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
        }
        let unreserved = MAX_CONCURRENCY.saturating_sub(self.reserved_concurrency());
        if running >= own && self.running.unreserved >= unreserved {
            return Err(Error::throttled("ConcurrentInvocationLimitExceeded"));
        }
        self.running.count(name, own, |running| running + 1);
        Ok(())
    }

    fn end(&mut self, name: &str) {
        let own = self.functions().get(name).map_or(0, Function::reserved);
        self.running.count(name, own, |running| running.saturating_sub(1));
    }
}

// === impl Running ===

impl Running {
    /// Invocations of one function under way.
    fn of(&self, name: &str) -> u32 {
        self.functions.get(name).copied().unwrap_or(0)
    }

    /// A function has other concurrency of its own than before: what runs already counts accordingly from now on.
    pub(crate) fn follow(&mut self, name: &str, own_before: u32, own: u32) {
        let running = self.of(name);
        self.unreserved = self.unreserved - running.saturating_sub(own_before) + running.saturating_sub(own);
    }

    fn count(&mut self, name: &str, own: u32, change: impl FnOnce(u32) -> u32) {
        let before = self.of(name);
        let running = change(before);
        self.unreserved = self.unreserved - before.saturating_sub(own) + running.saturating_sub(own);
        if running == 0 {
            self.functions.remove(name);
        } else {
            self.functions.insert(name.to_owned(), running);
        }
    }
}
