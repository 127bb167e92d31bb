//! Headers of AWS's protocols: their names, made once, for every invocation needs them.

use http::HeaderName;

/// The id of a request, in its answer and on its way to a Pod.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What X-Ray follows a request by.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The operation, in protocols that have JSON bodies.
pub(crate) const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// What a client says of itself to the function.
pub(crate) const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("x-amz-client-context");

/// The tenant of an invocation, from its caller and on to the emulator.
pub(crate) const TENANT_ID: HeaderName = HeaderName::from_static("x-amz-tenant-id");
