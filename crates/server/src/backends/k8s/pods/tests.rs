//! The table of Pods, as values: what goes in, and what comes out.

use std::time::{Duration, Instant};

use fakecloud_pool::{Action, Config, Event, InvocationId, Pool};
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use serde_json::{Value, json};

use super::*;
use crate::environments::deployment::tests::deployment;

const GRACE: Duration = Duration::from_secs(20);
const FULL: &str = "0/1 nodes are available: 1 Too many pods.";

/// A table with one Pod in it, whose create is under way.
struct Table {
    pods: Pods,
    instance: InstanceId,
    start: Instant,
}

impl Table {
    fn new() -> Self {
        let mut table = Self { pods: Pods::new(None, GRACE), instance: instance(), start: Instant::now() };
        table.pods.start(table.request(), name());
        assert_eq!(table.did(), ["create"]);
        table
    }

    /// The same once the API server has said that it has the Pod.
    fn created() -> Self {
        let mut table = Self::new();
        table.pods.created(table.instance, Ok(()));
        assert_eq!(table.did(), ["Step(Created)"]);
        table
    }

    fn request(&self) -> Start {
        Start { instance: self.instance, deployment: deployment(), initialization: Initialization::OnDemand }
    }

    fn after(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn saw(&mut self, seconds: u64, pod: Pod) {
        self.pods.changed(self.after(seconds), PodChange::Seen(Box::new(pod)));
    }

    /// Sees a complete list.
    fn listed(&mut self, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.pods.changed(self.start, PodChange::Resynced { names });
    }

    /// What was wanted since the last time, in a word each.
    fn did(&mut self) -> Vec<String> {
        let outputs = std::iter::from_fn(|| self.pods.poll());
        let words = outputs.map(|output| match output {
            Output::Create { .. } => "create".to_owned(),
            Output::Delete { .. } => "delete".to_owned(),
            Output::DeleteStray { name } => format!("delete stray {name}"),
            Output::Wait { time, .. } => format!("wait {time:?}"),
            Output::Report { report, .. } => format!("{report:?}"),
        });
        words.collect()
    }
}

/// An id, which only a pool gives.
fn instance() -> InstanceId {
    let mut pool = Pool::new(Config::default());
    pool.handle(Instant::now(), Event::Invoke { invocation: InvocationId(1), deploy: "deploy".into() });
    match pool.poll_action() {
        Some(Action::StartEnvironment { instance, .. }) => instance,
        other => panic!("an empty pool starts the first environment, and did {other:?}"),
    }
}

fn name() -> PodName {
    PodName::new(&"hello".parse().unwrap(), 7)
}

/// The Pod of the table with this status, on this node.
fn pod(node: Option<&str>, status: Value) -> Pod {
    let mut pod = Pod { status: Some(serde_json::from_value::<PodStatus>(status).unwrap()), ..Pod::default() };
    pod.metadata.name = Some(name().to_string());
    pod.spec.get_or_insert_default().node_name = node.map(str::to_owned);
    pod
}

fn pending() -> Value {
    json!({ "phase": "Pending" })
}

fn unschedulable(message: &str) -> Pod {
    let condition = json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message });
    pod(None, json!({ "phase": "Pending", "conditions": [condition] }))
}

