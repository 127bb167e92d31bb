//! Manifests that are about another one: signatures, bills of materials and the like.

use crate::catalog::{ManifestRecord, Repository};
use crate::digest::Digest;

impl Repository {
    /// The manifests whose subject is this one, in the order of their digests; those of one artifact type only, if one is
    /// given. The subject itself need not be there.
    pub(crate) fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Digest, &'a ManifestRecord)> {
        self.manifests.iter().filter(move |(_, record)| {
            let is_about_it = record.manifest.subject.as_ref().is_some_and(|about| about.digest == *subject);
            is_about_it && artifact_type.is_none_or(|wanted| record.manifest.referrer_type() == Some(wanted))
        })
    }
}
