//! An API server with a script: it keeps Pods, serves list and watch, and fails where a test says so.

// Named, as the benchmark compiles this file as a module of its own.
#[path = "api/requests.rs"]
mod requests;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::pod::FakePod;

/// What happens to the next create request.
#[derive(Debug, Clone)]
pub(crate) enum Create {
    /// The Pod is made, but the answer is a 504.
    CommittedButTimedOut,
    /// A 403 with this message; nothing is made.
    Forbidden(&'static str),
    /// The same after so long.
    ForbiddenAfter(Duration, &'static str),
    /// A 409, as others changed what a quota counts at the same moment; nothing is made.
    Conflict,
    /// The Pod is made, and no node ever takes it.
    NeverScheduled,
}

/// The handle of a test.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<Cluster>>,
    events: broadcast::Sender<Option<Value>>,
}

#[derive(Default)]
struct Cluster {
    pods: BTreeMap<String, FakePod>,
    script: VecDeque<Create>,
    knows_nobody: bool,
    keeps_pods: bool,
    /// How many Pods are let in.
    quota: Option<usize>,
    /// How many Pods the quota counts.
    counted: usize,
    creates: usize,
    /// Lists, of which each watch needs one before it begins.
    lists: usize,
    deleted: Vec<String>,
    version: u64,
}

impl Api {
    /// Serves on a free port until the test ends.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let api =
            Self { address: listener.local_addr().unwrap(), state: Arc::default(), events: broadcast::channel(1024).0 };
        tokio::spawn(axum::serve(listener, requests::router(api.clone())).into_future());
        api
    }

    /// Says what happens to coming create requests, in order; after those all is well.
    pub(crate) fn script(&self, creates: impl IntoIterator<Item = Create>) {
        self.lock().script.extend(creates);
    }

    /// Every request for a review is refused from now on, as for a token that has expired.
    pub(crate) fn know_nobody(&self) {
        self.lock().knows_nobody = true;
    }

    /// Every delete fails from now on.
    pub(crate) fn keep_pods(&self) {
        self.lock().keeps_pods = true;
    }

    /// So many Pods are let in from now on. A Pod counts until it has gone, `GRACE` after its deletion, and for a moment more.
    pub(crate) fn limit_pods(&self, quota: usize) {
        self.lock().quota = Some(quota);
    }

    /// A Pod that ran nothing listens at last, and a watch event tells where.
    pub(crate) async fn let_listen(&self, name: &str) {
        self.let_listen_silently(name).await;
        let object = self.lock().pods[name].object.clone();
        drop(self.events.send(Some(json!({ "type": "MODIFIED", "object": object }))));
    }

    /// A Pod that ran nothing listens at last, and no watch event tells where.
    pub(crate) async fn let_listen_silently(&self, name: &str) -> IpAddr {
        let ip = FakePod::next_ip();
        let mut object = self.lock().pods[name].object.clone();
        object["status"] = json!({ "phase": "Running", "podIP": ip.to_string() });
        let pod = FakePod::start(ip, object).await;
        self.lock().pods.insert(name.to_owned(), pod);
        ip
    }

    /// The value of a variable of a Pod's init container.
    pub(crate) fn init_variable(&self, name: &str, variable: &str) -> String {
        let object = self.lock().pods[name].object.clone();
        let variables = object["spec"]["initContainers"][0]["env"].as_array().unwrap();
        let value = &variables.iter().find(|one| one["name"] == variable).unwrap()["value"];
        value.as_str().unwrap().to_owned()
    }

