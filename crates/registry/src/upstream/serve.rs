//! Requests for repositories of upstreams, as far as they need more than what is here.

use axum::body::Body;
use tracing::warn;

use super::error::{Problem, UpstreamError};
use super::lists::{ReferrersPage, TagsPage};
use super::source::Source;
use crate::digest::Digest;
use crate::reference::Reference;
use crate::registry::Registry;

/// What is asked of a repository. Queries are those of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Manifest(Reference),
    /// A blob, whole.
    Blob(Digest),
    /// A part of a blob.
    BlobPart(Digest),
    /// The length of a blob.
    BlobSize(Digest),
    Tags {
        query: Option<String>,
    },
    Referrers {
        subject: Digest,
        query: Option<String>,
    },
    /// To put something into it.
    Push,
}

/// What there is once an upstream was asked, if need be.
pub(crate) enum Granted {
    /// All there is, is in the repository here.
    Here,
    /// The blob is on its way, and has so many bytes if the upstream says it.
    Coming {
        digest: Digest,
        blob: Body,
        size: Option<u64>,
    },
    /// The blob is not here, and has so many bytes.
    There {
        digest: Digest,
        size: u64,
    },
    Tags(TagsPage),
    Referrers(ReferrersPage),
}

impl Registry {
    /// Gets from an upstream what a request needs and is not here.
    pub(crate) async fn grant(&self, source: &Source, wish: Wish) -> Result<Granted, UpstreamError> {
        let upstreams = self.upstreams();
        match wish {
            Wish::Manifest(reference) => {
                upstreams.fetch_manifest(self, source, &reference).await.map(|()| Granted::Here)
            }
            Wish::Blob(digest) => match upstreams.download(self, source, &digest) {
                Some(download) => {
                    let size = download.begun().await?;
                    Ok(Granted::Coming { digest, blob: download.body(), size })
                }
                None => Ok(Granted::Here),
            },
            Wish::BlobPart(digest) => self.fetch_blob(source, &digest).await.map(|()| Granted::Here),
            Wish::BlobSize(digest) if source.has_blob(self, &digest) => Ok(Granted::Here),
            Wish::BlobSize(digest) => Ok(Granted::There { digest, size: upstreams.blob_size(source, &digest).await? }),
            Wish::Tags { query } => {
                self.or_here(source, upstreams.tags(source, query.as_deref()).await.map(Granted::Tags))
            }
            Wish::Referrers { subject, query } => {
                let page = upstreams.referrers(source, &subject, query.as_deref()).await;
                self.or_here(source, page.map(Granted::Referrers))
            }
            Wish::Push => {
                let problem = Problem::Push(source.upstream().prefix().to_owned());
                Err(UpstreamError { upstream: source.upstream().to_string(), problem })
            }
        }
    }

    /// Sees to it that a blob is here.
    pub(crate) async fn fetch_blob(&self, source: &Source, digest: &Digest) -> Result<(), UpstreamError> {
        match self.upstreams().download(self, source, digest) {
            Some(download) => download.ended().await,
            None => Ok(()),
        }
    }

    /// What is listed here, where something is, instead of what the upstream cannot list.
    fn or_here(&self, source: &Source, asked: Result<Granted, UpstreamError>) -> Result<Granted, UpstreamError> {
        asked.or_else(|error| {
            if self.catalog().repository(source.key()).is_none() {
                return Err(error);
            }
            warn!(repository = %source.key(), %error, "listing what is cached");
            Ok(Granted::Here)
        })
    }
}
