//! Which image a function runs on, and where it is pulled from.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::text::text;
use crate::{InvalidValue, Package, Runtime};

/// Where AWS publishes the images of the managed runtimes (<https://gallery.ecr.aws/lambda>).
const AWS_PREFIX: &str = "public.ecr.aws/lambda";
/// In full: CRI-O refuses names without a registry.
const BUSYBOX: &str = "docker.io/library/busybox:1.36";

/// The images that fakecloud brings itself, each of which may come from a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The image of the init container: `docker.io/library/busybox:1.36`, or another with its `sh`, `nc`, `head`, `tee`,
    /// `wc` and `tar`.
    pub init: ImageRef,
    /// What comes before `/python:3.12` and the like: `public.ecr.aws/lambda`.
    pub prefix: ImagePrefix,
    /// Whole images for single runtimes, before `prefix`.
    pub runtimes: BTreeMap<Runtime, ImageRef>,
}

text!(
    /// A reference to a container image, `[registry/]repository[:tag][@digest]`: at most 1,024 characters.
    ImageRef,
    "image",
    is_image_reference,
    "expected `[registry/]repository[:tag][@digest]` without scheme or white space"
);

/// The beginning of image references, `registry[/path]`, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePrefix(String);

/// A registry that stands in for ECR, `host[:port][/path]`.
///
/// The kubelet's node pulls from it, so it is the node that must be able to resolve and reach the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry(String);

/// The image of the main container.
pub(crate) fn function_image(package: &Package, images: &Images, ecr: Option<&Registry>) -> String {
    match package {
        Package::Zip { runtime, .. } => match images.runtimes.get(runtime) {
            Some(image) => image.to_string(),
            None => format!("{}/{}", images.prefix.0, runtime.image()),
        },
        Package::Image { uri, .. } => match (ecr, ecr_repository(uri.as_str())) {
            (Some(registry), Some(repository)) => format!("{}/{repository}", registry.0),
            (Some(_) | None, _) => uri.to_string(),
        },
    }
}

/// What follows the registry in the URI of an image in a private ECR repository, tag and digest included.
///
/// The registry is `ACCOUNT.dkr.ecr.REGION.amazonaws.com` (`.cn` in China, `ecr-fips` at FIPS endpoints) or
/// `ACCOUNT.dkr-ecr.REGION.on.aws`, see <https://docs.aws.amazon.com/general/latest/gr/ecr.html>.
fn ecr_repository(uri: &str) -> Option<&str> {
    let (host, repository) = uri.split_once('/')?;
    let parts: Vec<&str> = host.split('.').collect();
    let account = match parts.as_slice() {
        [account, "dkr", "ecr" | "ecr-fips", _region, "amazonaws", "com"]
        | [account, "dkr", "ecr" | "ecr-fips", _region, "amazonaws", "com", "cn"]
        | [account, "dkr-ecr" | "dkr-ecr-fips", _region, "on", "aws"] => account,
        _ => return None,
    };
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(repository)
}

// === impl Images ===

impl Default for Images {
    fn default() -> Self {
        Self {
            init: ImageRef(BUSYBOX.to_owned()),
            prefix: ImagePrefix(AWS_PREFIX.to_owned()),
            runtimes: BTreeMap::new(),
        }
    }
}

// === impl ImagePrefix ===

impl FromStr for ImagePrefix {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        if is_image_reference(trimmed) && !trimmed.contains('@') {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(InvalidValue::new("image prefix", text, "expected `registry[:port][/path]` without scheme or white space"))
    }
}

// === impl Registry ===

impl Registry {
    /// The host, and the port if it has one, without the path.
    pub fn host(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }
}

impl FromStr for Registry {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let bare = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
        let bare = bare.strip_suffix('/').unwrap_or(bare);
        let host = bare.split('/').next().unwrap_or(bare);
        if !is_image_reference(bare) || bare.contains('@') {
            return Err(InvalidValue::new("registry", text, "expected `host[:port][/path]`"));
        }
        if host != "localhost" && !host.contains(['.', ':']) {
            let expected = "expected a host with a dot or a port: without one, container runtimes take it for a \
                            repository on Docker Hub";
            return Err(InvalidValue::new("registry", text, expected));
        }
        Ok(Self(bare.to_owned()))
    }
}

/// Whether every character may stand in an image reference, and no part of the path is empty.
fn is_image_reference(text: &str) -> bool {
    text.len() <= 1024
        && text.split('/').all(|part| part.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'['))
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:@+[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image_of(uri: &str, registry: Option<&str>) -> String {
        let package = Package::Image { uri: uri.parse().unwrap(), config: crate::ImageConfig::default() };
        let registry: Option<Registry> = registry.map(|text| text.parse().unwrap());
        function_image(&package, &Images::default(), registry.as_ref())
    }

    #[test]
    fn ecr_image_moves_to_the_registry_with_tag_and_digest() {
        let cases = [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1", "team/app:v1"),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app", "app"),
            ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app:v1@sha256:00", "app:v1@sha256:00"),
            ("123456789012.dkr-ecr.us-east-1.on.aws/app@sha256:00", "app@sha256:00"),
        ];
        for (uri, repository) in cases {
            assert_eq!(image_of(uri, Some("registry.svc:5000/x")), format!("registry.svc:5000/x/{repository}"));
            assert_eq!(image_of(uri, None), uri);
        }
    }

    #[test]
    fn any_other_registry_is_left_alone() {
        let others = [
            "app",
            "app:v1",
            "ghcr.io/team/app:v1",
            "public.ecr.aws/team/app",
            "12345.dkr.ecr.eu-west-1.amazonaws.com/app",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.io/app",
            "x/123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
        ];
        for uri in others {
            assert_eq!(image_of(uri, Some("registry:5000")), uri);
        }
    }

    #[test]
    fn mirror_of_one_runtime_wins_over_the_prefix() {
        let images = Images {
            prefix: "mirror.local/aws/".parse().unwrap(),
            runtimes: BTreeMap::from([(Runtime::Python3_12, "mirror.local/py:1".parse().unwrap())]),
            ..Images::default()
        };
        let image = |runtime| {
            let package = Package::Zip { runtime, handler: "a.b".parse().unwrap(), code_sha256: String::new() };
            function_image(&package, &images, None)
        };
        assert_eq!(image(Runtime::Python3_12), "mirror.local/py:1");
        assert_eq!(image(Runtime::Nodejs20), "mirror.local/aws/nodejs:20");
    }

    #[test]
    fn registry_without_dot_or_port_would_be_docker_hub() {
        assert!("localhost".parse::<Registry>().is_ok());
        assert_eq!("http://registry.default.svc:5000/".parse(), Ok(Registry("registry.default.svc:5000".into())));
        let error = "registry".parse::<Registry>().unwrap_err().to_string();
        assert!(error.contains("`registry`") && error.contains("Docker Hub"), "{error}");
        for text in ["", "/", "a b:1", "http://", "host:1//x", "ftp://host"] {
            assert!(text.parse::<Registry>().is_err(), "{text}");
        }
    }

    #[test]
    fn image_reference_is_no_url_and_has_no_space() {
        for text in ["", " busybox", "busybox ", "https://busybox", "a//b", "-a", "/a", "a\nb"] {
            assert!(text.parse::<ImageRef>().is_err(), "{text}");
        }
    }
}
