//! A function: `$LATEST`, and what was published from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    Moment, Stored,
    alias::aliases::Alias,
    arn::LATEST,
    function::{
        attachments::Attachments,
        latest_published::LATEST_PUBLISHED,
        parts::{self, Retagged},
        record::FunctionRecord,
    },
};

/// A function: `$LATEST`, and the versions that were published from it. Its record holds neither versions nor aliases nor
/// what is configured for one of them: each has a record of its own (see `parts`), which a change of it writes. Records
/// of older processes hold all of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) latest: Arc<FunctionRecord>,
    /// `$LATEST.PUBLISHED`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latest_published: Option<Arc<FunctionRecord>>,
    #[serde(default, skip_serializing)]
    pub(crate) versions: BTreeMap<u64, Arc<FunctionRecord>>,
    /// The highest number ever given, so that none is given twice.
    pub(crate) last_version: u64,
    /// The newest version's number and the description that `$LATEST` had then, if the version was given another one.
    #[serde(default)]
    redescribed: Option<(u64, String)>,
    #[serde(default, skip_serializing)]
    pub(crate) aliases: BTreeMap<String, Alias>,
    /// The number of invocations of all versions together that may run at once, if that is the function's own.
    #[serde(default)]
    pub(crate) reserved_concurrency: Option<u32>,
    /// The ARN of the code signing configuration that updates of the code are to satisfy.
    #[serde(default)]
    pub(crate) code_signing_config_arn: Option<String>,
    /// True if invocations that the function itself causes go on.
    #[serde(default)]
    pub(crate) allows_recursion: bool,
    /// The settings of single versions and aliases, by their names; `$LATEST` stands for the whole function.
    #[serde(default, serialize_with = "parts::of_latest")]
    pub(crate) attachments: BTreeMap<String, Attachments>,
    /// The last change of the tags, which gave every version a new revision.
    #[serde(default)]
    pub(crate) retagged: Option<Retagged>,
    /// The versions and aliases that have changed since their records were last written.
    #[serde(skip)]
    pub(crate) unsaved: BTreeSet<String>,
}

// === impl Function ===

impl Function {
    pub(crate) fn new(latest: FunctionRecord) -> Self {
        Self {
            latest: Arc::new(latest),
            latest_published: None,
            versions: BTreeMap::new(),
            last_version: 0,
            redescribed: None,
            aliases: BTreeMap::new(),
            reserved_concurrency: None,
            code_signing_config_arn: None,
            allows_recursion: false,
            attachments: BTreeMap::new(),
            retagged: None,
            unsaved: BTreeSet::new(),
        }
    }

    pub(crate) fn latest(&self) -> &Arc<FunctionRecord> {
        &self.latest
    }

