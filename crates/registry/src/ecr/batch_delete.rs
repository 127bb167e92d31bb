//! Deletion of images and of tags.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Call, Target, read};
use super::error::Error;
use super::image_id::{Identified, ImageFailure, ImageIdentifier};
use crate::catalog::{Change, Repository, RepositoryKey, What};
use crate::digest::Digest;
use crate::reference::Tag;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(flatten)]
    target: Target,
    image_ids: Vec<ImageIdentifier>,
}

/// What of a repository goes while a request is worked off.
struct Deletion<'r> {
    key: RepositoryKey,
    repository: &'r Repository,
    manifests: BTreeSet<Digest>,
    tags: BTreeSet<Tag>,
    changes: Vec<Change>,
}

/// BatchDeleteImage. A tag that is named goes, and with the last one its image; an image that is named by its digest goes
/// with all its tags.
pub(super) fn delete(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    let mut deletion =
        Deletion { key, repository, manifests: BTreeSet::new(), tags: BTreeSet::new(), changes: Vec::new() };
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for id in request.image_ids {
        match deletion.delete(&id) {
            Ok(ids) => deleted.extend(ids),
            Err(failure) => failures.push(failure),
        }
    }
    let mut answer = Answer::new(json!({ "imageIds": deleted, "failures": failures }));
    answer.changes = deletion.changes;
    Ok(answer)
}

impl Deletion<'_> {
    /// Deletes what an identifier names; what is gone already is not found.
    fn delete(&mut self, id: &ImageIdentifier) -> Result<Vec<ImageIdentifier>, ImageFailure> {
        let Identified { digest, tag, .. } = id.find(self.repository)?;
        if self.manifests.contains(&digest) || tag.as_ref().is_some_and(|tag| self.tags.contains(tag)) {
            return Err(id.failure("ImageNotFound", "Requested image not found"));
        }
        let left: Vec<Tag> =
            self.repository.tags_of(&digest).filter(|left| !self.tags.contains(*left)).cloned().collect();
        match tag {
            Some(tag) if left.len() > 1 => {
                let deleted = ImageIdentifier::of(&digest, Some(&tag));
                self.changes.push(self.key.change(What::DeleteTag(tag.clone())));
                self.tags.insert(tag);
                Ok(vec![deleted])
            }
            Some(_) | None => {
                self.refuse_listed(id, &digest)?;
                Ok(self.delete_image(digest, left))
            }
        }
    }

    fn delete_image(&mut self, digest: Digest, tags: Vec<Tag>) -> Vec<ImageIdentifier> {
        // No tag ever points at what is not there.
        self.changes.extend(tags.iter().map(|tag| self.key.change(What::DeleteTag(tag.clone()))));
        self.changes.push(self.key.change(What::DeleteManifest(digest)));
        self.manifests.insert(digest);
        if tags.is_empty() {
            return vec![ImageIdentifier::of(&digest, None)];
        }
        let deleted = tags.iter().map(|tag| ImageIdentifier::of(&digest, Some(tag))).collect();
        self.tags.extend(tags);
        deleted
    }

    /// Refuses to delete an image that an index lists, which would be incomplete without.
    fn refuse_listed(&self, id: &ImageIdentifier, digest: &Digest) -> Result<(), ImageFailure> {
        let lists = |listed: &[crate::manifest::Descriptor]| listed.iter().any(|listed| listed.digest == *digest);
        let indexes = self
            .repository
            .manifests
            .iter()
            .filter(|(index, record)| lists(&record.manifest.manifests) && !self.manifests.contains(*index));
        let indexes: Vec<String> = indexes.map(|(index, _)| index.to_string()).collect();
        match indexes.is_empty() {
            true => Ok(()),
            false => {
                let reason = format!("Requested image referenced by manifest list: [{}]", indexes.join(", "));
                Err(id.failure("ImageReferencedByManifestList", reason))
            }
        }
    }
}
