//! The AWS Lambda API without any IO: what a request means, what it does to the control plane, what it answers.
//!
//! The phases of a request, each a call of its own so that the caller can do the slow part in between:
//!
//! 1. [`parse`] routes a [`Request`], checks it against the service model and gives a [`Call`].
//! 2. When [`Call::archive`] has or names a zip, the caller checks and stores it, and notes that in a [`Stored`]; when
//!    [`Call::image`] names an image, it looks that up, if it knows its registry. Either is the call's [`Code`].
//! 3. [`Lambda::apply`] changes the state and gives the [`Response`] with the [`Change`]s to persist; for invocations
//!    [`Lambda::resolve`] gives the [`Invocation`] to run instead, and [`Invocation::answer`] words its [`Outcome`].
//!
//! Time and randomness enter as a [`Moment`]; nothing here reads a clock, a file or the environment.

/// From an HTTP request to a checked call of one operation: its route, its members and what the service model says of them.
mod request {
    pub(crate) mod call;
    mod constraints;
    mod decode;
    mod fields;
    #[cfg(test)]
    mod growth;
    pub(crate) mod model;
    pub(crate) mod origin;
    pub(crate) mod path;
    pub(crate) mod route;
    pub(crate) mod scope;
    pub(crate) mod size;
    pub(crate) mod violations;
}

/// Functions and their versions: records of them, and the operations that read and change them.
mod function {
    mod attachments;
    pub(crate) mod configuration;
    mod create;
    pub(crate) mod durable;
    mod environment;
    mod file_systems;
    #[expect(clippy::module_inception, reason = "the struct that the folder is about")]
    pub(crate) mod function;
    mod latest_published;
    mod logging;
    pub(crate) mod parts;
    pub(crate) mod read;
    pub(crate) mod record;
    mod recursion;
    pub(crate) mod revision;
    pub(crate) mod runtime;
    mod runtime_management;
    pub(crate) mod tags;
    pub(crate) mod tenancy;
    mod update;
    pub(crate) mod versions;
    mod view;
}

/// Code of functions and content of layers: archives, objects in S3, images and code signing.
mod code {
    pub(crate) mod faults;
    pub(crate) mod found;
    pub(crate) mod image;
    pub(crate) mod signing;
    pub(crate) mod source;
}

/// Aliases of versions.
mod alias {
    pub(crate) mod aliases;
    pub(crate) mod hand_over;
}

/// Layers and their versions, of accounts here and of others.
mod layer {
    mod compatibility;
    pub(crate) mod emptied;
    pub(crate) mod foreign;
    pub(crate) mod layers;
    mod parts;
    mod permission;
}

/// Resource-based policies of functions, versions and aliases.
mod policy {
    pub(crate) mod document;
    pub(crate) mod permission;
    mod resource_policy;
}

/// Concurrency, reserved and provisioned, and the invocations that run.
mod concurrency {
    pub(crate) mod provisioned;
    pub(crate) mod readiness;
    pub(crate) mod reserved;
    pub(crate) mod running;
    mod version_counts;
}

/// Invocations for which somebody waits: their payloads, and the answers that they get.
mod invoke {
    mod event_stream;
    pub(crate) mod invocation;
    pub(crate) mod outcome;
    pub(crate) mod payload;
    pub(crate) mod streamed;
}

/// Asynchronous invocations: their configuration, and the records that tell how they ended.
mod event {
    pub(crate) mod delivery;
    pub(crate) mod invoke_config;
    pub(crate) mod plan;
    pub(crate) mod record;
}

/// Event source mappings.
mod mapping {
    mod filter;
    pub(crate) mod mappings;
    mod rules;
    mod settings;
    mod source;
}

/// Function URLs: requests become events, and answers become responses.
mod url {
    pub(crate) mod config;
    mod cors;
    pub(crate) mod event;
    mod hop_by_hop;
    pub(crate) mod response;
    pub(crate) mod target;
}

/// Capacity providers, and the functions on them.
mod capacity {
    pub(crate) mod managed_instances;
    pub(crate) mod providers;
    mod scaling;
}

mod account;
mod applied;
mod apply;
mod arn;
mod error;
mod hash_order;
mod inventory;
mod members;
mod moment;
mod page;
mod persist;
mod precheck;
mod reset;
mod restore;
#[expect(dead_code, reason = "the generated shapes cover all operations, of which some are not served yet")]
mod shapes;
mod space;
mod state;

pub use alias::hand_over::HandOver;
pub use applied::{Applied, Effect};
pub use code::faults::{ArchiveFault, ObjectFault};
pub use code::found::{Code, Stored};
pub use code::image::{FoundImage, ImageFault, PinnedImage};
pub use code::source::{Archive, S3Object};
pub use concurrency::readiness::{ProvisionedVersion, Readiness};
pub use concurrency::running::Admitted;
pub use error::{Error, Response};
pub use event::delivery::{Delivery, DeliveryService, ServiceRequest, dead_letter, destination};
pub use event::plan::{EventPlan, EventTarget};
pub use event::record::{DeadLetter, EventAnswer, EventRecord};
pub use function::record::{Architecture, FunctionRecord, ImageConfig, ImageContent, LayerUse, Package};
pub use function::runtime::{RETIRED_RUNTIMES, SUPPORTED_RUNTIMES};
pub use invoke::invocation::{Invocation, InvocationKind, InvokeCall};
pub use invoke::outcome::Outcome;
pub use invoke::streamed::{MAX_STREAMED_BYTES, stream_chunk, stream_end};
pub use layer::foreign::{ForeignLayers, MissingLayers, SuppliedLayer};
pub use moment::{Moment, uuid};
pub use persist::{Change, RestoreError};
pub use request::call::{Call, Request, parse, parse_as};
pub use request::origin::{Origin, UrlAddress};
pub use request::route::{is_lambda_path, operation};
pub use request::scope::{Scope, is_region_name};
pub use request::size::MAX_REQUEST_BYTES;
pub use reset::Generation;
pub use shapes::{ErrorCode, Operation};
pub use state::{Config, Lambda};
pub use url::event::{Caller, UrlRequest};
pub use url::response::StreamedHead;
pub use url::target::UrlTarget;
