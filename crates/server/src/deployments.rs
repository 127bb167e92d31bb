//! The deployment of each function version, made once a configuration and found by its revision from then on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fakecloud_artifacts::Sha256Digest;
use fakecloud_lambda::FunctionRecord;
use fakecloud_podspec::{Cluster as Settings, InvalidValue, Launch, pod};

use crate::blobs::{Blobs, MergeError};
use crate::convert;
use crate::deployment::{Deployment, SharedDeployment};

/// Every deployment in use.
pub(crate) struct Deployments {
    settings: Arc<Settings>,
    blobs: Arc<Blobs>,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    by_revision: HashMap<String, SharedDeployment>,
    /// The revision each function version last ran with, by its ARN.
    current: HashMap<String, String>,
}

/// Why a function cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployError {
    #[error("the function's configuration cannot be turned into a Pod")]
    Configuration(#[from] InvalidValue),
    #[error(transparent)]
    Layers(#[from] MergeError),
}

impl Deployments {
    pub(crate) fn new(settings: Arc<Settings>, blobs: Arc<Blobs>) -> Self {
        Self { settings, blobs, index: Mutex::default() }
    }

    /// The deployment of `record`. Known ones are looked up; a new one is rendered, hashed, and its layers merged.
    pub(crate) async fn of(&self, record: &Arc<FunctionRecord>) -> Result<SharedDeployment, DeployError> {
        if let Some(known) = self.lock().by_revision.get(&record.revision_id) {
            return Ok(Arc::clone(known));
        }
        let (making, settings, blobs) = (Arc::clone(record), Arc::clone(&self.settings), Arc::clone(&self.blobs));
        let making = tokio::task::spawn_blocking(move || make(&making, &settings, &blobs));
        let made = Arc::new(making.await.expect("making a deployment does not panic")?);
        let mut index = self.lock();
        index.current.insert(record.arn(), record.revision_id.clone());
        Ok(Arc::clone(index.by_revision.entry(record.revision_id.clone()).or_insert(made)))
    }

    /// Forgets what the function version with this ARN ran until now; none if it never ran.
    pub(crate) fn remove(&self, arn: &str) -> Option<SharedDeployment> {
        let mut index = self.lock();
        let revision = index.current.remove(arn)?;
        index.by_revision.remove(&revision)
    }

    /// The files that Pods of known deployments fetch.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let index = self.lock();
        let files = index.by_revision.values().flat_map(|one| [one.code.clone(), one.layers.clone()]);
        files.flatten().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().expect("no holder of this lock panics")
    }
}

fn make(record: &FunctionRecord, settings: &Settings, blobs: &Blobs) -> Result<Deployment, DeployError> {
    let function = convert::function(record)?;
    let layers: Vec<&str> = record.layers.iter().map(|layer| layer.code.sha256_hex.as_str()).collect();
    let layers = if layers.is_empty() { None } else { Some(blobs.layers_tar(&layers)?) };
    let label = deploy_id(&function, settings);
    Ok(Deployment {
        id: label.as_str().into(),
        label,
        code: record.code().map(|code| blobs.zip(&code.sha256_hex)),
        timeout: Duration::from_secs(u64::from(function.timeout.get())),
        layers,
        function,
    })
}

/// The digest of the Pod itself, rendered for a launch that never happens: whatever changes the Pod changes the id.
fn deploy_id(function: &fakecloud_podspec::Function, settings: &Settings) -> fakecloud_podspec::DeployId {
    let pod = pod(function, &Launch::fixed(), settings);
    let json = serde_json::to_vec(&pod).expect("a Pod is serializable");
    fakecloud_podspec::DeployId::from_sha256(Sha256Digest::of(&json).as_bytes())
}
