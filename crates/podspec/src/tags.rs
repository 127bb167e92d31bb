//! Tags of functions that count, and their meaning for the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::pairs::items;
use crate::scheduling::{Annotations, Labels, Scheduling, Tolerations};
use crate::text::is_qualified_name;
use crate::{InvalidValue, PriorityClass};

/// The beginning of the keys of tags that [`Scheduling::from_tags`] reads.
pub const TAG_PREFIX: &str = "fakecloud-k8s/";

/// Labels by which fakecloud's own Service finds its Pod: a function that has them gets the Service's requests. They
/// count in no tag.
const LABELS_OF_SERVICES: &str = "app.kubernetes.io/";

/// A tag by which a function asks something of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// `node-selector`: [`Scheduling::node_selector`].
    NodeSelector,
    /// `tolerations`: [`Scheduling::tolerations`].
    Tolerations,
    /// `labels`: [`Scheduling::labels`].
    Labels,
    /// `annotations`: [`Scheduling::annotations`].
    Annotations,
    /// `priority-class`: [`Scheduling::priority_class`].
    PriorityClass,
    /// `runtime-class`: [`Scheduling::runtime_class`].
    RuntimeClass,
}

/// Rules that say which tags of functions count.
///
/// The author of a function writes its tags; the rules are the operator's. Nothing in a tag replaces a value of the
/// operator's own, whatever the rules are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRules {
    /// The tags that count.
    pub heeded: HeededTags,
    /// Keys of taints that tags may tolerate. `*` is every key, and the toleration of every taint too.
    pub toleration_keys: KeyPrefixes,
    /// Beginnings of the keys of labels in tags.
    pub label_prefixes: KeyPrefixes,
    /// Beginnings of the keys of annotations in tags.
    pub annotation_prefixes: KeyPrefixes,
}

/// The tags that count: `off` for none, `all` for every tag with every key, or the names of tags.
///
/// The default are the four that the operator's keys and prefixes can bound: `node-selector`, `tolerations`, `labels` and
/// `annotations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeededTags {
    /// Every tag, and every key in it.
    All,
    /// These tags, and of the keys in them those that the rules allow.
    Only(BTreeSet<Tag>),
}

/// Beginnings of keys, separated by commas or white space; `*` is the beginning of every key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPrefixes(BTreeSet<String>);

/// A tag of a function that does not count, or of which a part does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tag `{key}` is ignored")]
pub struct BadTag {
    /// The tag's key.
    pub key: String,
    /// Why.
    #[source]
    pub reason: TagFault,
}

/// Why a tag does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagFault {
    /// The value is none of its kind, or the tag has another name than the six.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The operator does not let functions decide this.
    #[error("the operator's rules leave `{0}` to the operator alone")]
    NotHeeded(Tag),
    /// The operator does not let functions use this key.
    #[error("the operator's rules allow no key `{key}` in `{tag}`")]
    Key {
        /// The tag with the key.
        tag: Tag,
        /// The key that is left out. The rest of the tag counts.
        key: String,
    },
    /// A label by which Services find Pods.
    #[error("labels `{LABELS_OF_SERVICES}…` choose the Pods of Services, so that no function may set `{0}`")]
    LabelOfServices(String),
}

// === impl Tag ===

impl Tag {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NodeSelector,
        Self::Tolerations,
        Self::Labels,
        Self::Annotations,
        Self::PriorityClass,
        Self::RuntimeClass,
    ];

    /// The key of the tag after [`TAG_PREFIX`].
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeSelector => "node-selector",
            Self::Tolerations => "tolerations",
            Self::Labels => "labels",
            Self::Annotations => "annotations",
            Self::PriorityClass => "priority-class",
            Self::RuntimeClass => "runtime-class",
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tag {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let expected = "expected one of node-selector, tolerations, labels, annotations, priority-class, runtime-class";
        let tag = Self::ALL.into_iter().find(|tag| tag.name() == text);
        tag.ok_or_else(|| InvalidValue::new("tag", text, expected))
    }
}

// === impl HeededTags ===

impl Default for HeededTags {
    fn default() -> Self {
        Self::Only([Tag::NodeSelector, Tag::Tolerations, Tag::Labels, Tag::Annotations].into())
    }
}

impl FromStr for HeededTags {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "off" => Ok(Self::Only(BTreeSet::new())),
            "all" => Ok(Self::All),
            list => {
                let named = items(list).iter().map(|name| name.parse()).collect::<Result<BTreeSet<Tag>, _>>();
                named.ok().filter(|named| !named.is_empty()).map(Self::Only).ok_or_else(|| {
                    let expected = "expected off, all, or some of node-selector, tolerations, labels, annotations, \
                                    priority-class and runtime-class, separated by commas";
                    InvalidValue::new("list of tags", text, expected)
                })
            }
        }
    }
}

