//! Parts of a function with records of their own: its versions and aliases with all that is configured for them. A
//! change writes the records of what it changed, however many others there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Change, Moment, Scope,
    alias::aliases::Alias,
    arn::LATEST,
    function::{
        attachments::Attachments,
        function::{Function, parse_number},
        record::FunctionRecord,
    },
    persist::{self, Kind},
};

/// The record of a version or an alias.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    version: Option<Arc<FunctionRecord>>,
    alias: Option<Alias>,
    attachments: Option<Attachments>,
    /// The number of times that the function had got new tags when this was written.
    retags: u64,
}

/// A change of a function's tags. It is written once, into the function's record; the records of versions that are older
/// get the tags and the revision when they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retagged {
    /// The number of changes so far.
    count: u64,
    /// The random bits of the change, in hex, from which each version's revision is made.
    random: String,
}

/// A part that belongs to nothing: its function is gone, or had not got that far, when a process was killed.
pub(crate) struct Orphan;

/// Only what is configured for the function as a whole stands in its own record.
pub(crate) fn of_latest<S: Serializer>(all: &BTreeMap<String, Attachments>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(all.get_key_value(LATEST))
}

// === impl Retagged ===

impl Retagged {
    /// A change that follows another one.
    pub(crate) fn after(before: Option<&Self>, moment: &Moment) -> Self {
        Self { count: before.map_or(0, |before| before.count) + 1, random: format!("{:x}", moment.random) }
    }

    /// A version, 0 for `$LATEST`, as the change leaves it.
    pub(crate) fn apply(
        &self,
        record: &FunctionRecord,
        number: u64,
        tags: &BTreeMap<String, String>,
    ) -> Arc<FunctionRecord> {
        let random = u128::from_str_radix(&self.random, 16).unwrap_or_default();
        let revision_id = Moment { epoch_ms: 0, random }.nth(number).uuid();
        Arc::new(FunctionRecord { tags: tags.clone(), revision_id, ..record.clone() })
    }
}

// === impl Function ===

impl Function {
    /// Gives every version these tags, and each a new revision. The function's record says so for all of them.
    pub(crate) fn retag(&mut self, moment: &Moment, tags: &BTreeMap<String, String>) {
        let retagged = Retagged::after(self.retagged.as_ref(), moment);
        self.latest = retagged.apply(&self.latest, 0, tags);
        self.latest_published = self.latest_published.as_ref().map(|record| retagged.apply(record, u64::MAX, tags));
        for (number, version) in &mut self.versions {
            *version = retagged.apply(version, *number, tags);
        }
        self.retagged = Some(retagged);
    }

    /// The changes to persist so that the function is on disk as it is here. `old` is what was there before. The
    /// function's own record comes last: before that, a new version does not count.
    pub(crate) fn save(&mut self, scope: &Scope, name: &str, old: Option<&Self>) -> Vec<Change> {
        let unsaved = std::mem::take(&mut self.unsaved);
        let parts = unsaved.iter().filter(|qualifier| *qualifier != LATEST);
        let mut changes: Vec<Change> = parts.map(|qualifier| self.save_part(scope, name, qualifier)).collect();
        let own = persist::put(scope, Kind::Function, name, self);
        if old.is_none_or(|old| persist::put(scope, Kind::Function, name, old) != own) {
            changes.push(own);
        }
        changes
    }

    /// The changes to persist so that nothing of the function is left. Its own record goes first: what is left without
    /// it is nothing.
    pub(crate) fn delete(&self, scope: &Scope, name: &str) -> Vec<Change> {
        let own = persist::delete(scope, Kind::Function, name);
        let part = |qualifier: String| persist::delete(scope, Kind::Function, &persist::part(name, &qualifier));
        std::iter::once(own).chain(self.qualifiers().into_iter().map(part)).collect()
    }

    /// The changes to persist where the function's own record still holds what has records of its own today.
    pub(crate) fn take_apart(&mut self, scope: &Scope, name: &str) -> Option<Vec<Change>> {
        self.unsaved = self.qualifiers();
        (!self.unsaved.is_empty()).then(|| self.save(scope, name, None))
    }

    /// Takes in what was read of a version or alias.
    ///
    /// # Errors
    ///
    /// A version that the function's own record does not know of.
    pub(crate) fn take_part(&mut self, qualifier: &str, part: Part) -> Result<(), Orphan> {
        let Part { version, alias, attachments, retags } = part;
        if let Some(record) = version {
            let number = parse_number(qualifier).filter(|number| *number <= self.last_version).ok_or(Orphan)?;
            let newer = self.retagged.as_ref().filter(|retagged| retagged.count > retags);
            let record = match newer {
                Some(retagged) => retagged.apply(&record, number, &self.latest.tags),
                None => record,
            };
            self.versions.insert(number, record);
        }
        self.aliases.extend(alias.map(|alias| (qualifier.to_owned(), alias)));
        self.attachments.extend(attachments.map(|attachments| (qualifier.to_owned(), attachments)));
        Ok(())
    }

    fn save_part(&self, scope: &Scope, name: &str, qualifier: &str) -> Change {
        let version = parse_number(qualifier).and_then(|number| self.versions.get(&number)).cloned();
        let alias = self.aliases().get(qualifier).cloned();
        let attachments = self.attachments(Some(qualifier)).cloned();
        let name = persist::part(name, qualifier);
        if version.is_none() && alias.is_none() && attachments.is_none() {
            return persist::delete(scope, Kind::Function, &name);
        }
        let retags = self.retagged.as_ref().map_or(0, |retagged| retagged.count);
        persist::put(scope, Kind::Function, &name, &Part { version, alias, attachments, retags })
    }

    /// The names of all that has a record of its own.
    fn qualifiers(&self) -> BTreeSet<String> {
        let versions = self.versions.keys().map(u64::to_string);
        let configured = self.attachments.keys().filter(|name| *name != LATEST).cloned();
        versions.chain(self.aliases.keys().cloned()).chain(configured).collect()
    }
}
