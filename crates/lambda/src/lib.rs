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

mod account;
mod alias;
mod applied;
mod arn;
mod attachments;
mod call;
mod capacity_provider;
mod code;
mod code_signing;
mod concurrency;
mod configuration;
mod constraints;
mod create;
mod decode;
mod delivery;
mod durable;
mod emptied_layers;
mod environment;
mod error;
mod event;
mod event_filter;
mod event_invoke;
mod event_record;
mod event_source;
mod event_source_mapping;
mod event_source_rules;
mod event_source_settings;
mod event_stream;
mod fields;
mod file_systems;
mod foreign_layers;
mod function;
mod function_scaling;
mod function_url;
#[cfg(test)]
mod growth;
mod hand_over;
mod hash_order;
mod hop_by_hop;
mod image;
mod inventory;
mod invoke;
mod latest_published;
mod layer;
mod layer_compatibility;
mod layer_parts;
mod layer_permission;
mod logging;
mod managed_instances;
mod members;
mod model;
mod moment;
mod origin;
mod outcome;
mod page;
mod parts;
mod path;
mod payload;
mod permission;
mod persist;
mod policy;
mod precheck;
mod provisioned_concurrency;
mod readiness;
mod record;
mod recursion;
mod request_size;
mod reset;
mod resource_policy;
mod restore;
mod revision;
mod route;
mod running;
mod runtime;
mod runtime_management;
mod scope;
#[expect(dead_code, reason = "the generated shapes cover all operations, of which some are not served yet")]
mod shapes;
mod source;
mod space;
mod state;
mod streamed;
mod tags;
mod tenancy;
mod update;
mod url_cors;
mod url_event;
mod url_response;
mod url_target;
mod version;
mod version_counts;
mod view;
mod violations;

pub use applied::{Applied, Effect};
pub use call::{Call, Request, parse, parse_as};
pub use code::Code;
pub use delivery::{Delivery, DeliveryService, ServiceRequest, dead_letter, destination};
pub use error::{ArchiveFault, Error, ObjectFault, Response};
pub use event::{EventPlan, EventTarget};
pub use event_record::{DeadLetter, EventAnswer, EventRecord};
pub use foreign_layers::{ForeignLayers, MissingLayers, SuppliedLayer};
pub use hand_over::HandOver;
pub use image::{FoundImage, ImageFault, PinnedImage};
pub use invoke::{Invocation, InvocationKind, InvokeCall};
pub use moment::{Moment, uuid};
pub use origin::{Origin, UrlAddress};
pub use outcome::Outcome;
pub use persist::{Change, RestoreError};
pub use readiness::{ProvisionedVersion, Readiness};
pub use record::{Architecture, FunctionRecord, ImageConfig, ImageContent, LayerUse, Package};
pub use request_size::MAX_REQUEST_BYTES;
pub use reset::Generation;
pub use route::{is_lambda_path, operation};
pub use running::Admitted;
pub use runtime::{RETIRED_RUNTIMES, SUPPORTED_RUNTIMES};
pub use scope::{Scope, is_region_name};
pub use shapes::{ErrorCode, Operation};
pub use source::{Archive, S3Object};
pub use state::{Config, Lambda, Stored};
pub use streamed::{MAX_STREAMED_BYTES, stream_chunk, stream_end};
pub use url_event::{Caller, UrlRequest};
pub use url_response::StreamedHead;
pub use url_target::UrlTarget;
