//! What operators and single functions ask of the cluster: nodes, tolerations, classes, labels and annotations.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::core::v1::Toleration;

use crate::names::OWN_KEY_PREFIX;
use crate::pairs::{items, pairs};
use crate::text::{is_label_value, is_qualified_name};
use crate::{InvalidValue, PriorityClass, ResourceName};

/// Settings of an operator for all functions, or of one function for itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scheduling {
    /// Labels that a node must have.
    pub node_selector: NodeSelector,
    /// Taints of nodes that Pods put up with.
    pub tolerations: Tolerations,
    /// Further annotations of the Pods.
    pub annotations: Annotations,
    /// Further labels of the Pods.
    pub labels: Labels,
    /// The PriorityClass of the Pods.
    pub priority_class: Option<PriorityClass>,
    /// The RuntimeClass of the Pods.
    pub runtime_class: Option<ResourceName>,
}

/// Declares `key=value` pairs that are checked once, when they are parsed.
macro_rules! map {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $check:expr) => {
        $(#[$meta])*
        ///
        /// Written as `key=value` pairs, separated by commas or white space; a backslash takes the next character
        /// literally.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub(crate) BTreeMap<String, String>);

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                pairs(text, $check).map(Self).map_err(|expected| InvalidValue::new($kind, text, expected))
            }
        }
    };
}

map!(
    /// Labels that a node must have.
    NodeSelector, "node selector", check_label
);

map!(
    /// Labels that Pods get. Keys that begin with `fakecloud-` are fakecloud's own and refused.
    Labels, "labels", check_own_label
);

map!(
    /// Annotations that Pods get. Keys that begin with `fakecloud-` are fakecloud's own and refused.
    Annotations, "annotations", check_annotation
);

/// Taints that Pods put up with, separated by commas or white space.
///
/// Each is `key[=value][:effect[:seconds]]`. Without a value any value is tolerated, without an effect every effect; the
/// key `*` stands for every taint. The effect is `NoSchedule`, `PreferNoSchedule` or `NoExecute`, and `seconds`, only
/// after `NoExecute`, is how long a Pod stays when such a taint comes up.
///
/// ```
/// use fakecloud_podspec::Tolerations;
/// assert!("dedicated=lambda:NoSchedule,spot,gone:NoExecute:60".parse::<Tolerations>().is_ok());
/// let error = "dedicated:Never".parse::<Tolerations>().unwrap_err();
/// assert!(error.to_string().contains("`Never` is no effect"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerations(pub(crate) Vec<Toleration>);

// === impl Scheduling ===

impl Scheduling {
    /// These settings of an operator, and what a function asks for beside them. Keys, classes and tolerated taints that
    /// the operator names stay as the operator has them.
    pub(crate) fn before(&self, function: &Self) -> Self {
        Self {
            node_selector: NodeSelector(before(&self.node_selector.0, &function.node_selector.0)),
            tolerations: self.tolerations.before(&function.tolerations),
            annotations: Annotations(before(&self.annotations.0, &function.annotations.0)),
            labels: Labels(before(&self.labels.0, &function.labels.0)),
            priority_class: self.priority_class.as_ref().or(function.priority_class.as_ref()).cloned(),
            runtime_class: self.runtime_class.as_ref().or(function.runtime_class.as_ref()).cloned(),
        }
    }
}

fn before(first: &BTreeMap<String, String>, then: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = then.clone();
    all.extend(first.clone());
    all
}

fn check_label(key: &str, value: &str) -> Result<(), String> {
    check_key(key)?;
    if is_label_value(value) {
        return Ok(());
    }
    Err(format!(
        "expected label values of at most 63 letters, digits, `-`, `_` and `.` with a letter or digit at both ends, not \
         `{value}`"
    ))
}

fn check_own_label(key: &str, value: &str) -> Result<(), String> {
    check_not_fakeclouds(key)?;
    check_label(key, value)
}

fn check_annotation(key: &str, value: &str) -> Result<(), String> {
    check_not_fakeclouds(key)?;
    check_key(key)?;
    if value.contains('\0') { Err(format!("expected no NUL in the value of `{key}`")) } else { Ok(()) }
}

fn check_key(key: &str) -> Result<(), String> {
    if is_qualified_name(key) {
        return Ok(());
    }
    Err(format!(
        "expected keys of the form `[dns.prefix/]name`, the name at most 63 letters, digits, `-`, `_` and `.` with a \
         letter or digit at both ends, not `{key}`"
    ))
}

fn check_not_fakeclouds(key: &str) -> Result<(), String> {
    if key.starts_with(OWN_KEY_PREFIX) {
        return Err(format!("expected keys that do not begin with `{OWN_KEY_PREFIX}`, not `{key}`"));
    }
    Ok(())
}

// === impl Tolerations ===

impl Tolerations {
    fn before(&self, others: &Self) -> Self {
        let mut all = self.0.clone();
        let is_new = |other: &&Toleration| !self.0.iter().any(|own| own.key == other.key);
        all.extend(others.0.iter().filter(is_new).cloned());
        Self(all)
    }
}

impl FromStr for Tolerations {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let all: Result<Vec<Toleration>, String> = items(text).iter().map(|item| toleration(item)).collect();
        all.map(Self).map_err(|expected| InvalidValue::new("tolerations", text, expected))
    }
}

fn toleration(item: &str) -> Result<Toleration, String> {
    let mut parts = item.splitn(3, ':');
    let taint = parts.next().unwrap_or(item);
    let effect = parts.next().map(effect).transpose()?;
    let seconds = match parts.next() {
        None => None,
        Some(_) if effect.as_deref() != Some("NoExecute") => {
            return Err(format!("expected seconds only after `NoExecute`, unlike in `{item}`"));
        }
        Some(digits) => {
            let seconds: u32 = digits.parse().map_err(|_| format!("expected whole seconds, not `{digits}`"))?;
            Some(i64::from(seconds))
        }
    };
    let (key, value) = match taint.split_once('=') {
        Some((key, value)) => (Some(key), Some(value)),
        None => (Some(taint).filter(|key| *key != "*"), None),
    };
    match (key, value) {
        (Some(key), Some(value)) => check_label(key, value)?,
        (Some(key), None) => check_key(key)?,
        (None, _) => {}
    }
    Ok(Toleration {
        key: key.map(str::to_owned),
        operator: Some(if value.is_some() { "Equal" } else { "Exists" }.to_owned()),
        value: value.map(str::to_owned),
        effect,
        toleration_seconds: seconds,
    })
}

fn effect(text: &str) -> Result<String, String> {
    match text {
        "NoSchedule" | "PreferNoSchedule" | "NoExecute" => Ok(text.to_owned()),
        _ => Err(format!("expected `NoSchedule`, `PreferNoSchedule` or `NoExecute`; `{text}` is no effect")),
    }
}

impl fmt::Display for Tolerations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, toleration) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            f.write_str(toleration.key.as_deref().unwrap_or("*"))?;
            toleration.value.iter().try_for_each(|value| write!(f, "={value}"))?;
            toleration.effect.iter().try_for_each(|effect| write!(f, ":{effect}"))?;
            toleration.toleration_seconds.iter().try_for_each(|seconds| write!(f, ":{seconds}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
