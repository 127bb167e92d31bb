//! Errors as the query protocol tells them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::Serialize;

use crate::{Service, answer};

/// The most bytes of an error's text, which repeats what is refused.
const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// An answer, ready to be sent; the caller adds `x-amzn-RequestId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// `Content-Type`.
    pub headers: HeaderMap,
    /// XML.
    pub body: Bytes,
}

/// An error in AWS's own code and words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {message}")]
pub struct Error {
    code: ErrorCode,
    message: String,
}

/// The kinds of errors; their names are the codes that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ErrorCode {
    /// What only AWS itself may do.
    AccessDenied,
    /// Something else still hangs on what is to be deleted.
    DeleteConflict,
    /// The name is taken.
    EntityAlreadyExists,
    /// The signature lacks a part.
    IncompleteSignature,
    /// There is no such action, or not here.
    InvalidAction,
    /// A web identity token that is no JSON web token.
    InvalidIdentityToken,
    /// A parameter that is well-formed, but impossible.
    InvalidInput,
    /// One of AWS's quotas.
    LimitExceeded,
    /// A policy document that says nothing AWS understands.
    MalformedPolicyDocument,
    /// A request without an action.
    MissingAction,
    /// Nothing has that name.
    NoSuchEntity,
    /// A request that is longer than any action takes.
    RequestEntityTooLarge,
    /// A failure that is not the caller's.
    ServiceFailure,
    /// A parameter that is not of its form.
    ValidationError,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorView<'e> {
    r#type: &'static str,
    code: ErrorCode,
    message: &'e str,
}

// === impl Error ===

impl Error {
    /// An error of this kind with this text, or its first 64 KiB.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MAX_MESSAGE_BYTES {
            let end = (0..=MAX_MESSAGE_BYTES).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
            message.truncate(end);
            message.push('…');
            message.shrink_to_fit();
        }
        Self { code, message }
    }

    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NoSuchEntity, message)
    }

    /// The kind of the error.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The text of the error as the caller sees it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The answer that carries this error.
    pub fn to_response(&self, service: Service, request_id: &str) -> Response {
        let r#type = if self.code == ErrorCode::ServiceFailure { "Receiver" } else { "Sender" };
        let view = ErrorView { r#type, code: self.code, message: &answer::printable(&self.message) };
        let error = answer::element("Error", &view);
        let (open, request_id) = (service.namespace(), answer::element("RequestId", &request_id));
        let body = format!("<ErrorResponse xmlns=\"{open}\">{error}{request_id}</ErrorResponse>");
        Response::xml(self.code.status(), body)
    }
}

// === impl ErrorCode ===

impl ErrorCode {
    fn status(self) -> StatusCode {
        match self {
            Self::AccessDenied => StatusCode::FORBIDDEN,
            Self::DeleteConflict | Self::EntityAlreadyExists | Self::LimitExceeded => StatusCode::CONFLICT,
            Self::NoSuchEntity => StatusCode::NOT_FOUND,
            Self::RequestEntityTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ServiceFailure => StatusCode::INTERNAL_SERVER_ERROR,
            Self::IncompleteSignature
            | Self::InvalidAction
            | Self::InvalidIdentityToken
            | Self::InvalidInput
            | Self::MalformedPolicyDocument
            | Self::MissingAction
            | Self::ValidationError => StatusCode::BAD_REQUEST,
        }
    }
}

// === impl Response ===

impl Response {
    pub(crate) fn xml(status: StatusCode, body: String) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/xml"))]);
        Self { status, headers, body: body.into() }
    }
}
