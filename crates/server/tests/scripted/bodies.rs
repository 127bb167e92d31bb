//! Bodies of requests that are refused before they are read: a client that sends all of one first hears why as well.

use crate::api::Api;
use crate::server::Server;
use crate::wire::Wire;

/// What is sent in a body: more than AWS takes.
const PIECES: usize = 80;
const PIECE_BYTES: usize = 1 << 20;

/// What each body begins with: a form says there what it wants.
const BEGINNING: &[u8] = b"Action=ListRoles&Version=2010-05-08&PathPrefix=/";

const ECR: &str = "X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.DescribeRegistry";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded; charset=utf-8";

/// Requests and a header of them, the status of the answer, and what is in it.
const REFUSED: [(&str, &str, &str, &str); 10] = [
    ("POST /2015-03-31/functions", "A: b", "413", "than 70167211 bytes for the CreateFunction operation"),
    ("POST /2015-03-31/functions/f/invocations", "A: b", "413", "RequestEntityTooLargeException"),
    ("POST /2015-03-31/functions/f/aliases", "A: b", "413", "than 6291456 bytes for the CreateAlias operation"),
    ("POST /2015-03-31/nothing", "A: b", "404", "UnknownOperationException"),
    ("POST /_fakecloud/lambda/urls/nothing/", "A: b", "403", "Forbidden"),
    ("POST /_fakecloud/nothing", "A: b", "404", "POST /_fakecloud/reset"),
    ("PUT /v2/nothing/manifests/latest", "A: b", "413", "MANIFEST_INVALID"),
    ("POST /", ECR, "413", "RequestEntityTooLargeException"),
    ("POST /", FORM, "413", "<Code>RequestEntityTooLarge</Code>"),
    ("PUT /bucket/key", "A: b", "404", "Set FAKECLOUD_FORWARD_URL"),
];

#[tokio::test]
async fn client_that_sends_all_of_a_refused_body_first_hears_why() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    for (line, header, status, words) in REFUSED {
        for length in [format!("Content-Length: {}", PIECES * PIECE_BYTES), "Transfer-Encoding: chunked".to_owned()] {
            let mut client = Wire::connect(server.endpoint()).await;
            client.write(format!("{line} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n{length}\r\n\r\n")).await;
            send_body(&mut client, length.ends_with("chunked")).await;
            let answer = client.read_answer().await;
            let refusal = answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(words);
            assert!(refusal, "{line}: {answer}");
            client.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
            let next = client.read_answer().await;
            assert!(next.starts_with("HTTP/1.1 200 "), "{line}: the connection is of no more use: {next}");
        }
    }
}

async fn send_body(client: &mut Wire, is_chunked: bool) {
    let mut piece = vec![b'a'; PIECE_BYTES];
    piece[..BEGINNING.len()].copy_from_slice(BEGINNING);
    for _ in 0..PIECES {
        if is_chunked {
            client.write(format!("{PIECE_BYTES:x}\r\n")).await;
        }
        client.write(&piece).await;
        if is_chunked {
            client.write("\r\n").await;
        }
    }
    if is_chunked {
        client.write("0\r\n\r\n").await;
    }
}

#[tokio::test]
async fn refused_body_is_not_kept() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let before = server.memory_mib_max();
    let mut client = Wire::connect(server.endpoint()).await;
    let length = PIECES * PIECE_BYTES;
    client
        .write(format!("POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"))
        .await;
    send_body(&mut client, false).await;
    assert!(client.read_answer().await.starts_with("HTTP/1.1 413 "));
    let after = server.memory_mib_max();
    assert!(after < before + 16, "{before} MiB before, {after} after");
}
