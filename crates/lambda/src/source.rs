//! Where the code of a function or the content of a layer comes from.

use bytes::Bytes;
use serde_json::Value;

use crate::{Call, Error, ErrorCode, Operation, call::BlobIndex};

/// The most bytes of a zip that is sent inline.
pub(crate) const MAX_INLINE_ZIP_BYTES: usize = 52_428_800;

/// Checks what the service model does not say about sources.
///
/// # Errors
///
/// Two sources at once, a zip beyond 52,428,800 bytes, an object in S3.
pub(crate) fn check(call: &Call) -> Result<(), Error> {
    let Some(source) = source(call) else { return Ok(()) };
    let given = |member: &str| source.get(member).is_some_and(|value| !value.is_null());
    if given("ZipFile") && ["S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"].into_iter().any(given) {
        return Err(Error::invalid_parameter(
            "Please do not provide other FunctionCode parameters when providing a ZipFile.",
        ));
    }
    if given("S3Bucket") || given("S3Key") {
        let text = |member: &str| source.get(member).and_then(Value::as_str).unwrap_or_default();
        let object = format!("s3://{}/{}", text("S3Bucket"), text("S3Key"));
        return Err(Error::invalid_parameter(format!(
            "Error occurred while GetObject. S3 is not served here, so {object} cannot be read: send the archive as ZipFile"
        )));
    }
    match archive(call) {
        Some(zip) if zip.is_empty() => Err(Error::archive(&crate::ArchiveFault::Empty)),
        Some(zip) if zip.len() > MAX_INLINE_ZIP_BYTES => Err(Error::new(
            ErrorCode::RequestEntityTooLarge,
            format!("Zipped size must be smaller than {MAX_INLINE_ZIP_BYTES} bytes"),
        )),
        _ => Ok(()),
    }
}

/// The inline zip of a call.
pub(crate) fn archive(call: &Call) -> Option<&Bytes> {
    call.blob(BlobIndex::from_tree(source(call)?.get("ZipFile")?)?)
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
