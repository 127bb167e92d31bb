//! The longest body of each operation, which is known before any of the body is read.

use http::HeaderMap;

use crate::{
    Error, ErrorCode, InvocationKind, Operation,
    invoke::{
        invocation::{MAX_SYNC_PAYLOAD_BYTES, payload_bytes_max},
        payload,
    },
};

/// The most bytes of a body, whatever the operation: of one that brings an archive in base64.
pub const MAX_REQUEST_BYTES: u64 = 70_167_211;

/// The most bytes of any other request: those of a payload. No recorded answer tells AWS's limit for them.
const MAX_PLAIN_REQUEST_BYTES: u64 = MAX_SYNC_PAYLOAD_BYTES as u64;

impl Operation {
    /// The most bytes of a body: 70,167,211 where it may bring an archive, else 6,291,456.
    pub fn request_bytes_max(self) -> u64 {
        if matches!(self, Self::CreateFunction | Self::UpdateFunctionCode | Self::PublishLayerVersion) {
            MAX_REQUEST_BYTES
        } else {
            MAX_PLAIN_REQUEST_BYTES
        }
    }

    /// The answer to a body beyond [`Self::request_bytes_max`], which need not be read. AWS says of a payload how long it
    /// is; so does this if its length is known, as from `Content-Length`.
    pub fn request_too_large(self, headers: &HeaderMap, body_bytes: Option<u64>) -> Error {
        let is_payload = matches!(self, Self::Invoke | Self::InvokeWithResponseStream);
        if let Some(bytes) = body_bytes.filter(|_| is_payload) {
            let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
            let kind = InvocationKind::parse(kind);
            return payload::too_large(kind, bytes, payload_bytes_max(kind));
        }
        // AWS calls Invoke as its own model did at first.
        let name = if self == Self::Invoke { "InvokeFunction" } else { self.name() };
        let limit = self.request_bytes_max();
        let message = format!("Request must be smaller than {limit} bytes for the {name} operation");
        Error::new(ErrorCode::RequestEntityTooLarge, message)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refused(operation: Operation, kind: &'static str, bytes: Option<u64>) -> String {
        let headers =
            HeaderMap::from_iter([("x-amz-invocation-type".parse().unwrap(), HeaderValue::from_static(kind))]);
        let error = operation.request_too_large(&headers, bytes);
        assert_eq!((error.code().status(), error.code()), (413, ErrorCode::RequestEntityTooLarge));
        error.message().to_owned()
    }

    #[test]
    fn only_what_brings_an_archive_may_be_long() {
        let long = [Operation::CreateFunction, Operation::UpdateFunctionCode, Operation::PublishLayerVersion];
        assert!(long.iter().all(|operation| operation.request_bytes_max() == 70_167_211));
        for operation in [Operation::CreateAlias, Operation::Invoke, Operation::UpdateFunctionConfiguration] {
            assert_eq!(operation.request_bytes_max(), 6_291_456, "{operation:?}");
        }
    }

    #[test]
    fn refusal_names_the_limit_and_of_a_payload_its_length() {
        let plain = "Request must be smaller than 6291456 bytes for the CreateAlias operation";
        assert_eq!(refused(Operation::CreateAlias, "Event", Some(7_000_000)), plain);
        let unknown = "Request must be smaller than 6291456 bytes for the InvokeFunction operation";
        assert_eq!(refused(Operation::Invoke, "Event", None), unknown);
        for (kind, limit) in [("RequestResponse", 6_291_456), ("Event", 1_048_576), ("DryRun", 6_291_456)] {
            let known =
                format!("7000000 byte payload is too large for the {kind} invocation type (limit {limit} bytes)");
            assert_eq!(refused(Operation::Invoke, kind, Some(7_000_000)), known);
        }
    }
}
