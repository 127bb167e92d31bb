//! What the log says where this server's own limits refuse an invocation: the answer, which is AWS's, cannot name them.

use std::time::{Duration, Instant};

use fakecloud_pool::{Config, DeployId};
use tracing::warn;

use super::Driver;

/// Where invocations are refused all the time, it is said again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// The refused invocations of all functions.
#[derive(Debug, Default)]
pub(super) struct Throttled {
    said: Option<Instant>,
    unsaid: u64,
}

/// What there is at the moment of a refusal.
#[derive(Debug, Clone, Copy)]
struct House {
    /// Environments of the function version that may take a further invocation.
    live: usize,
    environments: usize,
    provisioned: usize,
}

impl Driver {
    /// Names the limits that an invocation of this deploy met.
    pub(super) fn throttled(&mut self, now: Instant, deploy: &DeployId) {
        let Some(refused) = self.throttled.count(now) else { return };
        let live = self.pool.instances().filter(|one| one.deploy == deploy && one.state.is_live()).count();
        let provisioned = self.pool.deploys().map(|view| view.provisioned).sum();
        let house = House { live, environments: self.pool.instances().count(), provisioned };
        let function = self.deploys.get(deploy).map(|deploy| deploy.deployment.arn.as_str());
        warn!(
            function,
            refused,
            limits = limits(house, &self.config, self.backend.nouns().many),
            "invocations were refused with 429"
        );
    }
}

/// The limits that were met, by the names of the settings that raise them.
fn limits(house: House, config: &Config, environments: &str) -> String {
    let Config { max_concurrency, max_instances, queue_limit, .. } = config;
    let max_pods = max_instances.get() as usize;
    let waiting = format!("FAKECLOUD_LAMBDA_QUEUE_LIMIT={queue_limit} invocations of it wait already");
    if house.live >= max_concurrency.get() as usize {
        format!("{waiting} for its FAKECLOUD_LAMBDA_MAX_CONCURRENCY={max_concurrency} {environments}")
    } else if house.live == 0 && house.provisioned >= max_pods {
        format!("all FAKECLOUD_LAMBDA_MAX_PODS={max_pods} {environments} are provisioned for other functions")
    } else if house.environments >= max_pods {
        format!("{waiting} for one of FAKECLOUD_LAMBDA_MAX_PODS={max_pods} {environments}")
    } else {
        format!("{waiting} for {environments} that have not started yet")
    }
}

// === impl Throttled ===

impl Throttled {
    /// Counts a refusal. How many are to be told of, if it is time to.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.said.is_some_and(|said| now < said + AGAIN_AFTER) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_of_at_once_and_then_together_from_time_to_time() {
        let start = Instant::now();
        let mut throttled = Throttled::default();
        let times = [0, 1, AGAIN_AFTER.as_secs() - 1, AGAIN_AFTER.as_secs(), AGAIN_AFTER.as_secs() + 1];
        let told = times.map(|seconds| throttled.count(start + Duration::from_secs(seconds)));
        assert_eq!(told, [Some(1), None, None, Some(3), None]);
    }

    #[test]
    fn setting_that_would_have_to_be_higher_is_named() {
        let config = Config {
            max_concurrency: 2.try_into().unwrap(),
            max_instances: 3.try_into().unwrap(),
            queue_limit: 1,
            ..Config::default()
        };
        let said = |live, environments, provisioned| limits(House { live, environments, provisioned }, &config, "Pods");
        let waiting = "FAKECLOUD_LAMBDA_QUEUE_LIMIT=1 invocations of it wait already";
        assert_eq!(said(2, 2, 0), format!("{waiting} for its FAKECLOUD_LAMBDA_MAX_CONCURRENCY=2 Pods"));
        assert_eq!(said(1, 3, 0), format!("{waiting} for one of FAKECLOUD_LAMBDA_MAX_PODS=3 Pods"));
        assert_eq!(said(1, 2, 0), format!("{waiting} for Pods that have not started yet"));
        assert_eq!(said(0, 3, 3), "all FAKECLOUD_LAMBDA_MAX_PODS=3 Pods are provisioned for other functions");
    }
}
