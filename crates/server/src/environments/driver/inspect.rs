//! What the driver and its pool hold, for people and tests, and the eviction of what is warm.

use std::time::{Duration, Instant};

use fakecloud_podspec::Package;
use fakecloud_pool::{Event, Initialization, InstanceView, NodeView, StartsView};

use super::{Deploy, Driver};
use crate::environments::snapshot::{
    DeployShown, InstanceShown, Limits, NodeShown, Provisioned, Snapshot, StartsShown,
};

impl Driver {
    pub(super) fn snapshot(&self, now: Instant) -> Snapshot {
        let config = &self.config;
        let limits = Limits {
            max_environments: config.max_instances.get(),
            max_concurrency: config.max_concurrency.get(),
            queue_limit: config.queue_limit,
            idle_ttl_ms: milliseconds(config.idle_ttl),
            start_timeout_ms: milliseconds(config.start_timeout),
            starts_min: config.starts_min.get(),
            starts_max: config.starts_max.get(),
            start_wait_ms: milliseconds(config.start_wait),
        };
        Snapshot {
            limits,
            waiting: self.pool.waiting(),
            starts: self.starts_shown(),
            deploys: self.deploys_shown(),
            instances: self.pool.instances().filter_map(|view| self.instance_shown(now, &view)).collect(),
        }
    }

    fn starts_shown(&self) -> StartsShown {
        let StartsView { starting, waiting, roomless, nodes } = self.pool.starts();
        let nodes = nodes.into_iter().map(|(node, NodeView { limit, starting })| NodeShown {
            node: node.map(ToString::to_string),
            limit,
            starting,
        });
        StartsShown { starting, waiting, unschedulable: roomless, nodes: nodes.collect() }
    }

    fn deploys_shown(&self) -> Vec<DeployShown> {
        let shown = self.pool.deploys().filter_map(|view| {
            let Deploy { deployment, .. } = self.deploys.get(view.id)?;
            Some(DeployShown {
                deploy_id: deployment.label.to_string(),
                function_arn: deployment.arn.clone(),
                waiting: view.waiting,
                provisioned: (view.provision > 0).then_some(Provisioned {
                    requested: view.provision,
                    allocated: view.provisioned,
                    available: view.provisioned_ready,
                }),
                last_start_failure: view.failure.map(|failure| self.in_words(view.id, failure)),
            })
        });
        shown.collect()
    }

    fn instance_shown(&self, now: Instant, view: &InstanceView<'_>) -> Option<InstanceShown> {
        let entry = self.environments.get(&view.id)?;
        let function = &entry.deployment.function;
        let age = |since: Instant| milliseconds(now.saturating_duration_since(since));
        Some(InstanceShown {
            name: entry.name.as_str().to_owned(),
            function_name: function.name.to_string(),
            function_arn: entry.deployment.arn.clone(),
            runtime: match &function.package {
                Package::Zip { runtime, .. } => runtime.to_string(),
                Package::Image { .. } => "image".to_owned(),
            },
            deploy_id: entry.deployment.label.to_string(),
            state: view.state,
            initialization_type: match view.initialization {
                Initialization::OnDemand => "on-demand",
                Initialization::Provisioned => "provisioned-concurrency",
            },
            age_ms: age(view.created),
            in_state_ms: age(view.since),
            last_used_ms: age(view.last_used),
            invocations: view.served,
            timeline: entry.timeline.shown(),
        })
    }

    /// Ends the environments of every function with this name, also those that are starting, and busy ones once they are done; says
    /// whether there were any.
    pub(super) fn evict(&mut self, now: Instant, function: &str) -> bool {
        let live = self.pool.instances().filter(|view| view.state.is_live()).map(|view| view.id);
        let live = live.filter(|id| {
            self.environments.get(id).is_some_and(|entry| entry.deployment.function.name.as_str() == function)
        });
        let live = live.collect::<Vec<_>>();
        for instance in &live {
            self.pool.handle(now, Event::Evict { instance: *instance });
        }
        !live.is_empty()
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
