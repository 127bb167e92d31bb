//! One version of a function as environments run it: what an environment is rendered from, and the files it fetches.

use std::sync::Arc;
use std::time::Duration;

use fakecloud_artifacts::Sha256Digest;
use fakecloud_podspec::Function;
use fakecloud_pool::DeployId;

use crate::environments::bundle::Bundle;

/// All that the environments of one deploy id have in common. Made when a configuration changes, shared from then on.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) id: DeployId,
    /// The id without a tenant: deployments of one family become old together.
    pub(crate) family: DeployId,
    /// The same id as an environment's label.
    pub(crate) label: fakecloud_podspec::DeployId,
    /// The function version, and the revision of its record.
    pub(crate) arn: String,
    pub(crate) revision: String,
    pub(crate) function: Arc<Function>,
    /// The checked code zip; none for an image function.
    pub(crate) code: Option<Arc<Bundle>>,
    /// The zips of the layers in attach order; none without layers.
    pub(crate) layers: Option<Arc<Bundle>>,
    /// How long one invocation may take.
    pub(crate) timeout: Duration,
}

/// Shared by the driver, the artifact endpoints and the invocations in flight.
pub(crate) type SharedDeployment = Arc<Deployment>;

impl Deployment {
    /// The same for one tenant alone: a deploy of its own, whose environments serve nobody else.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        let named = format!("{} {tenant}", self.label);
        let label = fakecloud_podspec::DeployId::from_sha256(Sha256Digest::of(named.as_bytes()).as_bytes());
        Self { id: label.as_str().into(), label, ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use fakecloud_podspec::Package;

    use super::*;

    /// A deployment of a function in Python, for tests of others.
    pub(crate) fn deployment() -> SharedDeployment {
        let package = Package::Zip {
            runtime: "python3.12".parse().unwrap(),
            handler: "app.handler".parse().unwrap(),
            code_sha256: "4f1b".into(),
        };
        let account = "000000000000".parse().unwrap();
        let function = Function::new("hello".parse().unwrap(), "us-east-1".parse().unwrap(), account, package);
        let label: fakecloud_podspec::DeployId = "0f343b0931126a20".parse().unwrap();
        Arc::new(Deployment {
            id: label.as_str().into(),
            family: label.as_str().into(),
            label,
            arn: "arn".to_owned(),
            revision: "1".to_owned(),
            function: Arc::new(function),
            code: None,
            layers: None,
            timeout: Duration::from_secs(3),
        })
    }
}
