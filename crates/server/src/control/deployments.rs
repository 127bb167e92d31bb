//! The deployment of what each function version runs now, made once a revision and looked up from then on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fakecloud_artifacts::Sha256Digest;
use fakecloud_lambda::{Effect, FunctionRecord};
use fakecloud_podspec::{Cluster as Settings, InvalidValue, Launch, TagRules, pod};
use tokio::sync::OnceCell;

use crate::control::convert;
use crate::disk::blobs::Blobs;
use crate::environments::bundle::{Bundle, Bundles};
use crate::environments::deployment::{Deployment, SharedDeployment};

/// The deployments of what function versions run now.
pub(crate) struct Deployments {
    settings: Arc<Settings>,
    tag_rules: TagRules,
    blobs: Arc<Blobs>,
    index: Mutex<Index>,
    bundles: Bundles,
}

#[derive(Default)]
struct Index {
    cells: HashMap<String, Cell>,
    /// The revision each function version runs now, by its ARN; each has a cell.
    current: HashMap<String, String>,
}

/// A deployment, made at its first use.
type Cell = Arc<OnceCell<SharedDeployment>>;

/// What a function version ran until now, and what it runs instead, if it is still there.
pub(crate) struct Superseded {
    pub(crate) old: Option<SharedDeployment>,
    pub(crate) new: Option<Arc<FunctionRecord>>,
}

/// Why a function cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployError {
    #[error("the function's configuration cannot be turned into a Pod")]
    Configuration(#[from] InvalidValue),
}

impl Deployments {
    pub(crate) fn new(settings: Arc<Settings>, tag_rules: TagRules, blobs: Arc<Blobs>) -> Self {
        Self { settings, tag_rules, blobs, index: Mutex::default(), bundles: Bundles::default() }
    }

    /// Follows the control plane, which alone says what is current: called while its state is locked.
    pub(crate) fn follow(&self, effects: Vec<Effect>) -> Vec<Superseded> {
        let mut index = self.lock();
        let superseded = effects.into_iter().map(|effect| match effect {
            Effect::Deployed(record) => Superseded { old: index.deploy(&record), new: Some(record) },
            Effect::Removed { arn } => Superseded { old: index.remove(&arn), new: None },
        });
        superseded.collect()
    }

    /// The deployment of `record`: rendered and hashed once, looked up from then on.
    pub(crate) async fn of(&self, record: &Arc<FunctionRecord>) -> Result<SharedDeployment, DeployError> {
        let cell = self.lock().cells.get(&record.revision_id).cloned();
        // Without a cell the record was superseded a moment ago; whoever resolved it runs it once more.
        let cell = cell.unwrap_or_default();
        cell.get_or_try_init(|| self.make(Arc::clone(record))).await.cloned()
    }

    async fn make(&self, record: Arc<FunctionRecord>) -> Result<SharedDeployment, DeployError> {
        let (settings, rules, blobs) = (Arc::clone(&self.settings), self.tag_rules.clone(), Arc::clone(&self.blobs));
        let making = tokio::task::spawn_blocking(move || make(&record, &settings, &rules, &blobs));
        let made = making.await.expect("making a deployment does not panic")?;
        self.bundles.add(made.code.iter().chain(&made.layers));
        Ok(Arc::new(made))
    }

    /// Whether its function version runs something else by now.
    pub(crate) fn is_superseded(&self, deployment: &Deployment) -> bool {
        let index = self.lock();
        match index.current.get(&deployment.arn) {
            Some(revision) if *revision == deployment.revision => false,
            Some(revision) => index.made(revision).is_none_or(|current| current.family != deployment.family),
            None => true,
        }
    }

    /// The files that environments may still fetch.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.bundles.zips()
    }

    /// Says whether a panic has left the state behind this lock in an unknown condition.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.index.is_poisoned() || self.bundles.is_poisoned()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().expect("no holder of this lock panics")
    }
}

impl Index {
    fn deploy(&mut self, record: &FunctionRecord) -> Option<SharedDeployment> {
        let old = self.remove(&record.arn());
        self.current.insert(record.arn(), record.revision_id.clone());
        self.cells.insert(record.revision_id.clone(), Cell::default());
        old
    }

    fn remove(&mut self, arn: &str) -> Option<SharedDeployment> {
        let revision = self.current.remove(arn)?;
        self.cells.remove(&revision)?.get().cloned()
    }

    fn made(&self, revision: &str) -> Option<&SharedDeployment> {
        self.cells.get(revision)?.get()
    }
}

fn make(
    record: &FunctionRecord,
    settings: &Settings,
    rules: &TagRules,
    blobs: &Blobs,
) -> Result<Deployment, DeployError> {
    let function = convert::function(record, rules)?;
    let layers: Vec<_> =
        record.layers.iter().filter_map(|layer| layer.code.as_ref()).map(|code| blobs.zip(&code.sha256_hex)).collect();
    let label = deploy_id(record, &function, settings);
    Ok(Deployment {
        id: label.as_str().into(),
        family: label.as_str().into(),
        label,
        arn: record.arn(),
        revision: record.revision_id.clone(),
        code: record.code().map(|code| Arc::new(Bundle::new(vec![blobs.zip(&code.sha256_hex)]))),
        timeout: Duration::from_secs(u64::from(function.timeout.get())),
        layers: (!layers.is_empty()).then(|| Arc::new(Bundle::new(layers))),
        function: Arc::new(function),
    })
}

/// The digest of the Pod itself, rendered for a launch that never happens: whatever changes the Pod changes the id. An
/// image that is not pinned may have changed behind its tag each time the code was named, so that counts as well.
fn deploy_id(
    record: &FunctionRecord,
    function: &fakecloud_podspec::Function,
    settings: &Settings,
) -> fakecloud_podspec::DeployId {
    let pod = pod(function, &Launch::fixed(), settings);
    let mut fingerprint = serde_json::to_vec(&pod).expect("a Pod is serializable");
    fingerprint.extend_from_slice(record.pushed().unwrap_or_default().as_bytes());
    fakecloud_podspec::DeployId::from_sha256(Sha256Digest::of(&fingerprint).as_bytes())
}
