//! Names of images, as `docker pull` takes them.

use std::fmt;
use std::str::FromStr;

use crate::name::{InvalidName, RepositoryPath};
use crate::reference::{InvalidReference, Reference, Tag};
use crate::scope::Scope;

/// `host[:port]/[account/region/]name[:tag][@digest]`, such as
/// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// The registry, with its port where it is given.
    pub host: String,
    /// The repository, and whose it is where the path says so.
    pub path: RepositoryPath,
    /// The manifest: the digest where there is one, else the tag, else `latest`.
    pub reference: Reference,
}

/// The text is no name of an image in a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImageName {
    /// Nothing before the first slash.
    #[error("image {text:?} names no registry: expected HOST/NAME:TAG or HOST/NAME@DIGEST")]
    NoHost {
        /// The name.
        text: String,
    },
    /// What stands between the host and the tag.
    #[error("image {text:?} cannot be used")]
    Name {
        /// The name.
        text: String,
        /// Why.
        source: InvalidName,
    },
    /// What stands behind the repository's name.
    #[error("image {text:?} cannot be used")]
    Reference {
        /// The name.
        text: String,
        /// Why.
        source: InvalidReference,
    },
}

impl ImageName {
    /// Whose repository it is, as far as the name says: in its path, else in a host name of ECR.
    pub fn scope(&self) -> Option<Scope> {
        self.path.scope.clone().or_else(|| Scope::of_host(&self.host))
    }
}

impl FromStr for ImageName {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, InvalidImageName> {
        let no_host = || InvalidImageName::NoHost { text: text.to_owned() };
        let invalid = |source| InvalidImageName::Reference { text: text.to_owned(), source };
        let (host, rest) = text.split_once('/').filter(|(host, _)| !host.is_empty()).ok_or_else(no_host)?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => {
                (rest, Some(digest.parse().map_err(|error| invalid(InvalidReference::Digest(error)))?))
            }
            None => (rest, None),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) => (path, tag.parse().map_err(|error| invalid(InvalidReference::Tag(error)))?),
            None => (rest, Tag::latest()),
        };
        let path = path.parse().map_err(|source| InvalidImageName::Name { text: text.to_owned(), source })?;
        let reference = digest.map_or(Reference::Tag(tag), Reference::Digest);
        Ok(Self { host: host.to_owned(), path, reference })
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = match self.reference {
            Reference::Tag(_) => ':',
            Reference::Digest(_) => '@',
        };
        write!(f, "{}/{}{separator}{}", self.host, self.path, self.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn names_are_taken_apart() {
        let pinned = format!("localhost:4566/a@{DIGEST}");
        let both = format!("localhost:4566/a:v1@{DIGEST}");
        let cases = [
            (
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1",
                "team/app",
                "v1",
                Some("123456789012/eu-west-1"),
            ),
            ("h:1/123456789012/eu-west-1/app", "123456789012/eu-west-1/app", "latest", Some("123456789012/eu-west-1")),
            (&pinned, "a", DIGEST, None),
            (&both, "a", DIGEST, None),
        ];
        for (text, path, reference, scope) in cases {
            let image: ImageName = text.parse().unwrap();
            assert_eq!((image.path.to_string(), image.reference.to_string()), (path.to_owned(), reference.to_owned()));
            assert_eq!(image.scope().map(|scope| scope.to_string()).as_deref(), scope, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_text() {
        for text in ["", "app", "/app", "h/", "h/App", "h/a:", "h/a:.x", "h/a@sha256:0", "h/a@v1"] {
            let message = text.parse::<ImageName>().unwrap_err().to_string();
            assert!(message.contains(&format!("{text:?}")), "{message}");
        }
    }
}
