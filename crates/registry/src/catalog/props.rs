//! Random walks over the catalog and its records: whatever happens, the two agree and the rules hold.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use crate::catalog::{
    Asked, Catalog, Change, Create, ManifestRecord, NewManifest, PushError, Repository, RepositoryKey, UnixMillis,
    Wanted, What,
};
use crate::digest::Digest;
use crate::manifest::{Descriptor, Manifest, media_type};
use crate::name::RepositoryPath;
use crate::reference::{Reference, Tag};
use crate::scope::Scope;
use crate::storage::{Disk, Records};

/// Few of each, so that steps meet.
const REPOSITORIES: usize = 4;
const BLOBS: usize = 5;
const MANIFESTS: usize = 6;
const TAGS: usize = 3;

/// Something that a client or the server does.
#[derive(Debug, Clone)]
enum Step {
    PushBlob { repository: usize, blob: usize },
    PushManifest { repository: usize, manifest: usize, tags: Vec<usize> },
    DeleteTag { repository: usize, tag: usize },
    DeleteManifest { repository: usize, manifest: usize },
    DeleteBlob { repository: usize, blob: usize },
    Pull { repository: usize, manifest: usize },
    DeleteRepository { repository: usize },
    Collect,
}

fn step() -> impl Strategy<Value = Step> {
    let repository = || 0..REPOSITORIES;
    prop_oneof![
        6 => (repository(), 0..BLOBS).prop_map(|(repository, blob)| Step::PushBlob { repository, blob }),
        8 => (repository(), 0..MANIFESTS, vec(0..TAGS, 0..3))
            .prop_map(|(repository, manifest, tags)| Step::PushManifest { repository, manifest, tags }),
        2 => (repository(), 0..TAGS).prop_map(|(repository, tag)| Step::DeleteTag { repository, tag }),
        2 => (repository(), 0..MANIFESTS)
            .prop_map(|(repository, manifest)| Step::DeleteManifest { repository, manifest }),
        2 => (repository(), 0..BLOBS).prop_map(|(repository, blob)| Step::DeleteBlob { repository, blob }),
        1 => (repository(), 0..MANIFESTS).prop_map(|(repository, manifest)| Step::Pull { repository, manifest }),
        1 => repository().prop_map(|repository| Step::DeleteRepository { repository }),
        1 => Just(Step::Collect),
    ]
}

fn key(repository: usize) -> RepositoryKey {
    let (account, region, name) = [
        ("000000000000", "us-east-1", "app"),
        ("123456789012", "eu-west-1", "app"),
        ("123456789012", "eu-west-1", "team/app"),
        ("210987654321", "us-east-1", "app"),
    ][repository];
    RepositoryKey { scope: Scope::new(account, region).unwrap(), name: name.parse().unwrap() }
}

fn blob(number: usize) -> Digest {
    Digest::of(format!("blob {number}").as_bytes())
}

fn tag(number: usize) -> Tag {
    format!("v{number}").parse().unwrap()
}

fn manifest_digest(number: usize) -> Digest {
    Digest::of(format!("manifest {number}").as_bytes())
}

fn descriptor(digest: Digest) -> Descriptor {
    Descriptor { media_type: "text/plain".to_owned(), digest, size: 7, urls: Vec::new(), platform: None }
}

/// The first are images of two blobs, about one another; the last lists two of them.
fn manifest(number: usize) -> Manifest {
    let is_index = number == MANIFESTS - 1;
    let digests = |digests: Vec<Digest>| digests.into_iter().map(descriptor).collect();
    Manifest {
        media_type: if is_index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST }.to_owned(),
        config: (!is_index).then(|| descriptor(blob(number % BLOBS))),
        layers: if is_index { Vec::new() } else { digests(vec![blob((number + 1) % BLOBS)]) },
        manifests: if is_index { digests(vec![manifest_digest(0), manifest_digest(1)]) } else { Vec::new() },
        subject: (number % 2 == 1).then(|| descriptor(manifest_digest(number - 1))),
        artifact_type: None,
        annotations: BTreeMap::new(),
    }
}

