//! Names of repositories, by the grammar of the OCI Distribution Specification, and the paths that lead to them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scope::Scope;

/// As ECR has it; the specification leaves it to registries.
const LENGTH_MAX: usize = 256;

/// The name of a repository, such as `team/app`: components of lower-case letters and digits with `.`, `_`, `__` or
/// hyphens between them, separated by slashes; 1 to 256 characters in all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

/// The text is no name of a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid repository name {text:?}: expected at most {LENGTH_MAX} characters, lower-case letters and digits, with \
     `.`, `_`, `__` or `-` between them, in components separated by `/`"
)]
pub struct InvalidName {
    text: String,
}

/// What stands before the image's tag: the name of a repository, and whose it is where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryPath {
    /// The account and region in front of the name.
    pub scope: Option<Scope>,
    /// The name.
    pub name: RepositoryName,
}

// === impl RepositoryName ===

impl RepositoryName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text.len() <= LENGTH_MAX && text.split('/').all(is_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName { text: text.to_owned() })
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RepositoryName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RepositoryName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends_in_words = text.bytes().next().is_some_and(is_word) && text.bytes().next_back().is_some_and(is_word);
    let separators = text.split(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    let is_separator = |it: &str| matches!(it, "" | "." | "_" | "__") || it.bytes().all(|byte| byte == b'-');
    ends_in_words && separators.into_iter().all(is_separator)
}

// === impl RepositoryPath ===

impl FromStr for RepositoryPath {
    type Err = InvalidName;

    /// Reads `123456789012/eu-west-1/team/app`, which says it all, or just `team/app`.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let mut parts = text.splitn(3, '/');
        if let (Some(account), Some(region), Some(name)) = (parts.next(), parts.next(), parts.next())
            && let Some(scope) = Scope::new(account, region)
        {
            return Ok(Self { scope: Some(scope), name: name.parse()? });
        }
        Ok(Self { scope: None, name: text.parse()? })
    }
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Some(scope) => write!(f, "{scope}/{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        let long = "a".repeat(LENGTH_MAX);
        for text in ["a", "app", "team/app", "a.b_c__d-e---f", "0/1/2", "docker.io/library/busybox", &long] {
            assert_eq!(text.parse::<RepositoryName>().unwrap().as_str(), text);
        }
        let too_long = format!("{long}a");
        let refused = [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a_-b", ".a", "a.", "-a", "a-", "_a", "a b", "ä",
            &too_long,
        ];
        for text in refused {
            let message = text.parse::<RepositoryName>().unwrap_err().to_string();
            assert!(message.contains(&format!("{text:?}")), "{message}");
        }
    }

    #[test]
    fn path_may_say_whose_the_repository_is() {
        let scope = Scope::new("123456789012", "eu-west-1");
        let cases = [
            ("123456789012/eu-west-1/team/app", scope.clone(), "team/app"),
            ("123456789012/eu-west-1/app", scope, "app"),
            ("123456789012/eu-west-1", None, "123456789012/eu-west-1"),
            ("1234/eu-west-1/app", None, "1234/eu-west-1/app"),
            ("team/app", None, "team/app"),
        ];
        for (text, scope, name) in cases {
            let path: RepositoryPath = text.parse().unwrap();
            assert_eq!((&path.scope, path.name.as_str()), (&scope, name), "{text}");
            assert_eq!(path.to_string(), text);
        }
        assert!("123456789012/eu-west-1/App".parse::<RepositoryPath>().is_err());
    }
}
