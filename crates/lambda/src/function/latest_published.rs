//! `$LATEST.PUBLISHED`: the version without a number that functions on capacity providers may be published to, again and
//! again. Who names no version of such a function gets this one.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-version-publishing.html>

use std::sync::Arc;

use crate::{
    Error, Moment,
    function::{function::Function, record::FunctionRecord},
};

/// The version's name.
pub(crate) const LATEST_PUBLISHED: &str = "$LATEST.PUBLISHED";

/// The version that a publication makes: `PublishTo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublishTo {
    /// The next number.
    NextNumber,
    /// `$LATEST.PUBLISHED`, whether it is there already or not.
    LatestPublished,
}

// === impl PublishTo ===

impl PublishTo {
    /// Reads the version that a request asks for.
    ///
    /// # Errors
    ///
    /// `PublishTo` for a function that is on no capacity provider: AWS has this version for the others alone.
    pub(crate) fn of(member: Option<&str>, record: &FunctionRecord) -> Result<Self, Error> {
        match member {
            None => Ok(Self::NextNumber),
            Some(_) if record.capacity_provider_arn().is_some() => Ok(Self::LatestPublished),
            Some(publish_to) => Err(Error::invalid_parameter(format!(
                "PublishTo={publish_to} is for functions on capacity providers, and {} is on none: leave it out, or create \
                 the function with CapacityProviderConfig",
                record.name
            ))),
        }
    }
}

// === impl Function ===

impl Function {
    /// Publishes `$LATEST`, with a description of its own if one is given.
    pub(crate) fn publish_to(
        &mut self,
        to: PublishTo,
        moment: &Moment,
        description: Option<String>,
    ) -> Arc<FunctionRecord> {
        match to {
            PublishTo::NextNumber => self.publish(moment, description),
            PublishTo::LatestPublished => {
                let version = Arc::new(FunctionRecord {
                    version: LATEST_PUBLISHED.to_owned(),
                    revision_id: Moment { random: moment.random.rotate_left(64), ..*moment }.uuid(),
                    description: description.unwrap_or_else(|| self.latest().description.clone()),
                    ..FunctionRecord::clone(self.latest())
                });
                self.latest_published = Some(Arc::clone(&version));
                version
            }
        }
    }

    /// The version that runs for who names none.
    pub(crate) fn unqualified(&self) -> &Arc<FunctionRecord> {
        self.latest_published.as_ref().unwrap_or_else(|| self.latest())
    }
}
