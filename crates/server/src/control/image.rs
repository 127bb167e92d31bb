//! The image that a call names as a function's code: looked up, before the call is carried out, if it is one of this
//! server's own registry.

use std::collections::BTreeSet;

use fakecloud_lambda::{FoundImage, ImageFault, PinnedImage};
use fakecloud_podspec::Cluster as Settings;
use fakecloud_registry::{FindError, ImageName, Platform, Registry, Scope};
use tracing::{error, warn};

use crate::common::words::chain;
use crate::settings::own_registry;

/// The images of this server's own registry. Where functions name it by URIs of ECR, it stands in for ECR.
pub(crate) struct OwnImages {
    registry: Registry,
    /// The hosts, with their ports, by which Pods and nodes reach this server.
    hosts: BTreeSet<String>,
}

/// What to do about an image that is not there.
const WAY_OUT: &str = "push it to fakecloud's registry, or set FAKECLOUD_ECR=external where images are elsewhere";

/// What AWS says of such an image, and what to do about it.
const ATTESTED: &str = "the image's index lists an attestation, for which AWS refuses it (\"The image manifest, config or layer \
                        media type for the source image is not supported\"); its image runs here, the attestation never does; \
                        for AWS build it with --provenance=false --sbom=false";

impl OwnImages {
    pub(crate) fn new(registry: Registry, settings: &Settings) -> Self {
        let own = own_registry(&settings.self_url);
        let hosts = settings.ecr.iter().chain([&own]).map(|registry| registry.host().to_owned()).collect();
        Self { registry, hosts }
    }

    /// The image that a URI means now, or why there is none. `None`: the registry is another one, which is not asked.
    /// Clients that reach this server by `authority` may have pushed the image there.
    pub(crate) async fn find(&self, uri: &str, authority: Option<&str>) -> Option<Result<FoundImage, ImageFault>> {
        let is_own = |host: &str| self.hosts.contains(host) || authority == Some(host);
        match name(uri, is_own)? {
            Ok(name) => Some(self.look_up(&name).await),
            Err(fault) => Some(Err(fault)),
        }
    }

    async fn look_up(&self, name: &ImageName) -> Result<FoundImage, ImageFault> {
        let found = self.registry.find_image(name).await.map_err(|error| fault(&error))?;
        if found.has_attestation {
            warn!(image = %name, "{ATTESTED}");
        }
        Ok(FoundImage {
            pinned: PinnedImage {
                account: found.scope.account().to_owned(),
                region: found.scope.region().to_owned(),
                repository: name.path.name.to_string(),
                digest: found.digest.to_string(),
            },
            architectures: found.platforms.into_iter().filter(is_linux).map(|platform| platform.architecture).collect(),
        })
    }
}

/// The name of an image that is to be in this registry: under a host of ECR or of this server, or under the account and
/// region that its URI has in answers of the ECR API.
fn name(uri: &str, is_own: impl Fn(&str) -> bool) -> Option<Result<ImageName, ImageFault>> {
    let host = uri.split('/').next().unwrap_or_default();
    let by_host = Scope::of_host(host).is_some() || is_own(host);
    match uri.parse::<ImageName>() {
        Ok(name) if !by_host && name.scope().is_none() => None,
        // AWS takes no image without either: `latest` has to be said.
        Ok(_) if !is_tagged(uri) => Some(Err(ImageFault::Invalid("add a tag or a digest to it".to_owned()))),
        Ok(name) => Some(Ok(name)),
        Err(_) if !by_host => None,
        Err(error) => Some(Err(ImageFault::Invalid(chain(&error)))),
    }
}

fn is_tagged(uri: &str) -> bool {
    uri.rsplit('/').next().is_some_and(|name| name.contains([':', '@']))
}

fn is_linux(platform: &Platform) -> bool {
    platform.os == "linux"
}

fn fault(error: &FindError) -> ImageFault {
    match error {
        FindError::Repository(_) | FindError::Reference { .. } => ImageFault::Missing(format!("{error}: {WAY_OUT}")),
        FindError::MissingUpstream(_) => ImageFault::Missing(error.to_string()),
        FindError::Upstream(_) | FindError::Disk(_) => {
            error!(error = %chain(error), "an image could not be looked up");
            ImageFault::Failed(chain(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn name(uri: &str) -> Option<Result<ImageName, ImageFault>> {
        super::name(uri, |host| host == "localhost:4566")
    }

    #[test]
    fn images_of_this_registry_are_known_by_host_or_path() {
        let pinned = format!("localhost:4566/app@{DIGEST}");
        for uri in [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app:v1",
            "registry.test/123456789012/eu-west-1/team/app:v1",
            "localhost:4566/000000000000/us-east-1/app:v1",
            "localhost:4566/app:v1",
            &pinned,
        ] {
            assert!(matches!(name(uri), Some(Ok(_))), "{uri}: {:?}", name(uri));
        }
        let foreign = [
            "busybox:1.36",
            "ghcr.io/team/app:v1",
            "public.ecr.aws/lambda/python:3.12",
            "localhost:5000/app",
            "App",
            "",
        ];
        for uri in foreign {
            assert_eq!(name(uri), None, "{uri}");
        }
    }

    #[test]
    fn name_of_an_own_image_that_is_none_says_what_it_lacks() {
        let cases = [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "add a tag or a digest to it"),
            ("localhost:4566/123456789012/eu-west-1/app", "add a tag or a digest to it"),
            ("localhost:4566/App:v1", "\"App\""),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:", "invalid tag \"\""),
        ];
        for (uri, words) in cases {
            let Some(Err(ImageFault::Invalid(why))) = name(uri) else { panic!("{uri}: {:?}", name(uri)) };
            assert!(why.contains(words), "{why}");
        }
    }
}
