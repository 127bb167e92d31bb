//! Every operation of ECR's service model: those that are served, with the members of their requests, and the others.

use super::error::{Error, ErrorCode};
use super::inputs as input;
use super::shape::Member;

/// What `X-Amz-Target` says before the operation.
const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.";

/// An operation that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    BatchCheckLayerAvailability,
    BatchDeleteImage,
    BatchGetImage,
    CompleteLayerUpload,
    CreateRepository,
    DeleteLifecyclePolicy,
    DeleteRepository,
    DeleteRepositoryPolicy,
    DescribeImages,
    DescribeRegistry,
    DescribeRepositories,
    GetAuthorizationToken,
    GetDownloadUrlForLayer,
    GetLifecyclePolicy,
    GetRepositoryPolicy,
    InitiateLayerUpload,
    ListImageReferrers,
    ListImages,
    ListTagsForResource,
    PutImage,
    PutImageScanningConfiguration,
    PutImageTagMutability,
    PutLifecyclePolicy,
    SetRepositoryPolicy,
    TagResource,
    UntagResource,
    UploadLayerPart,
}

use Operation as O;

/// What is served, and what its requests have.
pub(super) const SERVED: [(&str, Operation, &[Member]); 27] = [
    ("BatchCheckLayerAvailability", O::BatchCheckLayerAvailability, input::BATCH_CHECK_LAYER_AVAILABILITY),
    ("BatchDeleteImage", O::BatchDeleteImage, input::BATCH_DELETE_IMAGE),
    ("BatchGetImage", O::BatchGetImage, input::BATCH_GET_IMAGE),
    ("CompleteLayerUpload", O::CompleteLayerUpload, input::COMPLETE_LAYER_UPLOAD),
    ("CreateRepository", O::CreateRepository, input::CREATE_REPOSITORY),
    ("DeleteLifecyclePolicy", O::DeleteLifecyclePolicy, input::REPOSITORY_ALONE),
    ("DeleteRepository", O::DeleteRepository, input::DELETE_REPOSITORY),
    ("DeleteRepositoryPolicy", O::DeleteRepositoryPolicy, input::REPOSITORY_ALONE),
    ("DescribeImages", O::DescribeImages, input::DESCRIBE_IMAGES),
    ("DescribeRegistry", O::DescribeRegistry, input::NOTHING),
    ("DescribeRepositories", O::DescribeRepositories, input::DESCRIBE_REPOSITORIES),
    ("GetAuthorizationToken", O::GetAuthorizationToken, input::GET_AUTHORIZATION_TOKEN),
    ("GetDownloadUrlForLayer", O::GetDownloadUrlForLayer, input::GET_DOWNLOAD_URL_FOR_LAYER),
    ("GetLifecyclePolicy", O::GetLifecyclePolicy, input::REPOSITORY_ALONE),
    ("GetRepositoryPolicy", O::GetRepositoryPolicy, input::REPOSITORY_ALONE),
    ("InitiateLayerUpload", O::InitiateLayerUpload, input::REPOSITORY_ALONE),
    ("ListImageReferrers", O::ListImageReferrers, input::LIST_IMAGE_REFERRERS),
    ("ListImages", O::ListImages, input::LIST_IMAGES),
    ("ListTagsForResource", O::ListTagsForResource, input::LIST_TAGS_FOR_RESOURCE),
    ("PutImage", O::PutImage, input::PUT_IMAGE),
    ("PutImageScanningConfiguration", O::PutImageScanningConfiguration, input::PUT_IMAGE_SCANNING_CONFIGURATION),
    ("PutImageTagMutability", O::PutImageTagMutability, input::PUT_IMAGE_TAG_MUTABILITY),
    ("PutLifecyclePolicy", O::PutLifecyclePolicy, input::PUT_LIFECYCLE_POLICY),
    ("SetRepositoryPolicy", O::SetRepositoryPolicy, input::SET_REPOSITORY_POLICY),
    ("TagResource", O::TagResource, input::TAG_RESOURCE),
    ("UntagResource", O::UntagResource, input::UNTAG_RESOURCE),
    ("UploadLayerPart", O::UploadLayerPart, input::UPLOAD_LAYER_PART),
];

