//! What the pool is told of starts on their way, and what is said of those that wait their turn.

use std::time::{Duration, Instant};

use fakecloud_pool::{Event, InstanceId, NodeId};
use k8s_openapi::api::core::v1::Pod;
use tracing::info;

use super::Driver;
use crate::backends::k8s::pod_status;

/// While starts wait all the time, it is said again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What was said of starts that wait.
#[derive(Debug, Default)]
pub(super) struct Queued {
    said: Option<Instant>,
}

impl Driver {
    /// Hands on what the watch tells of a start: its node, and that its containers have come further.
    pub(super) fn start_read(&mut self, now: Instant, instance: InstanceId, pod: &Pod) {
        let Some(entry) = self.pods.get(&instance).filter(|entry| entry.is_starting()) else { return };
        let before = entry.starting.as_deref().map(pod_status::progress);
        let has_progressed = before.is_some() && before != pod.status.as_ref().map(pod_status::progress);
        if let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref())
            && !entry.timeline.is_scheduled()
        {
            self.pool.handle(now, Event::Scheduled { instance, node: NodeId::from(node) });
        }
        if has_progressed {
            self.pool.handle(now, Event::Progressed { instance });
        }
    }

    /// Says in the log that starts wait, when they begin to and now and then while they do.
    pub(super) fn tell_of_queued(&mut self) {
        let waiting = self.pool.queued_starts();
        if waiting == 0 {
            return;
        }
        if self.queued.is_to_be_said(Instant::now()) {
            let view = self.pool.starts();
            let limit: usize = view.nodes.iter().map(|(_, node)| node.limit).sum();
            info!(
                waiting,
                starting = view.starting,
                limit,
                "more Pods are wanted than the nodes start at once; they wait"
            );
        }
    }

    /// What a caller hears whose start was never begun.
    pub(super) fn not_begun_in_time(&self) -> String {
        let (wait, view) = (self.config.start_wait, self.pool.starts());
        format!(
            "no Pod was begun for it within FAKECLOUD_LAMBDA_START_WAIT={wait:?}: the nodes had others to start, of which \
             {} start now and {} wait; add nodes, or wait longer",
            view.starting, view.waiting
        )
    }
}

// === impl Queued ===

impl Queued {
    fn is_to_be_said(&mut self, now: Instant) -> bool {
        let is_due = self.said.is_none_or(|said| now >= said + AGAIN_AFTER);
        if is_due {
            self.said = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_that_wait_are_told_of_at_once_and_then_from_time_to_time() {
        let start = Instant::now();
        let mut queued = Queued::default();
        let said = [0, 1, 9, 10, 11, 20].map(|seconds| queued.is_to_be_said(start + Duration::from_secs(seconds)));
        assert_eq!(said, [true, false, false, true, false, true]);
    }
}
