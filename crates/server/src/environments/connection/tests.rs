//! The connection to an environment, against the other end of a socket.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull";

/// A connection, its other end, and what it tells of while nobody speaks over it.
async fn connected() -> (Connection, TcpStream, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (stir, stirred) = mpsc::unbounded_channel();
    let opening = Connection::open(listener.local_addr().unwrap(), move || stir.send(()).unwrap_or_default());
    let (connection, accepted) = tokio::join!(opening, listener.accept());
    (connection.unwrap(), accepted.unwrap().0, stirred)
}

/// Reads one request from the other end, for a payload of so many bytes.
async fn receive(peer: &mut TcpStream, payload_bytes: usize) -> String {
    let mut request = Vec::new();
    let end = format!("content-length: {payload_bytes}\r\n\r\n");
    loop {
        assert_ne!(peer.read_buf(&mut request).await.unwrap(), 0);
        let text = String::from_utf8_lossy(&request);
        if text.split_once(&end).is_some_and(|(_head, payload)| payload.len() == payload_bytes) {
            return text.into_owned();
        }
    }
}

#[tokio::test]
async fn request_has_the_headers_it_was_given() {
    let (mut connection, mut peer, _stirred) = connected().await;
    let headers = vec![(HeaderName::from_static("x-amzn-requestid"), HeaderValue::from_static("id"))];
    for _ in 0..2 {
        assert!(connection.is_open());
        let other = async {
            let request = receive(&mut peer, 2).await;
            peer.write_all(ANSWER).await.unwrap();
            request
        };
        let (answer, request) = tokio::join!(connection.send(&headers, Bytes::from_static(b"{}"), None), other);
        assert_eq!(answer.unwrap().body, "null");
        let head = format!("POST {INVOKE_PATH} HTTP/1.1\r\nhost: {}\r\n", peer.local_addr().unwrap());
        assert_eq!(request, format!("{head}x-amzn-requestid: id\r\ncontent-length: 2\r\n\r\n{{}}"));
    }
}

#[tokio::test]
async fn end_is_told_while_nobody_speaks() {
    let (connection, peer, mut stirred) = connected().await;
    assert!(connection.is_open());
    drop(peer);
    stirred.recv().await.unwrap();
    assert!(!connection.is_open());
    connection.closed().await;
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_spoil_it() {
    let (mut connection, mut peer, mut stirred) = connected().await;
    assert!(connection.is_open());
    peer.write_all(ANSWER).await.unwrap();
    stirred.recv().await.unwrap();
    assert!(!connection.is_open());

    (connection, peer, stirred) = connected().await;
    let other = async {
        receive(&mut peer, 0).await;
        peer.write_all(&[ANSWER, ANSWER].concat()).await.unwrap();
    };
    let (answer, ()) = tokio::join!(connection.send(&[], Bytes::new(), None), other);
    assert_eq!(answer.unwrap().body, "null");
    assert!(!connection.is_open());
    assert!(stirred.try_recv().is_err(), "whoever speaks hears it himself");
}

/// Sends more than has room on its way to somebody who answers and reads no more, and gives what came of it.
async fn send_much(then: impl AsyncFnOnce(TcpStream)) -> (Result<Answer, SendError>, Connection) {
    let (mut connection, mut peer, _stirred) = connected().await;
    let other = async {
        peer.read_exact(&mut [0; 1024]).await.unwrap();
        peer.write_all(ANSWER).await.unwrap();
        then(peer).await;
    };
    let sent = async { connection.send(&[], vec![b' '; 64 << 20].into(), None).await };
    let answer = tokio::select! {
        answer = sent => answer,
        () = async { other.await; std::future::pending().await } => unreachable!("nothing comes after it"),
    };
    (answer, connection)
}

#[tokio::test]
async fn answer_may_come_before_the_request_is_read() {
    let (answer, connection) = send_much(async |peer| {
        std::future::pending::<()>().await;
        drop(peer);
    })
    .await;
    assert_eq!(answer.unwrap().body, "null");
    assert!(!connection.is_open(), "the rest of the request is still to come");
}

#[tokio::test]
async fn answer_may_be_followed_by_the_end_before_the_request_is_read() {
    let (answer, connection) = send_much(async |peer| drop(peer)).await;
    // What is not read resets the connection, which may take an answer away that was not read either.
    assert!(
        matches!(&answer, Ok(Answer { body, .. }) if body == "null") || matches!(answer, Err(SendError::Broken(_)))
    );
    assert!(!connection.is_open());
}

#[tokio::test]
async fn nothing_is_sent_over_a_connection_that_has_stirred() {
    for last_words in [&b""[..], ANSWER] {
        let (mut connection, mut peer, mut stirred) = connected().await;
        assert!(connection.is_open());
        peer.write_all(last_words).await.unwrap();
        drop(peer);
        stirred.recv().await.unwrap();
        let sent = connection.send(&[], Bytes::new(), None).await;
        assert!(matches!(sent, Err(SendError::NotSent)), "{sent:?}");
    }
}

#[tokio::test]
async fn invocation_that_was_given_up_leaves_nothing_to_use() {
    let (mut connection, mut peer, _stirred) = connected().await;
    tokio::select! {
        answer = connection.send(&[], Bytes::new(), None) => panic!("nobody answered: {answer:?}"),
        _request = receive(&mut peer, 0) => {}
    }
    assert!(!connection.is_open());
    let next = connection.send(&[], Bytes::new(), None).await;
    assert!(matches!(next, Err(SendError::NotSent)), "{next:?}");
}

#[tokio::test]
async fn connection_that_ends_under_an_invocation_says_so() {
    let (mut connection, mut peer, _stirred) = connected().await;
    let other = async {
        receive(&mut peer, 0).await;
        peer.write_all(&ANSWER[..ANSWER.len() - 1]).await.unwrap();
        drop(peer);
    };
    let (answer, ()) = tokio::join!(connection.send(&[], Bytes::new(), None), other);
    assert!(matches!(answer, Err(SendError::NoAnswer(NoAnswer::Incomplete))), "{answer:?}");
}
