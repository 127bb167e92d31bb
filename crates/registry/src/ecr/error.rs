//! Errors in the codes and words of ECR, and the answers that carry them.

use std::io;

use fakecloud_durable::LimitReached;
use http::StatusCode;
use serde_json::{Map, Value};

/// An error as the caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", .code.name())]
pub(crate) struct Error {
    code: ErrorCode,
    message: String,
    /// What the body says beside code and message; only some kinds of errors say anything.
    details: Map<String, Value>,
}

/// The kinds of errors: those of ECR's service model that can happen here, then those that any service may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// An upload without a byte was to be completed.
    EmptyUpload,
    /// The very image is there, under this tag.
    ImageAlreadyExists,
    /// The manifest has another digest than the request says.
    ImageDigestDoesNotMatch,
    /// No image of the repository has this tag or digest.
    ImageNotFound,
    /// The tag is in use, and immutable.
    ImageTagAlreadyExists,
    /// What was uploaded is not what its digest promised.
    InvalidLayer,
    /// A part that does not begin where the last one ended.
    InvalidLayerPart,
    /// A parameter that is not of its form, or impossible beside another one.
    InvalidParameter,
    /// A tag of a resource that AWS takes from nobody.
    InvalidTagParameter,
    /// The layer is in the repository.
    LayerAlreadyExists,
    /// A part but the last one is shorter than AWS takes it.
    LayerPartTooSmall,
    /// A manifest or a request names layers that the repository does not have.
    LayersNotFound,
    /// The repository has no lifecycle policy.
    LifecyclePolicyNotFound,
    /// A quota of AWS.
    LimitExceeded,
    /// An index names manifests that the repository does not have.
    ReferencedImagesNotFound,
    /// The name is taken.
    RepositoryAlreadyExists,
    /// The repository has images, and their deletion was not asked for.
    RepositoryNotEmpty,
    /// The registry has no repository of that name.
    RepositoryNotFound,
    /// The repository has no policy.
    RepositoryPolicyNotFound,
    /// A failure that is not the caller's.
    Server,
    /// More at a time than this server takes.
    Throttling,
    /// More tags than a resource may have.
    TooManyTags,
    /// No upload has that id.
    UploadNotFound,
    /// The caller may not do this.
    AccessDenied,
    /// An operation that AWS has and this server has not.
    NotImplemented,
    /// A longer request than any operation takes.
    RequestEntityTooLarge,
    /// A client that has stalled in the middle of its request.
    RequestTimeout,
    /// A body that is no JSON, or a member of another JSON type.
    Serialization,
    /// An operation that AWS does not have.
    UnknownOperation,
}

// === impl Error ===

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Map::new() }
    }

    /// A parameter that breaks a constraint, in the words ECR has for all of them.
    pub(crate) fn invalid(path: &str, constraint: impl std::fmt::Display) -> Self {
        let message = format!("Invalid parameter at '{path}' failed to satisfy constraint: '{constraint}'");
        Self::new(ErrorCode::InvalidParameter, message)
    }

    /// A failure of this server.
    pub(crate) fn server(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Server, message)
    }

    /// A disk that does not take what it is given, or a limit for what it may be given.
    pub(crate) fn disk(what: &str, cause: &io::Error) -> Self {
        match LimitReached::behind(cause) {
            Some(reached) => Self::new(ErrorCode::LimitExceeded, reached.to_string()),
            None => Self::server(format!("{what}: {cause}")),
        }
    }

    /// Says one thing more in the body.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.details.insert(member.to_owned(), value.into());
        self
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The body, as the JSON 1.1 protocol has it.
    pub(crate) fn body(&self) -> Value {
        let mut body = self.details.clone();
        body.insert("__type".to_owned(), self.code.name().into());
        body.insert("message".to_owned(), self.message.as_str().into());
        Value::Object(body)
    }
}

// === impl ErrorCode ===

impl ErrorCode {
    /// The name by which clients know it.
    pub(crate) const fn name(self) -> &'static str {
        self.name_and_status().0
    }

    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.name_and_status().1).expect("the statuses below have three digits")
    }

    /// Services of this protocol answer nearly every fault of the caller with 400.
    const fn name_and_status(self) -> (&'static str, u16) {
        match self {
            Self::EmptyUpload => ("EmptyUploadException", 400),
            Self::ImageAlreadyExists => ("ImageAlreadyExistsException", 400),
            Self::ImageDigestDoesNotMatch => ("ImageDigestDoesNotMatchException", 400),
            Self::ImageNotFound => ("ImageNotFoundException", 400),
            Self::ImageTagAlreadyExists => ("ImageTagAlreadyExistsException", 400),
            Self::InvalidLayer => ("InvalidLayerException", 400),
            Self::InvalidLayerPart => ("InvalidLayerPartException", 400),
            Self::InvalidParameter => ("InvalidParameterException", 400),
            Self::InvalidTagParameter => ("InvalidTagParameterException", 400),
            Self::LayerAlreadyExists => ("LayerAlreadyExistsException", 400),
            Self::LayerPartTooSmall => ("LayerPartTooSmallException", 400),
            Self::LayersNotFound => ("LayersNotFoundException", 400),
            Self::LifecyclePolicyNotFound => ("LifecyclePolicyNotFoundException", 400),
            Self::LimitExceeded => ("LimitExceededException", 400),
            Self::ReferencedImagesNotFound => ("ReferencedImagesNotFoundException", 400),
            Self::RepositoryAlreadyExists => ("RepositoryAlreadyExistsException", 400),
            Self::RepositoryNotEmpty => ("RepositoryNotEmptyException", 400),
            Self::RepositoryNotFound => ("RepositoryNotFoundException", 400),
            Self::RepositoryPolicyNotFound => ("RepositoryPolicyNotFoundException", 400),
            Self::Server => ("ServerException", 500),
            Self::Throttling => ("ThrottlingException", 400),
            Self::TooManyTags => ("TooManyTagsException", 400),
            Self::UploadNotFound => ("UploadNotFoundException", 400),
            Self::AccessDenied => ("AccessDeniedException", 400),
            Self::NotImplemented => ("NotImplementedException", 501),
            Self::RequestEntityTooLarge => ("RequestEntityTooLargeException", 413),
            Self::RequestTimeout => ("RequestTimeoutException", 408),
            Self::Serialization => ("SerializationException", 400),
            Self::UnknownOperation => ("UnknownOperationException", 400),
        }
    }
}
