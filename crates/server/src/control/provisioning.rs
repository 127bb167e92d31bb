//! Provisioned concurrency: the pool is told what the control plane wants to have ready, and the control plane what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use fakecloud_lambda::{Operation, Readiness};
use fakecloud_pool::DeployId;
use tokio::sync::{Notify, oneshot};
use tracing::warn;

use crate::app::App;
use crate::common::words::chain;
use crate::control::hand_over;
use crate::environments::deployment::SharedDeployment;
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
    /// So many environments of this deploy.
    Deploy { deploy: DeployId, count: usize },
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
        Asked::Deploy { deploy, .. } => Some((arn, of(&deploy)?)),
        Asked::Failed(why) => Some((arn, Readiness { failure: Some(why), ..Readiness::default() })),
    });
    app.lambda().observe(readiness.collect());
}

async fn follow(app: &App) {
    let wanted = app.lambda().provisioned();
    let mut arns = BTreeSet::new();
    for version in wanted {
        let arn = version.record.arn();
        let count = usize::try_from(version.count).unwrap_or(usize::MAX);
        match app.deployments.of(&version.record).await {
            Ok(deployment) => {
                // A reset or a deletion comes before this or after it, since both change the state under its lock first.
                let lambda = app.lambda();
                if app.deployments.is_superseded(&deployment) {
                    continue;
                }
                app.provisioning.provision(&app.driver, &arn, deployment, count);
                drop(lambda);
            }
            Err(error) => app.provisioning.fail(&app.driver, &arn, chain(&error)),
        }
        arns.insert(arn);
    }
    app.provisioning.keep(&app.driver, &arns);
}

// === impl Provisioning ===

impl Provisioning {
    /// The control plane or a deployment may have changed.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    /// Has so many environments of a version kept, unless that was asked for already.
    fn provision(&self, driver: &Handle, arn: &str, deployment: SharedDeployment, count: usize) {
        let wanted = Asked::Deploy { deploy: deployment.id.clone(), count };
        let mut asked = self.lock();
        if asked.get(arn) == Some(&wanted) {
            return;
        }
        let before = asked.insert(arn.to_owned(), wanted).filter(|before| before.deploy() != Some(&deployment.id));
        driver.send(Input::Provision { deployment, count });
        if let Some(before) = before {
            before.end(driver);
        }
    }

    /// Notes why a version cannot be deployed.
    fn fail(&self, driver: &Handle, arn: &str, why: String) {
        warn!(function = arn, error = why, "a version cannot be provisioned");
        if let Some(before) = self.lock().insert(arn.to_owned(), Asked::Failed(why)) {
            before.end(driver);
        }
    }

    /// Has no environments kept of versions but these.
    fn keep(&self, driver: &Handle, arns: &BTreeSet<String>) {
        let mut asked = self.lock();
        let (kept, ended) = std::mem::take(&mut *asked).into_iter().partition(|(arn, _)| arns.contains(arn));
        *asked = kept;
        let ended: BTreeMap<String, Asked> = ended;
        ended.into_values().for_each(|before| before.end(driver));
    }

    /// The environments of this deploy end: what was asked for of it is to be asked for again, where it still is wanted.
    pub(crate) fn retired(&self, family: &DeployId) {
        self.lock().retain(|_, asked| asked.deploy() != Some(family));
        self.changed();
    }

    /// Keeps no environments of a function version any more.
    pub(crate) fn unprovision(&self, driver: &Handle, arn: &str) {
        if let Some(asked) = self.lock().remove(arn) {
            asked.end(driver);
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

// === impl Asked ===

impl Asked {
    fn deploy(&self) -> Option<&DeployId> {
        match self {
            Self::Deploy { deploy, .. } => Some(deploy),
            Self::Failed(_) => None,
        }
    }

    /// Keeps no environments of it any more.
    fn end(self, driver: &Handle) {
        if let Self::Deploy { deploy, .. } = self {
            driver.send(Input::Unprovision { deploy });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::deployment::tests::deployment;
    use crate::environments::driver;

    #[test]
    fn driver_hears_of_changes_alone() {
        let (handle, mut inputs) = driver::channel();
        let mut told = || {
            std::iter::from_fn(|| inputs.try_recv().ok())
                .map(|input| if let Input::Provision { count, .. } = input { count } else { 0 })
                .collect::<Vec<_>>()
        };
        let (provisioning, deployment) = (Provisioning::default(), deployment());
        for _ in 0..3 {
            provisioning.provision(&handle, "one", deployment.clone(), 2);
        }
        assert_eq!(told(), [2]);
        provisioning.provision(&handle, "one", deployment.clone(), 3);
        assert_eq!(told(), [3]);
        provisioning.retired(&"another".into());
        provisioning.provision(&handle, "one", deployment.clone(), 3);
        assert!(told().is_empty());
        provisioning.retired(&deployment.family);
        provisioning.provision(&handle, "one", deployment.clone(), 3);
        assert_eq!(told(), [3], "its environments ended");
        provisioning.keep(&handle, &BTreeSet::from(["one".to_owned()]));
        assert!(told().is_empty());
        provisioning.keep(&handle, &BTreeSet::new());
        provisioning.keep(&handle, &BTreeSet::new());
        assert_eq!(told(), [0]);
        provisioning.provision(&handle, "one", deployment, 1);
        provisioning.fail(&handle, "one", "it cannot be deployed".to_owned());
        assert_eq!(told(), [1, 0]);
    }
}
