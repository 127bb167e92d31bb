//! One version of a function as Pods run it: what a Pod is rendered from, and the files it fetches.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fakecloud_podspec::Function;
use fakecloud_pool::DeployId;

/// All that the Pods of one deploy id have in common. Made when a configuration changes, shared from then on.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) id: DeployId,
    /// The same id as a Pod's label.
    pub(crate) label: fakecloud_podspec::DeployId,
    /// The function version, and the revision of its record.
    pub(crate) arn: String,
    pub(crate) revision: String,
    pub(crate) function: Function,
    /// The checked code zip; none for an image function.
    pub(crate) code: Option<PathBuf>,
    /// The merged layers as one tar; none without layers.
    pub(crate) layers: Option<PathBuf>,
    /// How long one invocation may take.
    pub(crate) timeout: Duration,
}

/// Shared by the driver, the artifact endpoints and the invocations in flight.
pub(crate) type SharedDeployment = Arc<Deployment>;
