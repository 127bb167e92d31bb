//! A pure function from an AWS Lambda function's configuration to the Kubernetes Pod that runs it.
//!
//! [`pod`] takes three values, one per question: what runs ([`Function`]), which start of it this is ([`Launch`]), and
//! how this cluster wants its Pods ([`Cluster`]). Every field is a type that was checked when it was made, so `pod`
//! cannot fail; it does no IO, reads no clock and draws no random number: the same input gives the same Pod.
//!
//! ```
//! use fakecloud_podspec::{Cluster, Function, Initialization, InstanceLabel, Launch, Package, PodName, pod};
//!
//! let package = Package::Zip {
//!     runtime: "python3.12".parse()?,
//!     handler: "app.handler".parse()?,
//!     code_sha256: "4f1b…".into(),
//! };
//! let function = Function::new("hello".parse()?, "eu-west-1".parse()?, "000000000000".parse()?, package);
//! let launch = Launch {
//!     name: PodName::new(&function.name, 0x5eed),
//!     instance: InstanceLabel::new(1, 0xcafe),
//!     deploy_id: "0f343b0931126a20".parse()?,
//!     initialization: Initialization::OnDemand,
//!     token: "c2VjcmV0".parse()?,
//! };
//! let cluster = Cluster::new("http://fakecloud.default.svc:4566".parse()?);
//!
//! let pod = pod(&function, &launch, &cluster);
//! assert_eq!(pod.metadata.name.as_deref(), Some("fakecloud-lambda-hello-0000000000005eed"));
//! # Ok::<(), fakecloud_podspec::InvalidValue>(())
//! ```

mod bootstrap;
mod cluster;
mod disk;
mod env;
mod error;
mod function;
mod image;
mod launch;
mod names;
mod pairs;
mod pod;
mod resources;
mod runtime;
mod scheduling;
mod security;
mod tags;
mod text;
mod volumes;

pub use bootstrap::{CODE_PATH, INIT_CONTAINER, LAYERS_PATH, POD_IP_HEADER};
pub use cluster::{Cluster, Namespace, Nodes, Owner, OwnerUid, PriorityClass, ResourceName, SelfUrl};
pub use disk::DiskPolicy;
pub use env::{Environment, RESERVED, is_reserved};
pub use error::InvalidValue;
pub use function::{
    AccountId, Architecture, EphemeralStorageMib, Function, FunctionName, Handler, ImageConfig, MemoryMib,
    NODE_ARCHITECTURE, NODE_OS, Package, Region, TimeoutSecs, Version,
};
pub use image::{ImagePrefix, ImageRef, Images, Registry};
pub use launch::{DeployId, Initialization, InstanceLabel, Launch, Token};
pub use names::{
    ANNOTATION_CODE_SHA256, ANNOTATION_FUNCTION_ARN, ANNOTATION_FUNCTION_NAME, ANNOTATION_FUNCTION_VERSION,
    ANNOTATION_LAYERS, ANNOTATION_SELF_URL, LABEL_DEPLOY_ID, LABEL_INSTANCE, LABEL_LAMBDA, LABEL_MANAGED_BY,
    MANAGED_BY, PodName, SELECTOR, function_label, instance_selector,
};
pub use pod::{CONTAINER, INVOKE_PORT, pod};
pub use resources::{CpuPolicy, TmpMedium};
pub use runtime::Runtime;
pub use scheduling::{Annotations, Labels, NodeSelector, Scheduling, Tolerations};
pub use security::{LAMBDA_GID, LAMBDA_UID, NonRootId, RunAs};
pub use tags::{BadTag, HeededTags, KeyPrefixes, TAG_PREFIX, Tag, TagFault, TagRules};