    /// The scheduler has no node for a Pod that ran nothing, and a watch event says so in these words.
    pub(crate) fn find_no_node(&self, name: &str, message: &str) {
        let mut object = self.lock().pods[name].object.clone();
        object["metadata"]["resourceVersion"] = json!(self.next_version());
        object["status"] = json!({ "phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": message,
        }] });
        self.lock().pods.insert(name.to_owned(), FakePod::without_process(object.clone()));
        drop(self.events.send(Some(json!({ "type": "MODIFIED", "object": object }))));
    }

    /// The node controller has not heard of the Pod's node for too long, and says so in the Pod's status.
    pub(crate) fn lose_node_of(&self, name: &str) {
        let condition = |type_: &str, status: &str| json!({ "type": type_, "status": status });
        let conditions = [condition("Ready", "False"), condition("ContainersReady", "True")];
        let mut object = self.lock().pods[name].object.clone();
        object["spec"]["nodeName"] = json!("lost-node");
        object["status"]["phase"] = json!("Running");
        object["status"]["conditions"] = json!(conditions);
        drop(self.events.send(Some(json!({ "type": "MODIFIED", "object": object }))));
    }

    /// How many connections this Pod took.
    pub(crate) fn connections(&self, name: &str) -> usize {
        self.lock().pods[name].connections()
    }

    /// The invocations that Pods of this function were given, as far as these are still there.
    pub(crate) fn payloads(&self, function: &str) -> Vec<Value> {
        self.of_pods(function, FakePod::payloads)
    }

    /// The values of a header of these invocations, none where it was not there.
    pub(crate) fn header(&self, function: &str, name: &str) -> Vec<Option<String>> {
        let headers = self.of_pods(function, FakePod::headers);
        headers.iter().map(|headers| Some(headers.get(name)?.to_str().unwrap().to_owned())).collect()
    }

    fn of_pods<T>(&self, function: &str, of: impl Fn(&FakePod) -> Vec<T>) -> Vec<T> {
        let state = self.lock();
        let name = |pod: &FakePod| pod.object["metadata"]["annotations"]["fakecloud-function-name"].clone();
        state.pods.values().filter(|pod| name(pod) == function).flat_map(of).collect()
    }

    /// The value of a variable of a Pod's function.
    pub(crate) fn variable(&self, name: &str, variable: &str) -> Value {
        let object = self.lock().pods[name].object.clone();
        let variables = object["spec"]["containers"][0]["env"].as_array().unwrap();
        variables.iter().find(|one| one["name"] == variable).unwrap()["value"].clone()
    }

    /// The Pod that is there, of the only function.
    pub(crate) fn only_pod(&self) -> Value {
        let state = self.lock();
        assert_eq!(state.pods.len(), 1);
        state.pods.values().map(|pod| pod.object.clone()).collect::<Vec<_>>().remove(0)
    }

    /// The image of a Pod's function.
    pub(crate) fn image(&self, name: &str) -> String {
        let object = self.lock().pods[name].object.clone();
        object["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
    }

    /// How many create requests came.
    pub(crate) fn creates(&self) -> usize {
        self.lock().creates
    }

    /// How many times Pods were listed.
    pub(crate) fn lists(&self) -> usize {
        self.lock().lists
    }

    /// The names of the Pods that are there.
    pub(crate) fn pods(&self) -> Vec<String> {
        self.lock().pods.keys().cloned().collect()
    }

    /// The names of the Pods the server asked to delete.
    pub(crate) fn deleted(&self) -> Vec<String> {
        self.lock().deleted.clone()
    }

    /// The Pod's process dies; its object stays as it is, and no event tells.
    pub(crate) async fn kill_process(&self, name: &str) {
        let process = self.lock().pods.get_mut(name).unwrap().take_process();
        // Its connection is closed once this returns, not some time later.
        process.unwrap().shutdown().await;
    }

    /// The Pod's process goes on, but its object is gone, and no event tells.
    pub(crate) fn forget_silently(&self, name: &str) -> FakePod {
        self.lock().pods.remove(name).unwrap()
    }

    /// A Pod with this metadata that nobody asked for, as a create leaves whose answer got lost, or another instance.
    pub(crate) async fn plant(&self, name: &str, mut metadata: Value) {
        metadata["name"] = json!(name);
        let object = json!({ "metadata": metadata, "spec": { "containers": [] } });
        self.commit(name, object).await;
    }

    /// Every watch ends with 410 Gone in the stream, so that clients must list again.
    pub(crate) fn expire_watches(&self) {
        let gone = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "too old resource version", "reason": "Expired", "code": 410 });
        drop(self.events.send(Some(json!({ "type": "ERROR", "object": gone }))));
        drop(self.events.send(None));
    }

    async fn commit(&self, name: &str, mut object: Value) {
        let ip = FakePod::next_ip();
        object["metadata"]["resourceVersion"] = json!(self.next_version());
        object["metadata"]["namespace"] = json!("default");
        object["status"] = json!({ "phase": "Pending", "podIP": ip.to_string() });
        let pod = FakePod::start(ip, object.clone()).await;
        self.lock().pods.insert(name.to_owned(), pod);
        drop(self.events.send(Some(json!({ "type": "ADDED", "object": object }))));
    }

    fn next_version(&self) -> String {
        let mut state = self.lock();
        state.version += 1;
        state.version.to_string()
    }

    fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.state.lock().unwrap()
    }
}
