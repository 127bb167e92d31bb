//! Resource-based policies: documents of statements that say who may do what with a resource.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, Serializer, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{Error, ErrorCode};

/// The most bytes of a policy as it is shown.
const MAX_BYTES: usize = 20_480;

/// The document of a resource, with at least one statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    version: String,
    id: Option<String>,
    statements: Vec<Rendered>,
}

/// A statement as JSON, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rendered {
    sid: Option<String>,
    json: String,
}

/// A statement in the order in which AWS renders its members.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Statement<'a> {
    pub(crate) sid: &'a str,
    pub(crate) effect: &'static str,
    pub(crate) principal: Principal,
    pub(crate) action: &'a str,
    pub(crate) resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Condition>,
}

/// Those whom a statement is about.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Principal {
    /// `*`
    Everyone(&'static str),
    Service {
        #[serde(rename = "Service")]
        service: String,
    },
    Aws {
        #[serde(rename = "AWS")]
        arn: String,
    },
}

/// The conditions under which the statement applies.
#[derive(Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Condition {
    #[serde(skip_serializing_if = "Keys::is_empty")]
    pub(crate) string_equals: Keys,
    #[serde(skip_serializing_if = "Keys::is_empty")]
    pub(crate) bool: Keys,
    #[serde(skip_serializing_if = "Keys::is_empty")]
    pub(crate) arn_like: Keys,
}

/// Condition keys with their values, in the order in which AWS renders them.
#[derive(Default, PartialEq)]
pub(crate) struct Keys(Vec<(&'static str, String)>);

/// A document as a user writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    version: String,
    id: Option<String>,
    statement: Vec<Box<RawValue>>,
}

/// The facts that every statement of a resource's policy has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    sid: Option<String>,
    effect: Effect,
    #[serde(alias = "NotPrincipal")]
    principal: IgnoredAny,
    #[serde(alias = "NotAction")]
    action: IgnoredAny,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
    Deny,
}

// === impl Policy ===

impl Policy {
    /// Reads a whole document.
    ///
    /// # Errors
    ///
    /// Text that is no policy, with what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let document: Document = serde_json::from_str(text).map_err(malformed)?;
        let mut statements = Vec::new();
        let mut sids = BTreeSet::new();
        for raw in document.statement {
            let Given { sid, effect: Effect::Allow | Effect::Deny, principal: IgnoredAny, action: IgnoredAny } =
                serde_json::from_str(raw.get()).map_err(malformed)?;
            if let Some(sid) = &sid
                && !sids.insert(sid.clone())
            {
                return Err(malformed(format!("two statements have the Sid {sid}")));
            }
            statements.push(Rendered { sid, json: raw.get().to_owned() });
        }
        if statements.is_empty() {
            return Err(malformed("it has no Statement"));
        }
        Ok(Self { version: document.version, id: document.id, statements })
    }

    /// The policy with one more statement, and that statement as JSON.
    ///
    /// # Errors
    ///
    /// A statement id that is taken, a document of more than 20,480 bytes.
    pub(crate) fn with(old: Option<&Self>, statement: &Statement<'_>) -> Result<(Self, String), Error> {
        let mut policy = old.cloned().unwrap_or_else(Self::empty);
        let sid = statement.sid;
        if policy.statements.iter().any(|other| other.sid.as_deref() == Some(sid)) {
            return Err(Error::new(
                ErrorCode::ResourceConflict,
                format!(
                    "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove \
                     the existing statement."
                ),
            ));
        }
        let json = serde_json::to_string(statement).expect("a statement has string keys");
        policy.statements.push(Rendered { sid: Some(sid.to_owned()), json: json.clone() });
        let bytes = policy.text().len();
        if bytes > MAX_BYTES {
            let message = format!("The final policy size ({bytes}) is bigger than the limit ({MAX_BYTES}).");
            return Err(Error::new(ErrorCode::PolicyLengthExceeded, message));
        }
        Ok((policy, json))
    }

    /// The policy without a statement; `None` when it was the last.
    ///
    /// # Errors
    ///
    /// A statement that is not there.
    pub(crate) fn without(&self, sid: &str) -> Result<Option<Self>, Error> {
        let mut policy = self.clone();
        policy.statements.retain(|statement| statement.sid.as_deref() != Some(sid));
        if policy.statements.len() == self.statements.len() {
            let message = format!("Statement {sid} is not found in resource policy.");
            return Err(Error::new(ErrorCode::ResourceNotFound, message));
        }
        Ok((!policy.statements.is_empty()).then_some(policy))
    }

    /// The document.
    pub(crate) fn text(&self) -> String {
        let quoted = |text: &str| serde_json::to_string(text).expect("a text is JSON");
        let id = self.id.as_ref().map(|id| format!("\"Id\":{},", quoted(id))).unwrap_or_default();
        let statements: Vec<&str> = self.statements.iter().map(|statement| statement.json.as_str()).collect();
        format!("{{\"Version\":{},{id}\"Statement\":[{}]}}", quoted(&self.version), statements.join(","))
    }

    fn empty() -> Self {
        let (version, id) = ("2012-10-17".to_owned(), Some("default".to_owned()));
        Self { version, id, statements: Vec::new() }
    }
}

// === impl Keys ===

impl Keys {
    /// The keys that have a value.
    pub(crate) fn given<const N: usize>(keys: [(&'static str, Option<String>); N]) -> Self {
        Self(keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The error of those who want to change the policy of a resource without one.
pub(crate) fn no_policy() -> Error {
    Error::new(ErrorCode::ResourceNotFound, "No policy is associated with the given resource.")
}

fn malformed(why: impl std::fmt::Display) -> Error {
    Error::invalid_parameter(format!("The policy document is malformed: {why}"))
}
