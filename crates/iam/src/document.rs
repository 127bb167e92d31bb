//! Policy documents: whether AWS would take them.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::{Error, ErrorCode};

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Who may assume a role.
    Trust,
    /// What a role may do, in a policy of its own.
    Permissions,
    /// The same in a policy that can be attached.
    Managed,
}

/// AWS's default quotas, in characters other than white space.
const TRUST_CHARS_MAX: usize = 2048;
const MANAGED_CHARS_MAX: usize = 6144;

const SYNTAX: &str = "Syntax errors in policy.";

/// Checks a document.
///
/// # Errors
///
/// `MalformedPolicyDocument`; `LimitExceeded` for one that is too long.
pub(crate) fn check(document: &str, kind: Kind) -> Result<(), Error> {
    let invalid = if kind == Kind::Trust { "This policy contains invalid Json" } else { SYNTAX };
    // Only what is not too long is made a tree: its smallest values take a hundred times the bytes that they are written in.
    serde_json::from_str::<IgnoredAny>(document).map_err(|_| malformed(invalid))?;
    check_length(document, kind)?;
    let policy: Map<String, Value> = serde_json::from_str(document).map_err(|_| malformed(invalid))?;
    check_version(&policy, kind)?;
    if !policy.keys().all(|key| ["Version", "Id", "Statement"].contains(&key.as_str())) {
        return Err(malformed(SYNTAX));
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => return Err(malformed(SYNTAX)),
    };
    let mut ids = BTreeSet::new();
    for statement in statements {
        let statement = statement.as_object().ok_or_else(|| malformed(SYNTAX))?;
        check_id(statement, &mut ids)?;
        check_members(statement)?;
        match kind {
            Kind::Trust => check_trust(statement)?,
            Kind::Permissions | Kind::Managed => check_permissions(statement)?,
        }
    }
    Ok(())
}

/// The characters of a document that count towards quotas.
pub(crate) fn chars(document: &str) -> usize {
    document.chars().filter(|char| !char.is_whitespace()).count()
}

fn check_length(document: &str, kind: Kind) -> Result<(), Error> {
    let (quota, max) = match kind {
        Kind::Trust => ("ACLSizePerRole", TRUST_CHARS_MAX),
        Kind::Managed => ("PolicySize", MANAGED_CHARS_MAX),
        Kind::Permissions => return Ok(()),
    };
    match chars(document) > max {
        true => Err(Error::new(ErrorCode::LimitExceeded, format!("Cannot exceed quota for {quota}: {max}"))),
        false => Ok(()),
    }
}

fn check_version(policy: &Map<String, Value>, kind: Kind) -> Result<(), Error> {
    match (policy.get("Version").map(Value::as_str), kind) {
        (Some(Some("2012-10-17")), _) | (None | Some(Some("2008-10-17")), Kind::Trust) => Ok(()),
        (None | Some(Some("2008-10-17")), _) => {
            Err(malformed("Policy document must be version 2012-10-17 or greater."))
        }
        _ => Err(malformed(SYNTAX)),
    }
}

fn check_id<'p>(statement: &'p Map<String, Value>, ids: &mut BTreeSet<&'p str>) -> Result<(), Error> {
    let Some(id) = statement.get("Sid") else { return Ok(()) };
    let id = id.as_str().ok_or_else(|| malformed(SYNTAX))?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ));
    }
    match id.is_empty() || ids.insert(id) {
        true => Ok(()),
        false => Err(malformed("Statement IDs (SID) in a single policy must be unique.")),
    }
}

/// What is the same in all kinds of documents.
fn check_members(statement: &Map<String, Value>) -> Result<(), Error> {
    const MEMBERS: [&str; 9] =
        ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];
    let known = statement.keys().all(|key| MEMBERS.contains(&key.as_str()));
    let effect = matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny"));
    let twice = ["Action", "Resource", "Principal"]
        .iter()
        .any(|member| statement.contains_key(*member) && statement.contains_key(&format!("Not{member}")));
    let condition = statement.get("Condition").is_none_or(Value::is_object);
    match known && effect && !twice && condition {
        true => Ok(()),
        false => Err(malformed(SYNTAX)),
    }
}

fn check_trust(statement: &Map<String, Value>) -> Result<(), Error> {
    if let Some(member) = ["Resource", "NotResource"].iter().find(|member| statement.contains_key(**member)) {
        return Err(malformed(format!("Has prohibited field {member}")));
    }
    if !["Principal", "NotPrincipal"].iter().any(|member| statement.contains_key(*member)) {
        return Err(malformed("Missing required field Principal"));
    }
    let actions = texts(statement, "Action")?.ok_or_else(|| malformed("Missing required field Action"))?;
    match actions.iter().all(|action| *action == "*" || action.to_ascii_lowercase().starts_with("sts:")) {
        true => Ok(()),
        false => Err(malformed("AssumeRole policy may only specify STS AssumeRole actions.")),
    }
}

fn check_permissions(statement: &Map<String, Value>) -> Result<(), Error> {
    if ["Principal", "NotPrincipal"].iter().any(|member| statement.contains_key(*member)) {
        return Err(malformed("Policy document should not specify a principal."));
    }
    let actions = texts(statement, "Action")?.ok_or_else(|| malformed("Policy statement must contain actions."))?;
    if !actions
        .iter()
        .all(|action| *action == "*" || action.split_once(':').is_some_and(|(vendor, _)| !vendor.is_empty()))
    {
        return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
    }
    let none = || malformed("Policy statement must contain resources.");
    let resources = texts(statement, "Resource")?.ok_or_else(none)?;
    match resources.iter().find(|resource| **resource != "*" && resource.split(':').count() < 6) {
        Some(resource) => Err(malformed(format!("Resource {resource} must be in ARN format or \"*\"."))),
        None => Ok(()),
    }
}

/// The texts of a member or of the member that negates it, which is one or a list; `None` where there is none.
fn texts<'p>(statement: &'p Map<String, Value>, member: &str) -> Result<Option<Vec<&'p str>>, Error> {
    let texts = match statement.get(member).or_else(|| statement.get(&format!("Not{member}"))) {
        None => return Ok(None),
        Some(Value::String(text)) => Some(vec![text.as_str()]),
        Some(Value::Array(texts)) => texts.iter().map(Value::as_str).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => None,
    };
    let texts = texts.ok_or_else(|| malformed(SYNTAX))?;
    Ok(Some(texts).filter(|texts| !texts.is_empty()))
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::MalformedPolicyDocument, message)
}
