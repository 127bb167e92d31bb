//! What a request is for, by its method and path.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::distribution::error::{Error, ErrorCode};
use crate::name::RepositoryPath;

/// A resource of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Base,
    Catalog,
    Of(RepositoryPath, Resource),
}

/// A resource in a repository. What names it is as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    Blob(String),
    Uploads,
    Upload(String),
    Manifest(String),
    Referrers(String),
    Tags,
}

impl Route {
    /// Reads the path of a request, from `/v2` on.
    pub(crate) fn parse(path: &str) -> Result<Self, Error> {
        let unknown = || Error::new(ErrorCode::NameInvalid, format!("{path} is no path of a registry"));
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| unknown())?;
        let segments: Vec<&str> = decoded.split('/').collect();
        let ["", "v2", rest @ ..] = segments.as_slice() else { return Err(unknown()) };
        let (name, resource) = match rest {
            [] | [""] => return Ok(Self::Base),
            ["_catalog"] => return Ok(Self::Catalog),
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => (name, Resource::Uploads),
            [name @ .., "blobs", "uploads", upload] => (name, Resource::Upload((*upload).to_owned())),
            [name @ .., "blobs", digest] => (name, Resource::Blob((*digest).to_owned())),
            [name @ .., "manifests", reference] => (name, Resource::Manifest((*reference).to_owned())),
            [name @ .., "referrers", digest] => (name, Resource::Referrers((*digest).to_owned())),
            [name @ .., "tags", "list"] => (name, Resource::Tags),
            _ => return Err(unknown()),
        };
        let name = name.join("/").parse().map_err(|error| Error::new(ErrorCode::NameInvalid, error))?;
        Ok(Self::Of(name, resource))
    }

    /// What may be done with it.
    pub(crate) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Base | Self::Catalog | Self::Of(_, Resource::Tags | Resource::Referrers(_)) => {
                &[Method::GET, Method::HEAD]
            }
            Self::Of(_, Resource::Blob(_)) => &[Method::GET, Method::HEAD, Method::DELETE],
            Self::Of(_, Resource::Manifest(_)) => &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
            Self::Of(_, Resource::Uploads) => &[Method::POST],
            Self::Of(_, Resource::Upload(_)) => {
                &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_told_by_the_end_of_the_path() {
        let of = |name: &str, resource| Some(Route::Of(name.parse().unwrap(), resource));
        let cases = [
            ("/v2", Some(Route::Base)),
            ("/v2/", Some(Route::Base)),
            ("/v2/_catalog", Some(Route::Catalog)),
            ("/v2/a/b/blobs/x", of("a/b", Resource::Blob("x".to_owned()))),
            ("/v2/a/blobs/sha256%3Aab", of("a", Resource::Blob("sha256:ab".to_owned()))),
            ("/v2/a/blobs/uploads/", of("a", Resource::Uploads)),
            ("/v2/a/blobs/uploads", of("a", Resource::Uploads)),
            ("/v2/a/blobs/uploads/1", of("a", Resource::Upload("1".to_owned()))),
            ("/v2/blobs/uploads/manifests/v1", of("blobs/uploads", Resource::Manifest("v1".to_owned()))),
            ("/v2/tags/list/tags/list", of("tags/list", Resource::Tags)),
            ("/v2/a/referrers/sha256:ab", of("a", Resource::Referrers("sha256:ab".to_owned()))),
            ("/v2/a", None),
            ("/v2/A/tags/list", None),
            ("/v2/tags/list", None),
            ("/v2/a/manifests/v1/x", None),
            ("/v1/_ping", None),
        ];
        for (path, route) in cases {
            assert_eq!(Route::parse(path).ok(), route, "{path}");
        }
    }
}
