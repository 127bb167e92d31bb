//! Connections that take and give nothing: they end, and what they hold is not what others need.

use serde_json::Value;

use crate::api::Api;
use crate::server::Server;
use crate::wire::Wire;

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LIST: &str = "GET /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The beginning of a head that is never whole.
const UNFINISHED: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ";

/// Whether an answer has this status, and its JSON in a form that clients of AWS show.
fn says(answer: &str, status: &str, words: &str) -> bool {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let message: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let message = message["message"].as_str().unwrap();
    let is_named = head.contains("\r\nx-amzn-errortype: ") && head.contains("\r\nconnection: close");
    head.starts_with(&format!("HTTP/1.1 {status} ")) && is_named && message.contains(words)
}

#[tokio::test]
async fn head_that_is_too_long_is_refused_in_words_whatever_follows_it() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    for bytes in [64 << 10, 1 << 20] {
        let mut client = Wire::connect(server.endpoint()).await;
        client.write(UNFINISHED).await;
        client.write(vec![b'a'; bytes]).await;
        let answer = client.read_to_end().await;
        assert!(says(&answer, "431", "more than 65536 bytes"), "{answer}");
    }
    let mut client = Wire::connect(server.endpoint()).await;
    client.write(format!("{UNFINISHED}{}\r\n\r\n", "a".repeat(60 << 10))).await;
    assert!(client.read_answer().await.starts_with("HTTP/1.1 200 "), "one that is not too long is answered");
}

#[tokio::test]
async fn unfinished_heads_and_idle_connections_end() {
    let api = Api::start().await;
    let limits = [("FAKECLOUD_HEAD_TIMEOUT", "200ms"), ("FAKECLOUD_IDLE_TIMEOUT", "400ms")];
    let server = Server::start_with(&api, &limits).await;
    let connect = || Wire::connect(server.endpoint());
    let (mut silent, mut unfinished, mut shaking, mut idle) =
        (connect().await, connect().await, connect().await, connect().await);
    unfinished.write(UNFINISHED).await;
    shaking.write([0x16]).await;
    idle.write(LIVEZ).await;
    let answer = unfinished.read_to_end().await;
    assert!(says(&answer, "408", "FAKECLOUD_HEAD_TIMEOUT"), "{answer}");
    assert_eq!(silent.read_to_end().await, "");
    assert_eq!(shaking.read_to_end().await, "", "a handshake is no longer waited for than a head");
    assert!(idle.read_to_end().await.starts_with("HTTP/1.1 200 "), "it was answered before it ended");
}

#[tokio::test]
async fn client_that_takes_nothing_of_its_answer_is_cut_off() {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_IDLE_TIMEOUT", "400ms")]).await;
    let mut client = Wire::connect(server.endpoint()).await;
    // Far more answers than the buffers on the way take.
    let requests = LIVEZ.repeat(1 << 10);
    while client.try_write(&requests).await {}
    client.closed().await;
}

#[tokio::test]
async fn probes_are_answered_when_clients_have_all_connections() {
    let api = Api::start().await;
    for (setting, words) in [
        ("FAKECLOUD_MAX_CONNECTIONS", "raise FAKECLOUD_MAX_CONNECTIONS"),
        ("FAKECLOUD_MAX_CONNECTIONS_PER_PEER", "127.0.0.1 has 8 connections"),
    ] {
        let server = Server::start_with(&api, &[(setting, "8")]).await;
        let mut silent = Vec::new();
        // More than the reserve has places as well.
        for _ in 0..200 {
            silent.push(Wire::connect(server.endpoint()).await);
        }
        // Nor do those help who ask what a probe asks and never come to an end with it.
        for _ in 0..64 {
            let mut asking = Wire::connect(server.endpoint()).await;
            asking.write("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n").await;
            asking.read_answer().await;
            silent.push(asking);
        }
        for path in ["/livez", "/readyz", "/_fakecloud/health"] {
            let mut probe = Wire::connect(server.endpoint()).await;
            probe.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
            assert!(probe.read_answer().await.starts_with("HTTP/1.1 200 "), "{path}");
        }
        let mut pod = Wire::connect(server.endpoint()).await;
        pod.write("GET /_fakecloud/lambda/_internal/code/pod HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let answer = pod.read_answer().await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "a Pod with a token would get its code: {answer}");
        let mut client = Wire::connect(server.endpoint()).await;
        client.write(LIST).await;
        let answer = client.read_to_end().await;
        assert!(says(&answer, "503", words), "{answer}");
        drop(silent);
        crate::server::until(|| async {
            let mut client = Wire::connect(server.endpoint()).await;
            client.write(LIST).await;
            client.read_head().await.starts_with("HTTP/1.1 200 ").then_some(())
        })
        .await;
    }
}
