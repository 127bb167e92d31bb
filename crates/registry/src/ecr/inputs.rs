//! The members of the requests that are served, as ECR's service model has them.

use super::shape::{Form, Member, Shape, TEXT, UNBOUNDED};
use crate::name::RepositoryName;

const REPOSITORY_NAME_PATTERN: &str = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*";

/// The most elements of a list that the model does not bound: a resource has 50 tags.
const MANY: usize = 1000;

const ACCOUNT: Shape = pattern(0, UNBOUNDED, "[0-9]{12}", is_account);
const REPOSITORY_NAME: Shape = pattern(2, 256, REPOSITORY_NAME_PATTERN, is_repository_name);
const DIGEST: Shape = pattern(0, UNBOUNDED, "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+", is_digest);
const UPLOAD_ID: Shape = pattern(0, UNBOUNDED, UUID_PATTERN, is_uuid);
const UUID_PATTERN: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
const IMAGE_TAG: Shape = text(1, 300);
const MAX_RESULTS: Shape = Shape::Integer { min: 1, max: 1000 };
const REFERRERS_MAX: Shape = Shape::Integer { min: 1, max: 50 };
const POSITION: Shape = Shape::Long { min: 0 };
const REPOSITORY_POLICY: Shape = text(0, 10_240);
const LIFECYCLE_POLICY: Shape = text(100, 30_720);
const IMAGE_ID: Shape = Shape::Structure(&[optional("imageDigest", &TEXT), optional("imageTag", &IMAGE_TAG)]);
const IMAGE_IDS: Shape = Shape::List { of: &IMAGE_ID, min: 1, max: 100 };
const DIGESTS: Shape = Shape::List { of: &DIGEST, min: 1, max: 100 };
const ANY_DIGESTS: Shape = Shape::List { of: &text(0, 1000), min: 1, max: 100 };
const MEDIA_TYPES: Shape = Shape::List { of: &TEXT, min: 1, max: 100 };
const MUTABILITY: Shape = one_of(&["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]);
const EXCLUSIONS: Shape = Shape::List { of: &EXCLUSION, min: 1, max: 5 };
const EXCLUSION: Shape = Shape::Structure(&[
    required("filterType", &one_of(&["WILDCARD"])),
    required("filter", &pattern(1, 128, "^[0-9a-zA-Z._*-]{1,128}$", is_exclusion)),
]);
const SCANNING: Shape = Shape::Structure(&[optional("scanOnPush", &Shape::Boolean)]);
const ENCRYPTION: Shape = Shape::Structure(&[
    required("encryptionType", &one_of(&["AES256", "KMS", "KMS_DSSE"])),
    optional("kmsKey", &text(1, 2048)),
]);
const TAG: Shape = Shape::Structure(&[required("Key", &TEXT), required("Value", &TEXT)]);
const TAGS: Shape = Shape::List { of: &TAG, min: 0, max: MANY };
const IMAGE_FILTER: Shape = Shape::Structure(&[
    optional("tagStatus", &one_of(&["TAGGED", "UNTAGGED", "ANY"])),
    optional("imageStatus", &IMAGE_STATUS),
]);
const IMAGE_STATUS: Shape = one_of(&["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"]);
const SUBJECT: Shape = Shape::Structure(&[required("imageDigest", &TEXT)]);
const REFERRERS_FILTER: Shape = Shape::Structure(&[
    optional("artifactTypes", &Shape::List { of: &text(1, 255), min: 0, max: 5 }),
    optional("artifactStatus", &IMAGE_STATUS),
]);

const REGISTRY: Member = optional("registryId", &ACCOUNT);
const REPOSITORY: Member = required("repositoryName", &REPOSITORY_NAME);
const RESOURCE: Member = required("resourceArn", &TEXT);
const NEXT_TOKEN: Member = optional("nextToken", &TEXT);
const PAGE: Member = optional("maxResults", &MAX_RESULTS);
const UPLOAD: Member = required("uploadId", &UPLOAD_ID);

/// Requests that say nothing.
pub(super) const NOTHING: &[Member] = &[];
/// Requests that only name a repository.
pub(super) const REPOSITORY_ALONE: &[Member] = &[REGISTRY, REPOSITORY];
pub(super) const BATCH_CHECK_LAYER_AVAILABILITY: &[Member] =
    &[REGISTRY, REPOSITORY, required("layerDigests", &ANY_DIGESTS)];
pub(super) const BATCH_DELETE_IMAGE: &[Member] = &[REGISTRY, REPOSITORY, required("imageIds", &IMAGE_IDS)];
pub(super) const BATCH_GET_IMAGE: &[Member] =
    &[REGISTRY, REPOSITORY, required("imageIds", &IMAGE_IDS), optional("acceptedMediaTypes", &MEDIA_TYPES)];
pub(super) const COMPLETE_LAYER_UPLOAD: &[Member] = &[REGISTRY, REPOSITORY, UPLOAD, required("layerDigests", &DIGESTS)];
pub(super) const CREATE_REPOSITORY: &[Member] = &[
    REGISTRY,
    REPOSITORY,
    optional("tags", &TAGS),
    optional("imageTagMutability", &MUTABILITY),
    optional("imageTagMutabilityExclusionFilters", &EXCLUSIONS),
    optional("imageScanningConfiguration", &SCANNING),
    optional("encryptionConfiguration", &ENCRYPTION),
];
pub(super) const DELETE_REPOSITORY: &[Member] = &[REGISTRY, REPOSITORY, optional("force", &Shape::Boolean)];
pub(super) const DESCRIBE_IMAGES: &[Member] =
    &[REGISTRY, REPOSITORY, optional("imageIds", &IMAGE_IDS), NEXT_TOKEN, PAGE, optional("filter", &IMAGE_FILTER)];
pub(super) const DESCRIBE_REPOSITORIES: &[Member] =
    &[REGISTRY, optional("repositoryNames", &Shape::List { of: &REPOSITORY_NAME, min: 1, max: 100 }), NEXT_TOKEN, PAGE];
pub(super) const GET_AUTHORIZATION_TOKEN: &[Member] =
    &[optional("registryIds", &Shape::List { of: &ACCOUNT, min: 1, max: 10 })];
pub(super) const GET_DOWNLOAD_URL_FOR_LAYER: &[Member] = &[REGISTRY, REPOSITORY, required("layerDigest", &DIGEST)];
pub(super) const LIST_IMAGE_REFERRERS: &[Member] = &[
    REGISTRY,
    REPOSITORY,
    required("subjectId", &SUBJECT),
    optional("filter", &REFERRERS_FILTER),
    NEXT_TOKEN,
    optional("maxResults", &REFERRERS_MAX),
];
pub(super) const LIST_IMAGES: &[Member] = &[REGISTRY, REPOSITORY, NEXT_TOKEN, PAGE, optional("filter", &IMAGE_FILTER)];
pub(super) const LIST_TAGS_FOR_RESOURCE: &[Member] = &[RESOURCE];
pub(super) const PUT_IMAGE: &[Member] = &[
    REGISTRY,
    REPOSITORY,
    required("imageManifest", &text(1, 4 << 20)),
    optional("imageManifestMediaType", &TEXT),
    optional("imageTag", &IMAGE_TAG),
    optional("imageDigest", &TEXT),
];
pub(super) const PUT_IMAGE_SCANNING_CONFIGURATION: &[Member] =
    &[REGISTRY, REPOSITORY, required("imageScanningConfiguration", &SCANNING)];
pub(super) const PUT_IMAGE_TAG_MUTABILITY: &[Member] = &[
    REGISTRY,
    REPOSITORY,
    required("imageTagMutability", &MUTABILITY),
    optional("imageTagMutabilityExclusionFilters", &EXCLUSIONS),
];
pub(super) const PUT_LIFECYCLE_POLICY: &[Member] =
    &[REGISTRY, REPOSITORY, required("lifecyclePolicyText", &LIFECYCLE_POLICY)];
pub(super) const SET_REPOSITORY_POLICY: &[Member] =
    &[REGISTRY, REPOSITORY, required("policyText", &REPOSITORY_POLICY), optional("force", &Shape::Boolean)];
pub(super) const TAG_RESOURCE: &[Member] = &[RESOURCE, required("tags", &TAGS)];
pub(super) const UNTAG_RESOURCE: &[Member] =
    &[RESOURCE, required("tagKeys", &Shape::List { of: &TEXT, min: 0, max: MANY })];
pub(super) const UPLOAD_LAYER_PART: &[Member] = &[
    REGISTRY,
    REPOSITORY,
    UPLOAD,
    required("partFirstByte", &POSITION),
    required("partLastByte", &POSITION),
    required("layerPartBlob", &Shape::Blob),
];

const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, shape }
}

