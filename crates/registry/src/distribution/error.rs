//! Errors in the form of the OCI Distribution Specification.

use axum::response::{IntoResponse, Response};
use fakecloud_durable::LimitReached;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use tracing::error;

use crate::failure::{causes, words};

/// The specification's error codes, and those that registries had before it; each with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    BlobUnknown,
    BlobUploadInvalid,
    /// Another request is using the upload: the same code under another status.
    BlobUploadBusy,
    BlobUploadUnknown,
    Denied,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    /// The same code under the status that the specification has for manifests that are too large.
    ManifestTooLarge,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PaginationNumberInvalid,
    RangeInvalid,
    /// The client has stalled.
    RequestTimeout,
    SizeInvalid,
    TagInvalid,
    /// An upstream says so, or too many uploads are open.
    TooManyRequests,
    Unauthorized,
    /// An upstream does not give what it is asked for.
    Unavailable,
    Unknown,
    Unsupported,
}

/// An error as it is answered.
#[derive(Debug)]
pub(crate) struct Error {
    code: ErrorCode,
    message: String,
    detail: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ErrorCode {
    fn parts(self) -> (&'static str, StatusCode) {
        match self {
            Self::BlobUnknown => ("BLOB_UNKNOWN", StatusCode::NOT_FOUND),
            Self::BlobUploadInvalid => ("BLOB_UPLOAD_INVALID", StatusCode::BAD_REQUEST),
            Self::BlobUploadBusy => ("BLOB_UPLOAD_INVALID", StatusCode::CONFLICT),
            Self::BlobUploadUnknown => ("BLOB_UPLOAD_UNKNOWN", StatusCode::NOT_FOUND),
            Self::Denied => ("DENIED", StatusCode::FORBIDDEN),
            Self::DigestInvalid => ("DIGEST_INVALID", StatusCode::BAD_REQUEST),
            Self::ManifestBlobUnknown => ("MANIFEST_BLOB_UNKNOWN", StatusCode::NOT_FOUND),
            Self::ManifestInvalid => ("MANIFEST_INVALID", StatusCode::BAD_REQUEST),
            Self::ManifestTooLarge => ("MANIFEST_INVALID", StatusCode::PAYLOAD_TOO_LARGE),
            Self::ManifestUnknown => ("MANIFEST_UNKNOWN", StatusCode::NOT_FOUND),
            Self::NameInvalid => ("NAME_INVALID", StatusCode::BAD_REQUEST),
            Self::NameUnknown => ("NAME_UNKNOWN", StatusCode::NOT_FOUND),
            Self::PaginationNumberInvalid => ("PAGINATION_NUMBER_INVALID", StatusCode::BAD_REQUEST),
            Self::RangeInvalid => ("RANGE_INVALID", StatusCode::RANGE_NOT_SATISFIABLE),
            Self::RequestTimeout => ("REQUEST_TIMEOUT", StatusCode::REQUEST_TIMEOUT),
            Self::SizeInvalid => ("SIZE_INVALID", StatusCode::BAD_REQUEST),
            Self::TagInvalid => ("TAG_INVALID", StatusCode::BAD_REQUEST),
            Self::TooManyRequests => ("TOOMANYREQUESTS", StatusCode::TOO_MANY_REQUESTS),
            Self::Unauthorized => ("UNAUTHORIZED", StatusCode::UNAUTHORIZED),
            Self::Unavailable => ("UNAVAILABLE", StatusCode::BAD_GATEWAY),
            Self::Unknown => ("UNKNOWN", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Unsupported => ("UNSUPPORTED", StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}

impl Error {
    /// An error with a message for people.
    pub(crate) fn new(code: ErrorCode, message: impl ToString) -> Self {
        Self { code, message: message.to_string(), detail: Value::Null, headers: Vec::new() }
    }

    /// The disk or something else here has failed, which is told in the log.
    pub(crate) fn internal(failure: &(dyn std::error::Error + 'static)) -> Self {
        error!(error = causes(failure), "the registry cannot serve a request");
        // Clients try again what fails as unknown; what is over a limit stays so.
        let is_over = LimitReached::behind(failure).is_some();
        Self::new(if is_over { ErrorCode::Denied } else { ErrorCode::Unknown }, words(failure))
    }

    /// Clients are to log in, with a name and a password.
    pub(crate) fn unauthorized(message: &str) -> Self {
        const CHALLENGE: &str = "Basic realm=\"fakecloud\",service=\"ecr.amazonaws.com\"";
        Self::new(ErrorCode::Unauthorized, message).with_header(WWW_AUTHENTICATE, CHALLENGE)
    }

    /// Adds what programs can read of the error.
    pub(crate) fn with_detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (code, status) = self.code.parts();
        let body = json!({ "errors": [{ "code": code, "message": self.message, "detail": self.detail }] });
        let content_type = [(CONTENT_TYPE, "application/json; charset=utf-8")];
        let mut response = (status, content_type, body.to_string()).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}