#[test]
fn pod_goes_its_way_from_the_create_to_its_end() {
    let mut table = Table::created();
    table.saw(1, pod(Some("node-1"), pending()));
    assert_eq!(table.did(), [r#"Step(Scheduled(NodeId("node-1")))"#]);
    assert!(table.pods.called(name().as_str(), Some([10, 0, 0, 7].into())).is_some());
    assert_eq!(table.did(), ["Step(SetUp)", "Located(10.0.0.7:8080)"]);
    table.saw(2, pod(Some("node-1"), json!({ "phase": "Running", "podIP": "10.0.0.7" })));
    assert_eq!(table.did(), ["Progressed"], "its node and its address are known");
    table.pods.stop(table.instance);
    assert_eq!(table.did(), ["delete"]);
    table.pods.deleted(table.instance, Ok(Deletion::Accepted));
    assert_eq!(table.did(), ["Stopped"], "its room is still taken");
    table.pods.changed(table.start, PodChange::Gone { name: name().to_string() });
    assert_eq!(table.did(), ["Gone"]);
}

#[test]
fn delete_never_overtakes_the_create() {
    for result in [Ok(()), Err(ApiError::Unanswered("the connection broke".to_owned()))] {
        let mut table = Table::new();
        table.pods.stop(table.instance);
        table.pods.stop(table.instance);
        assert!(table.did().is_empty(), "the create is under way");
        table.pods.created(table.instance, result);
        assert_eq!(table.did().last().unwrap(), "delete");
        table.pods.stop(table.instance);
        assert!(table.did().is_empty(), "one delete is under way");
    }
}

#[test]
fn pod_whose_create_was_not_answered_may_exist_and_is_deleted() {
    let mut table = Table::new();
    table.pods.created(table.instance, Err(ApiError::Unanswered("504: Gateway Timeout".to_owned())));
    assert_eq!(table.did(), [r#"Refused { cause: "could not be created: 504: Gateway Timeout" }"#]);
    table.pods.stop(table.instance);
    assert_eq!(table.did(), ["delete"]);
    table.pods.deleted(table.instance, Ok(Deletion::NothingThere));
    assert_eq!(table.did(), ["Gone", "Stopped"]);
    // The commit that was lost shows up after all.
    table.saw(3, pod(None, pending()));
    assert_eq!(table.did(), [format!("delete stray {}", name())]);
}

#[test]
fn stray_that_is_being_deleted_is_left_alone() {
    let mut table = Table { pods: Pods::new(None, GRACE), instance: instance(), start: Instant::now() };
    let mut stray = pod(None, pending());
    table.saw(1, stray.clone());
    assert_eq!(table.did(), [format!("delete stray {}", name())]);
    stray.metadata.deletion_timestamp = Some(serde_json::from_value(json!("2026-01-31T12:00:00Z")).unwrap());
    table.saw(2, stray);
    assert!(table.did().is_empty());
}

#[test]
fn pod_that_was_refused_needs_no_delete() {
    let mut table = Table::new();
    table.pods.created(table.instance, Err(ApiError::Refused("pods is forbidden".to_owned())));
    assert!(table.did()[0].starts_with("Refused"));
    table.pods.stop(table.instance);
    assert_eq!(table.did(), ["Stopped", "NeverThere"]);
}

#[test]
fn quota_lets_the_start_be_tried_again() {
    let mut table = Table::new();
    table.pods.created(table.instance, Err(ApiError::QuotaUsedUp("exceeded quota: pods".to_owned())));
    let expected = r#"NoRoom { fit: Certain, cause: "could not be created: exceeded quota: pods"#;
    assert!(table.did()[0].starts_with(expected));
    table.pods.start_again(table.request());
    assert_eq!(table.did(), ["create"]);
    table.pods.created(table.instance, Ok(()));
    assert_eq!(table.did(), ["Step(Created)"]);
}

#[test]
fn delete_that_is_not_answered_is_asked_for_again() {
    let mut table = Table::created();
    table.pods.stop(table.instance);
    table.pods.deleted(table.instance, Err(ApiError::Unanswered("no answer".to_owned())));
    assert_eq!(table.did(), ["delete"]);
    table.pods.stop(table.instance);
    table.pods.deleted(table.instance, Ok(Deletion::NothingThere));
    assert_eq!(table.did(), ["delete", "Gone", "Stopped"]);
}

#[test]
fn pod_that_the_watch_saw_go_before_its_delete_was_answered_takes_no_room() {
    let mut table = Table::created();
    table.pods.stop(table.instance);
    table.pods.changed(table.start, PodChange::Gone { name: name().to_string() });
    assert_eq!(table.did(), ["delete", r#"Lost { cause: "the Pod was deleted" }"#, "Gone"]);
    table.pods.deleted(table.instance, Ok(Deletion::Accepted));
    assert_eq!(table.did(), ["Stopped"]);
    table.listed(&[]);
    assert!(table.did().is_empty(), "its end is told once");
}

#[test]
fn resync_tells_of_deletes_that_were_missed() {
    let mut table = Table::created();
    table.pods.changed(table.start, PodChange::ResyncBegan);
    table.listed(&[name().as_str()]);
    assert!(table.did().is_empty());
    table.pods.changed(table.start, PodChange::ResyncBegan);
    table.listed(&[]);
    assert_eq!(table.did(), [r#"Lost { cause: "the Pod is gone" }"#, "Gone"]);
}

#[test]
fn resync_that_began_before_the_create_was_answered_says_nothing_of_the_pod() {
    let mut table = Table::new();
    table.pods.changed(table.start, PodChange::ResyncBegan);
    table.pods.created(table.instance, Ok(()));
    table.listed(&[]);
    assert_eq!(table.did(), ["Step(Created)"]);
}

#[test]
fn resync_tells_when_a_deleted_pod_has_left_its_room() {
    let mut table = Table::created();
    table.pods.stop(table.instance);
    table.pods.deleted(table.instance, Ok(Deletion::Accepted));
    assert_eq!(table.did(), ["delete", "Stopped"]);
    table.listed(&[name().as_str()]);
    assert!(table.did().is_empty(), "it ends");
    table.listed(&[]);
    assert_eq!(table.did(), ["Gone"]);
}

#[test]
fn pod_that_no_node_takes_for_long_has_no_room() {
    let mut table = Table::created();
    table.saw(1, unschedulable(FULL));
    assert_eq!(table.did(), ["wait 20s", "Unplaced"]);
    table.saw(5, unschedulable(FULL));
    assert!(table.did().is_empty(), "it is the same spell");
    let progress = table.pods.progress(table.instance);
    assert!(progress.is_without_room && progress.words.contains("Too many pods"), "{progress:?}");
    table.pods.waited(table.instance, table.after(0));
    assert!(table.did().is_empty(), "that was another spell");
    table.pods.waited(table.instance, table.after(1));
    assert!(table.did()[0].starts_with(r#"NoRoom { fit: Doubtful, cause: "is not scheduled: "#));
    table.pods.start_again(table.request());
    assert_eq!(table.did(), ["wait 10s"], "the scheduler looks again by itself");
}

#[test]
fn pod_that_no_node_can_ever_take_fails() {
    let mut table = Table::created();
    table.saw(1, unschedulable("0/1 nodes are available: 1 node(s) didn't match node selector."));
    table.pods.waited(table.instance, table.after(1));
    assert!(table.did()[2].starts_with("StartFailed"));
}

#[test]
fn pod_that_calls_is_on_a_node_whatever_the_scheduler_was_heard_to_say() {
    let mut table = Table::created();
    table.saw(1, unschedulable(FULL));
    table.pods.called(name().as_str(), None);
    assert_eq!(table.did(), ["wait 20s", "Unplaced", "Step(SetUp)", "Placed"]);
    table.saw(2, unschedulable(FULL));
    table.pods.waited(table.instance, table.after(1));
    table.pods.waited(table.instance, table.after(2));
    let told = table.did();
    assert!(!told.iter().any(|one| one.starts_with("NoRoom") || one.starts_with("StartFailed")), "{told:?}");
}

#[test]
fn pod_that_found_a_node_and_lost_it_begins_another_spell() {
    let mut table = Table::created();
    table.saw(1, unschedulable(FULL));
    table.saw(2, pod(None, pending()));
    table.saw(3, unschedulable(FULL));
    assert_eq!(table.did(), ["wait 20s", "Unplaced", "wait 20s", "Unplaced"]);
    table.pods.waited(table.instance, table.after(1));
    assert!(table.did().is_empty());
    table.pods.waited(table.instance, table.after(3));
    assert!(table.did()[0].starts_with("NoRoom"));
}

#[test]
fn files_that_cannot_be_read_fail_the_start_of_a_pod_that_does_not_run() {
    let mut table = Table::created();
    table.pods.fetch_failed(name().as_str(), "its code cannot be read");
    assert_eq!(table.did(), [r#"StartFailed { cause: "cannot start: its code cannot be read" }"#]);
    table.pods.fetch_failed("another", "its code cannot be read");
    assert!(table.did().is_empty());
}

#[test]
fn stranger_gets_nothing() {
    let mut table = Table::created();
    assert!(table.pods.called("another", None).is_none());
    assert!(table.did().is_empty());
}
