//! The image of a function: what the caller found of it in its registry, and what is kept of that.

use serde::{Deserialize, Serialize};

use crate::{
    Call, Error, Moment, Operation,
    function::record::{Architecture, ImageContent},
};

/// An image as a registry has it at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// The image itself, whatever its tag will mean later.
    pub pinned: PinnedImage,
    /// The architectures for which it runs on Linux, as OCI names them (`amd64`, `arm64`).
    pub architectures: Vec<String>,
}

/// One image for ever, in a repository of ECR's kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedImage {
    /// The 12-digit account of the repository.
    pub account: String,
    /// The region of the repository, such as `us-east-1`.
    pub region: String,
    /// The repository's name, such as `team/app`.
    pub repository: String,
    /// The digest of the manifest or index, such as `sha256:…`.
    pub digest: String,
}

/// The reason that an image cannot be a function's code. The texts say what to do, in the registry's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFault {
    /// The URI names no image; it lacks a tag, for example.
    Invalid(String),
    /// The registry has no such repository, tag or digest.
    Missing(String),
    /// The content is no image that functions run on.
    Unsupported(String),
    /// The registry could not say.
    Failed(String),
}

// === impl Error ===

impl Error {
    /// An image that cannot be a function's code. Behind AWS's words stands what to do.
    pub(crate) fn image(uri: &str, fault: &ImageFault) -> Self {
        match fault {
            ImageFault::Invalid(why) => Self::invalid_parameter(format!(
                "Source image {uri} is not valid. Provide a valid source image. ({why})"
            )),
            ImageFault::Missing(why) => Self::invalid_parameter(format!(
                "Source image {uri} does not exist. Provide a valid source image. ({why})"
            )),
            ImageFault::Unsupported(why) => Self::invalid_parameter(format!(
                "The image manifest, config or layer media type for the source image {uri} is not supported. ({why})"
            )),
            ImageFault::Failed(why) => Self::service(format!("source image {uri} could not be looked up: {why}")),
        }
    }
}

/// The URI of the image that a call names for a function.
pub(crate) fn of_call(call: &Call) -> Option<&str> {
    let fields = call.fields();
    let holder = match call.operation() == Operation::UpdateFunctionCode {
        true => fields,
        false => fields.get("Code").filter(|_| fields.get("PackageType").is_some_and(|package| package == "Image"))?,
    };
    holder.get("ImageUri")?.as_str().filter(|uri| !uri.is_empty())
}

/// The image that a URI means from now on. A URI that nobody looked up means whatever its registry has each time a Pod
/// starts.
///
/// # Errors
///
/// The image is not there, is none, or is for another architecture.
pub(crate) fn content(
    uri: &str,
    found: Option<Result<FoundImage, ImageFault>>,
    architecture: Architecture,
    moment: &Moment,
) -> Result<ImageContent, Error> {
    let Some(found) = found else { return Ok(ImageContent::Pushed(moment.uuid())) };
    let FoundImage { pinned, architectures } = found.map_err(|fault| Error::image(uri, &fault))?;
    match architectures.iter().any(|one| one == architecture.oci_name()) {
        true => Ok(ImageContent::Pinned(pinned)),
        false => Err(Error::image(uri, &ImageFault::Unsupported(unsupported(&architectures, architecture)))),
    }
}

fn unsupported(has: &[String], wanted: Architecture) -> String {
    if has.is_empty() {
        return "it is no image that runs on Linux: its manifest and configuration name no such platform".to_owned();
    }
    format!(
        "it is for {}, and the function's architecture is {}: build it with --platform linux/{}, or name its \
         architecture in Architectures",
        has.join(", "),
        wanted.name(),
        wanted.oci_name()
    )
}

/// The URI of one image for ever, for the image that `uri` names by its tag or digest at the moment.
pub(crate) fn resolved_uri(uri: &str, digest: &str) -> String {
    format!("{}@{digest}", without_reference(uri))
}

/// A URI without its tag and digest. A colon before the last slash belongs to a port.
fn without_reference(uri: &str) -> &str {
    let named = uri.split_once('@').map_or(uri, |(named, _digest)| named);
    match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_takes_the_place_of_tag_and_digest() {
        let cases = [
            ("1.dkr.ecr.r.amazonaws.com/team/app:v1", "1.dkr.ecr.r.amazonaws.com/team/app@sha256:00"),
            ("1.dkr.ecr.r.amazonaws.com/app@sha256:11", "1.dkr.ecr.r.amazonaws.com/app@sha256:00"),
            ("localhost:4566/app:v1@sha256:11", "localhost:4566/app@sha256:00"),
            ("localhost:4566/app", "localhost:4566/app@sha256:00"),
        ];
        for (uri, resolved) in cases {
            assert_eq!(resolved_uri(uri, "sha256:00"), resolved);
        }
    }
}