const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, shape }
}

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, form: Form::Any }
}

const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::Text { min: 0, max: UNBOUNDED, form: Form::OneOf(values) }
}

const fn pattern(min: usize, max: usize, text: &'static str, matches: fn(&str) -> bool) -> Shape {
    Shape::Text { min, max, form: Form::Pattern { text, matches } }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_repository_name(text: &str) -> bool {
    text.parse::<RepositoryName>().is_ok()
}

fn is_digest(text: &str) -> bool {
    let is_algorithm = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+.".contains(&byte);
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        let filled = !algorithm.is_empty() && !hex.is_empty();
        filled && algorithm.bytes().all(is_algorithm) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_exclusion(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._*-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a pattern, what decides, what it takes and what not.
    type Case = (&'static str, fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);

    #[test]
    fn patterns_take_what_they_say() {
        let cases: [Case; 5] = [
            ("account", is_account, &["012345678901"], &["", "1", "0123456789012", "01234567890a"]),
            (
                "repository",
                is_repository_name,
                &["a", "ab/c-d/e.f", "a__b", "a---b", "0/1"],
                &["", "A", "a/", "/a", "a//b", "-a", "a_", "a..b", "a___b", "a._b", "ä", "a b", "a:b"],
            ),
            (
                "digest",
                is_digest,
                &["sha256:00", "a-b_c+d.e:Ff"],
                &["", "sha256", ":00", "sha256:", "sha256:0g", "a:0:0"],
            ),
            (
                "upload",
                is_uuid,
                &["00000000-0000-4000-8000-00000000000F"],
                &["", "0", "00000000-0000-4000-8000-00000000000g", "000000000000-4000-8000-00000000000f"],
            ),
            ("exclusion", is_exclusion, &["latest", "v*", "a.b-C_9"], &["a b", "a/b", "ä"]),
        ];
        for (what, matches, taken, refused) in cases {
            taken.iter().for_each(|text| assert!(matches(text), "{what}: {text:?}"));
            refused.iter().for_each(|text| assert!(!matches(text), "{what}: {text:?}"));
        }
    }
}