    /// The published versions in order.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (u64, &Arc<FunctionRecord>)> {
        self.versions.iter().map(|(number, record)| (*number, record))
    }

    /// The version that a qualifier means: `$LATEST`, a number as it is printed, or an alias's first version.
    pub(crate) fn version(&self, qualifier: Option<&str>) -> Option<&Arc<FunctionRecord>> {
        let qualifier = qualifier.unwrap_or(LATEST);
        self.numbered(self.aliases.get(qualifier).map_or(qualifier, Alias::version))
    }

    /// `$LATEST`, or the version with a number as it is printed.
    pub(crate) fn numbered(&self, version: &str) -> Option<&Arc<FunctionRecord>> {
        match version {
            LATEST => Some(&self.latest),
            LATEST_PUBLISHED => self.latest_published.as_ref(),
            number => self.versions.get(&parse_number(number)?),
        }
    }

    /// The aliases by name.
    pub(crate) fn aliases(&self) -> &BTreeMap<String, Alias> {
        &self.aliases
    }

    /// Makes or replaces an alias, whose versions exist.
    pub(crate) fn set_alias(&mut self, name: String, alias: Alias) {
        self.unsaved.insert(name.clone());
        self.aliases.insert(name, alias);
    }

    /// The settings of a version, an alias or the whole function.
    pub(crate) fn attachments(&self, qualifier: Option<&str>) -> Option<&Attachments> {
        self.attachments.get(qualifier.unwrap_or(LATEST))
    }

    /// All that is configured for versions, aliases and the whole function, by their names.
    pub(crate) fn all_attachments(&self) -> &BTreeMap<String, Attachments> {
        &self.attachments
    }

    /// Changes what is configured for a version, an alias or the whole function, which exists.
    pub(crate) fn attach(&mut self, qualifier: Option<&str>, change: impl FnOnce(&mut Attachments)) {
        let qualifier = qualifier.unwrap_or(LATEST);
        self.unsaved.insert(qualifier.to_owned());
        let mut attachments = self.attachments.remove(qualifier).unwrap_or_default();
        change(&mut attachments);
        if attachments != Attachments::default() {
            self.attachments.insert(qualifier.to_owned(), attachments);
        }
    }

    /// Removes and gives an alias with all that is configured for it.
    pub(crate) fn remove_alias(&mut self, name: &str) -> Option<Alias> {
        self.unsaved.insert(name.to_owned());
        self.attachments.remove(name);
        self.aliases.remove(name)
    }

    /// Replaces `$LATEST`, which keeps its tags: every version shows the same.
    pub(crate) fn set_latest(&mut self, latest: FunctionRecord) {
        self.latest = Arc::new(latest);
    }

    /// Replaces `$LATEST` or a published version, whichever the record is.
    pub(crate) fn replace(&mut self, record: &Arc<FunctionRecord>) {
        match parse_number(&record.version) {
            Some(number) => {
                self.unsaved.insert(record.version.clone());
                self.versions.insert(number, Arc::clone(record));
            }
            None if record.version == LATEST_PUBLISHED => self.latest_published = Some(Arc::clone(record)),
            None => self.latest = Arc::clone(record),
        }
    }

    /// The newest version, if `$LATEST` is still what it was published from.
    pub(crate) fn unchanged_version(&self) -> Option<&Arc<FunctionRecord>> {
        let (number, newest) = self.versions.last_key_value()?;
        let unchanged = match &self.redescribed {
            Some((redescribed, description)) if redescribed == number => {
                FunctionRecord { description: description.clone(), ..FunctionRecord::clone(newest) }
                    .runs_like(&self.latest)
            }
            _ => newest.runs_like(&self.latest),
        };
        unchanged.then_some(newest)
    }

    /// Publishes `$LATEST` under the next number, with a description of its own if one is given.
    pub(crate) fn publish(&mut self, moment: &Moment, description: Option<String>) -> Arc<FunctionRecord> {
        self.last_version += 1;
        self.redescribed = description.as_ref().map(|_| (self.last_version, self.latest.description.clone()));
        let version = Arc::new(FunctionRecord {
            version: self.last_version.to_string(),
            // A revision of its own, that still depends on nothing but the moment.
            revision_id: Moment { random: moment.random.rotate_left(64), ..*moment }.uuid(),
            description: description.unwrap_or_else(|| self.latest.description.clone()),
            ..FunctionRecord::clone(&self.latest)
        });
        self.unsaved.insert(version.version.clone());
        self.versions.insert(self.last_version, Arc::clone(&version));
        version
    }

    /// Removes and gives a published version, which no alias runs, with all that is configured for it.
    pub(crate) fn unpublish(&mut self, number: &str) -> Option<Arc<FunctionRecord>> {
        if number == LATEST_PUBLISHED {
            return self.latest_published.take();
        }
        self.unsaved.insert(number.to_owned());
        self.attachments.remove(number);
        self.versions.remove(&parse_number(number)?)
    }

    /// The size of the zips of all versions, in bytes.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.records().filter_map(|record| Some(record.code()?.size)).sum()
    }

    /// The archives of all versions: their code and the layers that they use.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &Stored> {
        self.records().flat_map(|record| {
            record.code().into_iter().chain(record.layers.iter().filter_map(|layer| layer.code.as_ref()))
        })
    }

    /// `$LATEST`, then the published versions.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Arc<FunctionRecord>> {
        std::iter::once(&self.latest).chain(&self.latest_published).chain(self.versions.values())
    }
}

/// Tells whether a qualifier is a version's number, which no alias's name is.
pub(crate) fn is_number(qualifier: &str) -> bool {
    qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number as it is printed: `01` is no version.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| *number > 0 && number.to_string() == text)
}
