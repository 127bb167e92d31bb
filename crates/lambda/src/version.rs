//! A function with its published versions.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Moment, Stored, record::FunctionRecord};

/// The version that changes.
pub(crate) const LATEST: &str = "$LATEST";

/// A function: `$LATEST`, and the versions that were published from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Function {
    latest: Arc<FunctionRecord>,
    versions: BTreeMap<u64, Arc<FunctionRecord>>,
    /// The highest number ever given, so that none is given twice.
    last_version: u64,
}

impl Function {
    pub(crate) fn new(latest: FunctionRecord) -> Self {
        Self { latest: Arc::new(latest), versions: BTreeMap::new(), last_version: 0 }
    }

    pub(crate) fn latest(&self) -> &Arc<FunctionRecord> {
        &self.latest
    }

    /// The published versions in order.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (u64, &Arc<FunctionRecord>)> {
        self.versions.iter().map(|(number, record)| (*number, record))
    }

    /// The version that a qualifier means: `$LATEST`, or a number as it is printed.
    pub(crate) fn version(&self, qualifier: Option<&str>) -> Option<&Arc<FunctionRecord>> {
        match qualifier {
            None | Some(LATEST) => Some(&self.latest),
            Some(number) => self.versions.get(&parse_number(number)?),
        }
    }

    /// Replaces `$LATEST`; every version shows the same tags.
    pub(crate) fn set_latest(&mut self, latest: FunctionRecord) {
        self.latest = Arc::new(latest);
    }

    /// Publishes `$LATEST` under the next number, unless the newest version is already equal to it.
    pub(crate) fn publish(&mut self, moment: &Moment) -> Arc<FunctionRecord> {
        if let Some((_, newest)) = self.versions.last_key_value()
            && newest.runs_like(&self.latest)
        {
            return Arc::clone(newest);
        }
        self.last_version += 1;
        let version = Arc::new(FunctionRecord {
            version: self.last_version.to_string(),
            // A revision of its own, that still depends on nothing but the moment.
            revision_id: Moment { random: moment.random.rotate_left(64), ..*moment }.uuid(),
            ..FunctionRecord::clone(&self.latest)
        });
        self.versions.insert(self.last_version, Arc::clone(&version));
        version
    }

    /// Removes and gives a published version.
    pub(crate) fn unpublish(&mut self, number: &str) -> Option<Arc<FunctionRecord>> {
        self.versions.remove(&parse_number(number)?)
    }

    /// What the zips of all versions take, in bytes.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.records().filter_map(|record| Some(record.code()?.size)).sum()
    }

    /// The archives of all versions: their code and the layers that they use.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &Stored> {
        self.records().flat_map(|record| record.code().into_iter().chain(record.layers.iter().map(|layer| &layer.code)))
    }

    /// `$LATEST`, then the published versions.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Arc<FunctionRecord>> {
        std::iter::once(&self.latest).chain(self.versions.values())
    }
}

impl FunctionRecord {
    /// Whether two versions differ in nothing but number, revision and date.
    pub(crate) fn runs_like(&self, other: &Self) -> bool {
        let aligned = Self {
            version: other.version.clone(),
            revision_id: other.revision_id.clone(),
            last_modified_ms: other.last_modified_ms,
            ..self.clone()
        };
        aligned == *other
    }
}

/// A number as it is printed: `01` is no version.
fn parse_number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| *number > 0 && number.to_string() == text)
}
