//! Sources of functions' code and layers' content.

use bytes::Bytes;
use serde_json::Value;

use crate::{
    Call, Error, ErrorCode, Operation,
    function::record::ReferencedObject,
    request::call::BlobIndex,
    shapes::{FunctionCode, UpdateFunctionCodeRequest},
};

/// A zip that a call brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archive<'a> {
    /// The zip itself, decoded.
    Inline(&'a Bytes),
    /// The object that holds the zip.
    S3(S3Object),
}

/// An object in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Object {
    /// The bucket's name.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version; the newest where there is none.
    pub version: Option<String>,
}

/// The most bytes of a zip that is sent inline.
pub(crate) const MAX_INLINE_ZIP_BYTES: usize = 52_428_800;

/// Checks what the service model does not say about sources.
///
/// # Errors
///
/// Two sources at once, half the name of an object, a zip beyond 52,428,800 bytes.
pub(crate) fn check(call: &Call) -> Result<(), Error> {
    let Some(source) = source(call) else { return Ok(()) };
    let given = |member: &str| source.get(member).is_some_and(|value| !value.is_null());
    if given("ZipFile") && ["S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"].into_iter().any(given) {
        return Err(Error::invalid_parameter(
            "Please do not provide other FunctionCode parameters when providing a ZipFile.",
        ));
    }
    if given("S3Bucket") != given("S3Key") {
        return Err(no_source(call.operation()));
    }
    match archive(call) {
        Some(Archive::Inline(zip)) if zip.is_empty() => Err(Error::archive(&crate::ArchiveFault::Empty)),
        Some(Archive::Inline(zip)) if zip.len() > MAX_INLINE_ZIP_BYTES => Err(Error::new(
            ErrorCode::RequestEntityTooLarge,
            format!("Zipped size must be smaller than {MAX_INLINE_ZIP_BYTES} bytes"),
        )),
        _ => Ok(()),
    }
}

/// The archive of a call.
pub(crate) fn archive(call: &Call) -> Option<Archive<'_>> {
    let source = source(call)?;
    if let Some(index) = source.get("ZipFile").and_then(BlobIndex::from_tree) {
        return call.blob(index).map(Archive::Inline);
    }
    let text = |member: &str| source.get(member).and_then(Value::as_str).map(str::to_owned);
    Some(Archive::S3(S3Object { bucket: text("S3Bucket")?, key: text("S3Key")?, version: text("S3ObjectVersion") }))
}

// === impl ReferencedObject ===

impl ReferencedObject {
    /// The object that new code is a reference to.
    pub(crate) fn of(code: &mut FunctionCode) -> Option<Self> {
        let FunctionCode { s3_bucket, s3_key, s3_object_version, .. } = code;
        Self::referenced(
            code.s3_object_storage_mode.as_deref(),
            s3_bucket.take(),
            s3_key.take(),
            s3_object_version.take(),
        )
    }

    /// The object that updated code is a reference to.
    pub(crate) fn of_update(input: &UpdateFunctionCodeRequest) -> Option<Self> {
        let UpdateFunctionCodeRequest { s3_bucket, s3_key, s3_object_version, .. } = input;
        let mode = input.s3_object_storage_mode.as_deref();
        Self::referenced(mode, s3_bucket.clone(), s3_key.clone(), s3_object_version.clone())
    }

    fn referenced(
        mode: Option<&str>,
        bucket: Option<String>,
        key: Option<String>,
        version: Option<String>,
    ) -> Option<Self> {
        let (bucket, key) = (bucket?, key?);
        (mode == Some("REFERENCE")).then_some(Self { bucket, key, version })
    }
}

/// Nothing says where the code or the content is.
pub(crate) fn no_source(operation: Operation) -> Error {
    Error::invalid_parameter(match operation == Operation::PublishLayerVersion {
        true => "Please provide a source for layer content.",
        false => "Please provide a source for function code.",
    })
}

/// The members that name the source, of the operations that have one.
fn source(call: &Call) -> Option<&Value> {
    let operation = call.operation();
    let fields = call.fields();
    if operation == Operation::UpdateFunctionCode {
        return Some(fields);
    }
    let member = match operation == Operation::PublishLayerVersion {
        true => "Content",
        false => "Code",
    };
    fields.get(member)
}