// === impl KeyPrefixes ===

impl KeyPrefixes {
    fn begin(&self, key: &str) -> bool {
        self.0.iter().any(|prefix| prefix == "*" || key.starts_with(prefix.as_str()))
    }

    fn name(&self, key: Option<&str>) -> bool {
        self.0.iter().any(|allowed| allowed == "*" || key == Some(allowed.as_str()))
    }
}

impl FromStr for KeyPrefixes {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let all = items(text);
        // The beginning of a key, which ends anywhere in it: it is a key once something follows.
        let bad = all.iter().find(|prefix| *prefix != "*" && !is_qualified_name(&format!("{prefix}x")));
        if bad.is_some() {
            let expected = "expected keys or their beginnings, such as `team.example.com/`, or `*` for all, separated \
                            by commas";
            return Err(InvalidValue::new("keys", text, expected));
        }
        Ok(Self(all.into_iter().collect()))
    }
}

// === impl TagRules ===

impl TagRules {
    /// Every tag counts, as for operators who write the functions themselves.
    pub fn all() -> Self {
        Self { heeded: HeededTags::All, ..Self::default() }
    }

    fn heed(&self, tag: Tag) -> bool {
        match &self.heeded {
            HeededTags::All => true,
            HeededTags::Only(named) => named.contains(&tag),
        }
    }

    fn bound_keys(&self) -> bool {
        self.heeded != HeededTags::All
    }
}

// === impl Scheduling ===

impl Scheduling {
    /// Reads a function's settings from its tags: `fakecloud-k8s/` and then the name of a [`Tag`]. Other tags are none of
    /// its business.
    ///
    /// A tag that does not count does not spoil the rest: the reason comes back beside the settings.
    pub fn from_tags(tags: &BTreeMap<String, String>, rules: &TagRules) -> (Self, Vec<BadTag>) {
        let mut settings = Self::default();
        let mut bad = Vec::new();
        for (key, value) in tags {
            let Some(name) = key.strip_prefix(TAG_PREFIX) else { continue };
            let faults = settings.set(name, value, rules).unwrap_or_else(|fault| vec![fault]);
            bad.extend(faults.into_iter().map(|reason| BadTag { key: key.clone(), reason }));
        }
        (settings, bad)
    }

    /// Takes what counts of one tag; gives why the rest does not.
    fn set(&mut self, name: &str, value: &str, rules: &TagRules) -> Result<Vec<TagFault>, TagFault> {
        let tag: Tag = name.parse()?;
        if !rules.heed(tag) {
            return Err(TagFault::NotHeeded(tag));
        }
        let mut faults = Vec::new();
        match tag {
            Tag::NodeSelector => self.node_selector = value.parse()?,
            Tag::Tolerations => self.tolerations = tolerations(value.parse()?, rules, &mut faults),
            Tag::Labels => self.labels = labels(value.parse()?, rules, &mut faults),
            Tag::Annotations => self.annotations = annotations(value.parse()?, rules, &mut faults),
            Tag::PriorityClass => self.priority_class = Some(value.parse::<PriorityClass>()?),
            Tag::RuntimeClass => self.runtime_class = Some(value.parse()?),
        }
        Ok(faults)
    }
}

fn tolerations(mut asked: Tolerations, rules: &TagRules, faults: &mut Vec<TagFault>) -> Tolerations {
    if rules.bound_keys() {
        asked.0.retain(|toleration| {
            let key = toleration.key.as_deref();
            let allowed = rules.toleration_keys.name(key);
            if !allowed {
                faults.push(TagFault::Key { tag: Tag::Tolerations, key: key.unwrap_or("*").to_owned() });
            }
            allowed
        });
    }
    asked
}

fn labels(mut asked: Labels, rules: &TagRules, faults: &mut Vec<TagFault>) -> Labels {
    asked.0.retain(|key, _| {
        let fault = if key.starts_with(LABELS_OF_SERVICES) {
            TagFault::LabelOfServices(key.clone())
        } else if rules.bound_keys() && !rules.label_prefixes.begin(key) {
            TagFault::Key { tag: Tag::Labels, key: key.clone() }
        } else {
            return true;
        };
        faults.push(fault);
        false
    });
    asked
}

fn annotations(mut asked: Annotations, rules: &TagRules, faults: &mut Vec<TagFault>) -> Annotations {
    asked.0.retain(|key, _| {
        let allowed = !rules.bound_keys() || rules.annotation_prefixes.begin(key);
        if !allowed {
            faults.push(TagFault::Key { tag: Tag::Annotations, key: key.clone() });
        }
        allowed
    });
    asked
}

#[cfg(test)]
mod tests;