/// What a step changes; one that is refused changes nothing.
fn decide(catalog: &Catalog, now: UnixMillis, step: &Step) -> Vec<Change> {
    let at = |repository: &usize| key(*repository);
    let delete = |repository: &usize, reference: Reference| {
        let key = at(repository);
        catalog.repository(&key).and_then(|it| it.delete(&key, &reference).ok()).unwrap_or_default()
    };
    match step {
        Step::PushBlob { repository, blob: number } => {
            catalog.put_blob(now, &at(repository), (blob(*number), 7), Create::IfMissing).unwrap()
        }
        Step::PushManifest { repository, manifest: number, tags } => {
            let tags = tags.iter().map(|number| tag(*number)).collect();
            let new = NewManifest { digest: manifest_digest(*number), size: 10, manifest: manifest(*number), tags };
            let pushed = catalog.put_manifest(now, &at(repository), &new, Create::IfMissing);
            assert!(!matches!(pushed, Err(PushError::NoRepository(_) | PushError::ImmutableTag { .. })), "{pushed:?}");
            pushed.unwrap_or_default()
        }
        Step::DeleteTag { repository, tag: number } => delete(repository, Reference::Tag(tag(*number))),
        Step::DeleteManifest { repository, manifest } => {
            delete(repository, Reference::Digest(manifest_digest(*manifest)))
        }
        Step::DeleteBlob { repository, blob: number } => {
            let key = at(repository);
            let repository = catalog.repository(&key);
            repository.and_then(|it| it.delete_blob(&key, &blob(*number)).ok()).unwrap_or_default()
        }
        Step::Pull { repository, manifest } => {
            catalog.note_pull(now, &at(repository), &manifest_digest(*manifest)).into_iter().collect()
        }
        Step::DeleteRepository { repository } => {
            let key = at(repository);
            catalog.repository(&key).map(|_| key.change(What::Delete)).into_iter().collect()
        }
        Step::Collect => {
            let loose = catalog.unreferenced_blobs().into_iter();
            loose.map(|(key, digest)| key.change(What::DeleteBlob(digest))).collect()
        }
    }
}

/// Every tag points at a manifest that is there, and every manifest finds its blobs.
fn holds_together(repository: &Repository) {
    for (tag, digest) in &repository.tags {
        let (found, _) = repository.manifest(&Reference::Tag(tag.clone())).unwrap();
        assert_eq!(found, *digest);
        assert!(repository.tags_of(digest).any(|its| its == tag));
    }
    let tagged: usize = repository.manifests.keys().map(|digest| repository.tags_of(digest).count()).sum();
    assert_eq!(tagged, repository.tags.len(), "no tag is listed twice, or after it has gone");
    for record in repository.manifests.values() {
        for blob in record.manifest.blobs() {
            assert!(repository.blobs.contains_key(&blob.digest), "{blob:?} is missing");
        }
    }
    for (digest, record) in &repository.manifests {
        let Some(subject) = &record.manifest.subject else { continue };
        let referrers: Vec<&Digest> = repository.referrers(&subject.digest, None).map(|(digest, _)| digest).collect();
        assert!(referrers.contains(&digest));
    }
}

/// What lists tell is what requests for single things get, whoever asks.
fn lists_are_true(catalog: &Catalog) {
    for (scope, name, repository) in catalog.repositories() {
        let path = RepositoryPath { scope: Some(scope.clone()), name: name.clone() };
        let plain = RepositoryPath { scope: None, name: name.clone() };
        let hinted = Asked { path: plain.clone(), hint: Some(scope.clone()) };
        for asked in [Asked { path, hint: None }, hinted] {
            let (key, found) = catalog.find(&asked, Wanted::Repository).unwrap();
            assert_eq!((&key.scope, &key.name, found), (scope, name, repository));
        }
        let plain = Asked { path: plain, hint: None };
        for digest in repository.manifests.keys() {
            let (_, found) = catalog.find(&plain, Wanted::Manifest(digest)).unwrap();
            assert!(found.manifests.contains_key(digest));
        }
    }
}

