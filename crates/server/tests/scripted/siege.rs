//! Clients that hold all they can at the same time: what they make the server hold is little.

use crate::api::Api;
use crate::server::{Server, until};
use crate::wire::Wire;

/// The test has as many descriptors itself, of which many systems allow a thousand.
const SILENT: usize = 800;
const SLOW: usize = 50;

/// What a slow upload has sent, in bytes.
const SENT: usize = 64 << 10;

/// Each of these bodies made gigabytes of its megabytes, or could: their beginnings, what is repeated, and the ends.
const WORST: [(&str, &str, &str, &str); 4] = [
    ("POST /2015-03-31/functions", r#"{"FileSystemConfigs":["#, "{},", "{}]}"),
    ("POST /2015-03-31/functions", r#"{"Layers":["#, "\"\",", "\"\"]}"),
    ("POST /2018-10-31/layers/l/versions", r#"{"CompatibleRuntimes":["#, "\"\",", "\"\"]}"),
    ("POST /2015-03-31/event-source-mappings", r#"{"Queues":["#, "[],", "[]]}"),
];
const WORST_BYTES: usize = 9 << 20;

#[tokio::test]
async fn silent_connections_slow_uploads_and_worst_bodies_take_little_memory_together() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let before = server.memory_mib_max();
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(Wire::connect(server.endpoint()).await);
    }
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        let mut upload = Wire::connect(server.endpoint()).await;
        let head = "POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        upload.write(format!("{head}{:x}\r\n{}\r\n", SENT, "a".repeat(SENT))).await;
        slow.push(upload);
    }
    let refused = futures_util::future::join_all(WORST.map(|worst| refusal(&server, worst))).await;
    for (answer, (line, beginning, ..)) in refused.into_iter().zip(WORST) {
        assert!(answer.starts_with("HTTP/1.1 4"), "{line} {beginning}: {answer}");
        assert!(answer.len() < 64 << 10, "{line} {beginning}: an answer of {} bytes", answer.len());
    }
    let after = server.memory_mib_max();
    assert!(after < before + 48, "{before} MiB before, {after} after");
    until(|| server.instance()).await;
    drop((silent, slow));
}

async fn refusal(server: &Server, (line, beginning, repeated, end): (&str, &str, &str, &str)) -> String {
    let count = WORST_BYTES / repeated.len();
    let body = format!("{beginning}{}{end}", repeated.repeat(count));
    let mut client = Wire::connect(server.endpoint()).await;
    client.write(format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len())).await;
    client.write(body).await;
    client.read_answer().await
}