/// What AWS has besides.
const NOT_SERVED: [&str; 35] = [
    "BatchGetRepositoryScanningConfiguration",
    "CreatePullThroughCacheRule",
    "CreateRepositoryCreationTemplate",
    "DeletePullThroughCacheRule",
    "DeleteRegistryPolicy",
    "DeleteRepositoryCreationTemplate",
    "DeleteSigningConfiguration",
    "DeregisterPullTimeUpdateExclusion",
    "DescribeImageReplicationStatus",
    "DescribeImageScanFindings",
    "DescribeImageSigningStatus",
    "DescribePullThroughCacheRules",
    "DescribeReplicationBackfillResults",
    "DescribeRepositoryCreationTemplates",
    "GetAccountSetting",
    "GetLifecyclePolicyPreview",
    "GetRegistryPolicy",
    "GetRegistryScanningConfiguration",
    "GetSigningConfiguration",
    "ListPullTimeUpdateExclusions",
    "ListReplicationBackfills",
    "PutAccountSetting",
    "PutRegistryPolicy",
    "PutRegistryScanningConfiguration",
    "PutReplicationConfiguration",
    "PutSigningConfiguration",
    "RegisterPullTimeUpdateExclusion",
    "StartImageScan",
    "StartLifecyclePolicyPreview",
    "StartReplicationBackfill",
    "StopReplicationBackfill",
    "UpdateImageStorageClass",
    "UpdatePullThroughCacheRule",
    "UpdateRepositoryCreationTemplate",
    "ValidatePullThroughCacheRule",
];

impl Operation {
    /// The operation that a request's `X-Amz-Target` names, and the members of such a request.
    ///
    /// # Errors
    ///
    /// `NotImplementedException` for operations that only AWS has, else `UnknownOperationException`.
    pub(super) fn of_target(target: Option<&str>) -> Result<(Self, &'static [Member]), Error> {
        let unknown = |message: String| Err(Error::new(ErrorCode::UnknownOperation, message));
        let Some(target) = target else {
            return unknown(format!("the header X-Amz-Target is missing; it is {TARGET}<operation>"));
        };
        let Some(name) = target.strip_prefix(TARGET) else {
            return unknown(format!("X-Amz-Target is '{target}'; for ECR it is {TARGET}<operation>"));
        };
        if let Some((_, operation, members)) = SERVED.iter().find(|(served, ..)| *served == name) {
            return Ok((*operation, members));
        }
        let served = SERVED.map(|(served, ..)| served).join(", ");
        match NOT_SERVED.contains(&name) {
            true => {
                let message = format!("fakecloud does not serve {name} of ECR; it serves {served}");
                Err(Error::new(ErrorCode::NotImplemented, message))
            }
            false => unknown(format!("ECR has no operation '{name}'; fakecloud serves {served}")),
        }
    }

    /// Whether it puts images, or parts of them, into repositories or deletes any.
    pub(super) fn changes_images(self) -> bool {
        let it = [
            Self::BatchDeleteImage,
            Self::CompleteLayerUpload,
            Self::DeleteRepository,
            Self::InitiateLayerUpload,
            Self::PutImage,
            Self::UploadLayerPart,
        ];
        it.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = include_str!("../../../../docs/OPERATIONS.md");

    fn refusal(target: Option<&str>) -> (ErrorCode, String) {
        let error = Operation::of_target(target).unwrap_err();
        (error.code(), error.message().to_owned())
    }

    #[test]
    fn every_operation_is_served_or_refused_by_its_name() {
        for (name, operation, _) in SERVED {
            assert_eq!(format!("{operation:?}"), name);
            let (found, _) = Operation::of_target(Some(&format!("{TARGET}{name}"))).unwrap();
            assert_eq!(found, operation);
        }
        for name in NOT_SERVED {
            let (code, message) = refusal(Some(&format!("{TARGET}{name}")));
            assert_eq!(code, ErrorCode::NotImplemented);
            assert!(message.contains(name) && message.contains("CreateRepository"), "{message}");
        }
        for target in [None, Some("DynamoDB_20120810.GetItem"), Some("AmazonEC2ContainerRegistry_V20150921.Get")] {
            assert_eq!(refusal(target).0, ErrorCode::UnknownOperation, "{target:?}");
        }
    }

    #[test]
    fn documented_operations_are_those_of_the_tables_with_their_states() {
        let (_, section) = DOCUMENTED.split_once("\n## ECR\n").unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
        let rows: Vec<(&str, bool)> = rows.map(|(name, rest)| (name, rest.starts_with("not yet"))).skip(2).collect();
        let mut expected: Vec<(&str, bool)> = SERVED.iter().map(|(name, ..)| (*name, false)).collect();
        expected.extend(NOT_SERVED.map(|name| (name, true)));
        expected.sort_unstable();
        assert_eq!(rows, expected);
    }
}