fn all(catalog: &Catalog) -> Vec<(&Scope, &crate::name::RepositoryName, &Repository)> {
    catalog.repositories().collect()
}

proptest! {
    #[test]
    fn catalog_holds_together_and_its_records_say_the_same(steps in vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path().join("records"), Disk::Cached, fakecloud_durable::Quota::unlimited()).unwrap();
        let mut catalog = Catalog::default();
        for (time, step) in steps.iter().enumerate() {
            let changes = decide(&catalog, UnixMillis(time as u64 * 40_000), step);
            for change in changes {
                records.write(&change).unwrap();
                catalog.apply(change);
                catalog.repositories().for_each(|(_, _, repository)| holds_together(repository));
            }
            let referenced = catalog.referenced();
            let collected: BTreeSet<Digest> = catalog.unreferenced_blobs().into_iter().map(|(_, it)| it).collect();
            prop_assert!(referenced.is_subset(&catalog.content()));
            if matches!(step, Step::Collect) {
                prop_assert!(collected.is_empty());
                prop_assert_eq!(&referenced, &catalog.content());
            }
            lists_are_true(&catalog);
        }
        let mut loaded = Catalog::default();
        records.load().unwrap().into_iter().for_each(|change| loaded.apply(change));
        prop_assert_eq!(all(&loaded), all(&catalog));
    }

    /// A plain name that a request may not lead astray: it means one repository, or the request is refused.
    #[test]
    fn plain_name_means_the_only_repository_or_that_of_the_default_scope(steps in vec(step(), 1..40)) {
        let mut catalog = Catalog::default();
        for step in &steps {
            decide(&catalog, UnixMillis(0), step).into_iter().for_each(|change| catalog.apply(change));
        }
        for name in ["app", "team/app"] {
            let path = RepositoryPath { scope: None, name: name.parse().unwrap() };
            let asked = Asked { path, hint: None };
            if let Ok((key, _)) = catalog.find(&asked, Wanted::Repository) {
                let others = catalog.repositories().filter(|(_, its, _)| its.as_str() == name).count();
                prop_assert!(others == 1 || key.scope == Scope::default());
            }
        }
    }
}

#[test]
fn record_of_a_manifest_keeps_when_it_was_pushed_first_and_pulled_last() {
    let mut catalog = Catalog::default();
    let mut walk = |now: u64, step: &Step| {
        decide(&catalog, UnixMillis(now), step).into_iter().for_each(|change| catalog.apply(change));
        let record: Option<ManifestRecord> =
            catalog.repository(&key(0)).and_then(|repository| repository.manifests.get(&manifest_digest(0)).cloned());
        record.map(|record| (record.pushed_at.0, record.pulled_at.map(|at| at.0)))
    };
    let push = Step::PushManifest { repository: 0, manifest: 0, tags: vec![0] };
    let pull = Step::Pull { repository: 0, manifest: 0 };
    walk(0, &Step::PushBlob { repository: 0, blob: 0 });
    walk(0, &Step::PushBlob { repository: 0, blob: 1 });
    assert_eq!(walk(1_000, &push), Some((1_000, None)));
    assert_eq!(walk(2_000, &pull), Some((1_000, Some(2_000))));
    assert_eq!(walk(61_999, &pull), Some((1_000, Some(2_000))), "less than a minute later it is not noted");
    assert_eq!(walk(62_000, &pull), Some((1_000, Some(62_000))));
    assert_eq!(walk(70_000, &push), Some((1_000, Some(62_000))));
}
