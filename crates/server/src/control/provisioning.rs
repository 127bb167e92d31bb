//! Provisioned concurrency: the pool is told what the control plane wants to have ready, and the control plane what there is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use fakecloud_lambda::{Operation, Readiness};
use fakecloud_pool::DeployId;
use tokio::sync::{Notify, oneshot};
use tracing::warn;

use crate::app::App;
use crate::common::words::chain;
use crate::control::hand_over;
use crate::environments::driver::{Handle, Input};

/// What was asked of the pool.
#[derive(Default)]
pub(crate) struct Provisioning {
    changed: Notify,
    /// By the ARN of the function version.
    asked: Mutex<BTreeMap<String, Asked>>,
}

/// What was asked for one function version.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// Pods of this deploy.
    Deploy(DeployId),
    /// Nothing, since the version cannot be deployed, and why.
    Failed(String),
}

/// Follows the control plane until the process ends; what it wants at the start, it wanted before a restart.
pub(crate) async fn run(app: App) {
    loop {
        follow(&app).await;
        tokio::select! {
            () = app.provisioning.changed.notified() => {}
            (hand_over, settled) = hand_over::next_settled(&app) => {
                hand_over::complete(&app, &hand_over, settled).await;
            }
        }
    }
}

/// Brings the figures of the control plane up to date, where a call shows them.
pub(crate) async fn refresh(app: &App, operation: Operation) {
    let shows =
        matches!(operation, Operation::GetProvisionedConcurrencyConfig | Operation::ListProvisionedConcurrencyConfigs);
    if !shows {
        return;
    }
    let (reply, figures) = oneshot::channel();
    app.driver.send(Input::Figures { reply });
    // Without a driver, at the end of the process, nothing is ready.
    let figures = figures.await.unwrap_or_default();
    let of = |deploy: &DeployId| figures.iter().find(|one| one.deploy == *deploy).map(|one| one.readiness.clone());
    let asked = app.provisioning.lock().clone();
    let readiness = asked.into_iter().filter_map(|(arn, asked)| match asked {
        Asked::Deploy(deploy) => Some((arn, of(&deploy)?)),
        Asked::Failed(why) => Some((arn, Readiness { failure: Some(why), ..Readiness::default() })),
    });
    app.lambda().observe(readiness.collect());
}

async fn follow(app: &App) {
    let wanted = app.lambda().provisioned();
    let mut asked = BTreeMap::new();
    for version in wanted {
        let arn = version.record.arn();
        let count = usize::try_from(version.count).unwrap_or(usize::MAX);
        let one = match app.deployments.of(&version.record).await {
            Ok(deployment) => {
                let deploy = deployment.id.clone();
                // A reset or a deletion comes before this or after it, since both change the state under its lock first.
                let lambda = app.lambda();
                if app.deployments.is_superseded(&deployment) {
                    continue;
                }
                app.driver.send(Input::Provision { deployment, count });
                drop(lambda);
                Asked::Deploy(deploy)
            }
            Err(error) => {
                warn!(function = arn, error = %chain(&error), "a version cannot be provisioned");
                Asked::Failed(chain(&error))
            }
        };
        asked.insert(arn, one);
    }
    let before = std::mem::replace(&mut *app.provisioning.lock(), asked.clone());
    for deploy in before.into_values().filter(|old| !asked.values().any(|new| new == old)) {
        if let Asked::Deploy(deploy) = deploy {
            app.driver.send(Input::Unprovision { deploy });
        }
    }
}

// === impl Provisioning ===

impl Provisioning {
    /// The control plane or a deployment may have changed.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    /// Keeps no Pods of a function version any more.
    pub(crate) fn unprovision(&self, driver: &Handle, arn: &str) {
        if let Some(Asked::Deploy(deploy)) = self.lock().remove(arn) {
            driver.send(Input::Unprovision { deploy });
        }
    }

    /// Says whether a panic has left the state behind this lock in an unknown condition.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.asked.is_poisoned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Asked>> {
        self.asked.lock().expect("no holder of this lock panics")
    }
}
