//! Asynchronous invocations: what an event is for, and what is configured for it when it is about to run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Generation, Lambda, Moment, Scope,
    arn::{self, FunctionRef},
    function::{record::FunctionRecord, tenancy},
};

/// MaximumRetryAttempts where nothing is configured.
const RETRIES: u32 = 2;

/// MaximumEventAgeInSeconds where nothing is configured.
const AGE_S: u32 = 21_600;

/// The function that an event is for, as its caller named it, and for which of its tenants: the version that runs is
/// looked up at each attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTarget {
    account: String,
    region: String,
    name: String,
    qualifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
}

/// The version that runs now for an event, and what becomes of the event afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPlan {
    /// The version that runs.
    pub function: Arc<FunctionRecord>,
    /// As in [`crate::Invocation`], but 0 is possible: then the event is not to run at all.
    pub reserved_concurrency: Option<u32>,
    /// MaximumRetryAttempts, 0 to 2.
    pub retries_max: u32,
    /// MaximumEventAgeInSeconds, 60 to 21,600.
    pub age_max_s: u32,
    /// The ARN that hears of success.
    pub on_success: Option<String>,
    /// The ARN that hears of failure.
    pub on_failure: Option<String>,
    /// The ARN that gets the event itself after a failure.
    pub dead_letter: Option<String>,
    /// Since which reset all of this holds.
    pub generation: Generation,
}

// === impl EventTarget ===

impl EventTarget {
    /// The function behind a destination's ARN, which lies in the region of the function that has the destination.
    ///
    /// # Errors
    ///
    /// An ARN that names no function, or one of another region.
    pub fn destination(of: &Self, arn: &str) -> Result<Self, Error> {
        FunctionRef::parse(&of.scope(), arn, None).map(Self::from)
    }

    /// The function's name alone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 12-digit account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The region, such as `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The scope that the function lives in.
    pub fn scope(&self) -> Scope {
        Scope::new(&self.account, &self.region).unwrap_or_else(Scope::unsigned)
    }

    /// The ARN of the function itself.
    pub fn unqualified_arn(&self) -> String {
        arn::function(&self.account, &self.region, &self.name)
    }

    /// The ARN with the qualifier, `$LATEST` where none was given.
    pub fn qualified_arn(&self) -> String {
        self.reference().qualified().arn()
    }

    /// The tenant whose environment the function runs in; only functions with tenants have any.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    pub(crate) fn of_tenant(self, tenant: Option<String>) -> Self {
        Self { tenant, ..self }
    }

    fn reference(&self) -> FunctionRef {
        FunctionRef { scope: self.scope(), name: self.name.clone(), qualifier: self.qualifier.clone() }
    }
}

impl From<FunctionRef> for EventTarget {
    fn from(FunctionRef { scope, name, qualifier }: FunctionRef) -> Self {
        let (account, region) = (scope.account().to_owned(), scope.region().to_owned());
        Self { account, region, name, qualifier, tenant: None }
    }
}

// === impl Lambda ===

impl Lambda {
    /// Plans the attempt that runs now for an event, and what becomes of the event afterwards. The moment's random bits
    /// choose between the versions of an alias. As on AWS an alias does not take over what is configured for its
    /// version, and every version has the dead letter queue of `$LATEST`.
    ///
    /// # Errors
    ///
    /// The function, version or alias does not exist any more, or has tenants and the event is for none, or the other way
    /// round.
    pub fn plan_event(&self, target: &EventTarget, moment: &Moment) -> Result<EventPlan, Error> {
        let (tenant, target) = (target.tenant(), target.reference());
        let function = self.function(&target)?;
        let version = function.invoked(target.qualifier.as_deref(), moment.random).ok_or_else(|| target.not_found())?;
        tenancy::check(version, tenant)?;
        let attachments = function.attachments(target.qualifier.as_deref());
        let config = attachments.and_then(|attachments| attachments.event_invoke.clone()).unwrap_or_default();
        let given = |arn: &Option<String>| arn.clone().filter(|arn| !arn.is_empty());
        let dead_letter = function.latest().shown.dead_letter_config.as_ref();
        Ok(EventPlan {
            function: Arc::clone(version),
            reserved_concurrency: function.reserved_concurrency,
            retries_max: small(config.maximum_retry_attempts, RETRIES),
            age_max_s: small(config.maximum_event_age_s, AGE_S),
            on_success: given(&config.on_success),
            on_failure: given(&config.on_failure),
            dead_letter: dead_letter.and_then(|config| given(&config.target_arn)),
            generation: self.generation(),
        })
    }
}

/// The service model allows no values beyond 21,600.
fn small(value: Option<i64>, default: u32) -> u32 {
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or(default)
}
