//! From an HTTP request to a checked call of one operation.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Archive, Error, Operation, Origin,
    code::{image, source},
    request::{
        constraints, fields,
        route::{operation, route_of},
    },
};

/// An HTTP request, read to its end.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it came, percent-encoded.
    pub path: String,
    /// The part that follows the question mark, as it came.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A request whose operation is known and whose members all satisfy the service model.
pub struct Call {
    operation: Operation,
    /// The way in which the client reached the server, where it said so.
    origin: Option<Origin>,
    fields: Value,
    blobs: Vec<Bytes>,
}

/// The index of a blob in its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
pub(crate) struct BlobIndex(usize);

/// Routes a request and checks it against the service model.
///
/// # Errors
///
/// Those of [`operation`] and of [`parse_as`].
pub fn parse(request: &Request) -> Result<Call, Error> {
    parse_as(operation(&request.method, &request.path, request.query.as_deref().unwrap_or_default())?, request)
}

/// Checks a request, which [`operation`] routed already, against the service model.
///
/// # Errors
///
/// AWS's errors for malformed JSON, wrong types, violated constraints, and archives that are too large or named by half.
pub fn parse_as(operation: Operation, request: &Request) -> Result<Call, Error> {
    let route = route_of(operation);
    let bytes = request.body.len() as u64;
    if bytes > operation.request_bytes_max() {
        return Err(operation.request_too_large(&request.headers, Some(bytes)));
    }
    let decoded = fields::collect(route, request)?;
    constraints::check(route, &decoded)?;
    let call = Call {
        operation: route.operation,
        origin: Origin::of_request(&request.headers),
        fields: Value::Object(decoded.fields),
        blobs: decoded.blobs,
    };
    source::check(&call)?;
    Ok(call)
}

impl Call {
    /// The operation.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The way in which the client reached the server, where it said so.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The zip that the call brings or names; the caller fetches, checks and stores it before [`crate::Lambda::apply`].
    pub fn archive(&self) -> Option<Archive<'_>> {
        source::archive(self)
    }

    /// The URI of the image that the call names as a function's code; a caller that knows its registry looks it up before
    /// [`crate::Lambda::apply`].
    pub fn image(&self) -> Option<&str> {
        image::of_call(self)
    }

    /// The members as the operation's wire struct.
    ///
    /// # Errors
    ///
    /// `ServiceException` when the generated struct and the generated table disagree.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.fields)
            .map_err(|error| Error::service(format!("{} was parsed wrongly: {error}", self.operation.name())))
    }

    pub(crate) fn fields(&self) -> &Value {
        &self.fields
    }

    pub(crate) fn blob(&self, index: BlobIndex) -> Option<&Bytes> {
        self.blobs.get(index.0)
    }
}

impl BlobIndex {
    /// The index in a decoded tree.
    pub(crate) fn from_tree(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inline_archives_are_bounded() {
        // Made without base64, of which 50 MB take half a minute in an unoptimized build.
        let check = |bytes: usize| {
            let fields = json!({ "Code": { "ZipFile": BlobIndex(0) } });
            let blobs = vec![Bytes::from(vec![0; bytes])];
            source::check(&Call { operation: Operation::CreateFunction, origin: None, fields, blobs })
        };
        assert_eq!(check(52_428_800), Ok(()));
        let refused = check(52_428_801).unwrap_err();
        assert_eq!(refused.message(), "Zipped size must be smaller than 52428800 bytes");
        assert_eq!(refused.code().status(), 413);
    }
}
