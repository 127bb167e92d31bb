//! The server's memory with 1,000 warm Pods, all of them simulated: 100 functions with 10 each.

#![expect(clippy::unwrap_used, reason = "a measurement that panics has failed")]
#![expect(clippy::print_stdout, reason = "the figure is the result")]
#![expect(dead_code, reason = "this needs less of the simulation than the tests do")]

#[path = "../tests/scripted/api.rs"]
mod api;
#[path = "../tests/scripted/archive.rs"]
mod archive;
#[path = "../tests/scripted/client.rs"]
mod client;
#[path = "../tests/scripted/control_plane.rs"]
mod control_plane;
#[path = "../tests/scripted/pod.rs"]
mod pod;
#[path = "../tests/scripted/server.rs"]
mod server;

use futures_util::future::join_all;
use serde_json::json;

use crate::api::Api;
use crate::server::Server;

const FUNCTIONS: usize = 100;
const PODS_EACH: usize = 10;

#[tokio::main]
async fn main() {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_LOG", "warn")]).await;
    for number in 0..FUNCTIONS {
        let name = format!("function-{number}");
        server.create_function(&name).await;
        // Long enough that none of them finds the Pod of another one free.
        let payload = json!({ "sleep_ms": 1000 });
        let answers = join_all((0..PODS_EACH).map(|_| server.invoke(&name, payload.clone()))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    }
    assert_eq!(api.pods().len(), FUNCTIONS * PODS_EACH);
    println!("resident KiB: {}", resident_kib(server.id()));
}

/// What of a process is in memory: `VmRSS` of `/proc/<pid>/status`.
fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
