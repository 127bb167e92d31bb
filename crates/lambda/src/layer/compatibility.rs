//! The runtimes and architectures that a layer version is for: what may be given and what lists may ask for. AWS words
//! these refusals by hand; the service model has the same rules.

use crate::{
    Architecture, Error, RETIRED_RUNTIMES, SUPPORTED_RUNTIMES,
    hash_order::in_hash_order,
    request::{
        path::Path,
        violations::{Violations, violation},
    },
};

/// The most runtimes that a layer version may be for, and the most architectures.
const MAX_RUNTIMES: usize = 15;
const MAX_ARCHITECTURES: usize = 2;

/// The runtimes that lists of layers may ask for, in AWS's order; some of them never were, some are not yet.
const LISTED: [&str; 56] = [
    "ruby3.5",
    "ruby2.6",
    "dotnetcore1.0",
    "python3.7",
    "nodejs8.10",
    "nasa",
    "ruby2.7",
    "python2.7-greengrass",
    "dotnetcore2.0",
    "python3.8",
    "java21",
    "dotnet6",
    "dotnetcore2.1",
    "python3.9",
    "java11",
    "nodejs6.10",
    "provided",
    "dotnetcore3.1",
    "dotnet8",
    "java25",
    "java17",
    "nodejs",
    "nodejs4.3",
    "java8.al2",
    "go1.x",
    "dotnet10",
    "nodejs20.x",
    "go1.9",
    "byol",
    "nodejs10.x",
    "provided.al2023",
    "nodejs22.x",
    "python3.10",
    "java8",
    "nodejs12.x",
    "python3.11",
    "nodejs24.x",
    "nodejs8.x",
    "python3.12",
    "nodejs14.x",
    "nodejs8.9",
    "nodejs26.x",
    "python3.13",
    "python3.14",
    "nodejs16.x",
    "python3.15",
    "provided.al2",
    "nodejs4.3-edge",
    "nodejs18.x",
    "ruby3.2",
    "python3.4",
    "ruby3.3",
    "ruby3.4",
    "ruby2.5",
    "python3.6",
    "python2.7",
];

/// The layer versions that a list is to show.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a> {
    runtime: Option<&'a str>,
    architecture: Option<&'a str>,
}

/// Takes what a new version says that it is for.
///
/// # Errors
///
/// Runtimes that never were, architectures that are none, too many of either: all in one message.
pub(crate) fn check(runtimes: Option<&[String]>, architectures: Option<&[String]>) -> Result<(), Error> {
    let mut violations = Violations::default();
    let runtimes = Given { member: "CompatibleRuntimes", values: runtimes.unwrap_or_default() };
    runtimes.check_length(MAX_RUNTIMES, &mut violations);
    if !runtimes.values.iter().all(|runtime| is_runtime(runtime)) {
        let known = in_hash_order(SUPPORTED_RUNTIMES).join(", ");
        runtimes.violate(&mut violations, &format!("Member must satisfy enum value set: [{known}]"));
    }
    let architectures = Given { member: "CompatibleArchitectures", values: architectures.unwrap_or_default() };
    architectures.check_length(MAX_ARCHITECTURES, &mut violations);
    if !architectures.values.iter().all(|name| Architecture::ALL.iter().any(|known| known.name() == name)) {
        let known = Architecture::ALL.map(Architecture::name).join(", ");
        let rule = format!("Member must satisfy constraint: [Member must satisfy enum value set: [{known}]]");
        architectures.violate(&mut violations, &rule);
    }
    violations.check()
}

/// A list that a request gives.
struct Given<'a> {
    member: &'static str,
    values: &'a [String],
}

fn is_runtime(name: &str) -> bool {
    SUPPORTED_RUNTIMES.contains(&name) || RETIRED_RUNTIMES.contains(&name)
}

// === impl Given ===

impl Given<'_> {
    fn check_length(&self, max: usize, violations: &mut Violations) {
        if self.values.len() > max {
            self.violate(violations, &format!("Member must have length less than or equal to {max}"));
        }
    }

    fn violate(&self, violations: &mut Violations, rule: &str) {
        violations.add(&Path::Member(&Path::Root, self.member), Some(&self.values.into()), rule);
    }
}

// === impl Filter ===

impl<'a> Filter<'a> {
    /// Reads what a list asks for; the service model has checked the architecture.
    ///
    /// # Errors
    ///
    /// A runtime that never was.
    pub(crate) fn new(runtime: Option<&'a str>, architecture: Option<&'a str>) -> Result<Self, Error> {
        if let Some(unknown) = runtime.filter(|name| !is_runtime(name) && !LISTED.contains(name)) {
            let rule = format!("Member must satisfy enum value set: [{}]", LISTED.join(", "));
            return Err(violation(unknown, "compatibleRuntime", &rule));
        }
        Ok(Self { runtime, architecture })
    }

    /// Tells whether a version with these lists is to be shown.
    pub(crate) fn admits(&self, runtimes: Option<&[String]>, architectures: Option<&[String]>) -> bool {
        let lists = |all: Option<&[String]>, wanted: &str| all.is_some_and(|all| all.iter().any(|one| one == wanted));
        self.runtime.is_none_or(|runtime| lists(runtimes, runtime))
            && self.architecture.is_none_or(|architecture| lists(architectures, architecture))
    }
}
