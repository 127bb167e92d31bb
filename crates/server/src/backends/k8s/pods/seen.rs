//! What the watch tells of one Pod, read into the table.

use std::time::Instant;

use fakecloud_pool::{InstanceId, NodeId};
use k8s_openapi::api::core::v1::Pod;

use super::{Output, Pods};
use crate::backends::k8s::pod_status::{self, Verdict};
use crate::backends::k8s::pull_failure;
use crate::environments::backend::{Report, Step};

impl Pods {
    pub(super) fn seen(&mut self, now: Instant, instance: InstanceId, pod: &Pod) {
        let reading = pod_status::read(pod);
        if let Some(ip) = reading.ip {
            self.locate(instance, ip);
        }
        let Some(entry) = self.entries.get_mut(&instance) else { return };
        if let Some(node) = reading.node.filter(|_| !std::mem::replace(&mut entry.is_scheduled, true)) {
            self.report(instance, Report::Step(Step::Scheduled(NodeId::from(node.as_str()))));
        }
        self.read_progress(instance, pod);
        self.notice_node(instance);
        let Some(entry) = self.entries.get_mut(&instance) else { return };
        let cause = if let Verdict::Unschedulable(cause) = &reading.verdict { Some(cause.clone()) } else { None };
        if let Some(since) = entry.scheduler_says(now, cause) {
            self.outputs.push_back(Output::Wait { instance, since, time: self.unschedulable_grace });
            self.report(instance, Report::Unplaced);
        }
        match reading.verdict {
            Verdict::Fine | Verdict::Unschedulable(_) => {}
            Verdict::CannotStart(cause) => {
                self.report(instance, Report::StartFailed { cause: format!("cannot start: {cause}") });
            }
            Verdict::CannotPull { image, cause } => {
                let missing = pull_failure::explain(&image, &cause, self.registry.as_ref());
                let missing = missing.map(|words| format!(" ({words})")).unwrap_or_default();
                self.report(instance, Report::StartFailed { cause: format!("cannot start: {cause}{missing}") });
            }
            Verdict::Exited(cause) => self.report(instance, Report::Exited { cause }),
            Verdict::NodeNotReady(cause) => self.report(instance, Report::Unreachable { cause }),
            Verdict::Ended(cause) => self.report(instance, Report::Lost { cause }),
        }
    }

    fn read_progress(&mut self, instance: InstanceId, pod: &Pod) {
        let (Some(entry), Some(status)) = (self.entries.get_mut(&instance), &pod.status) else { return };
        entry.runs = pod_status::runs(status);
        let progress = pod_status::progress(status);
        let before = entry.progress.replace(progress);
        if before.is_some() && before != entry.progress {
            self.report(instance, Report::Progressed);
        }
    }
}
