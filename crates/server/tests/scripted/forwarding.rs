//! Requests for services that fakecloud does not serve.

use crate::api::Api;
use crate::server::Server;
use crate::wire::{Upstream, Wire};

const SQS: &str = "Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/sqs/aws4_request, \
                   SignedHeaders=host, Signature=0\r\n";

async fn forwarding_to(url: &str) -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_FORWARD_URL", url)]).await;
    (api, server)
}

async fn ask(server: &Server, request: &str) -> String {
    let mut client = Wire::connect(server.endpoint()).await;
    client.write(request.replacen("\r\n", "\r\nConnection: close\r\n", 1)).await;
    client.read_to_end().await
}

#[tokio::test]
async fn request_arrives_as_it_came_and_so_does_its_answer() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let mut client = Wire::connect(server.endpoint()).await;
    let headers = "host: my.bucket.s3.localhost:4566\r\nx-amz-meta-a: 1\r\nx-amz-meta-a: 2\r\ncontent-length: 5\r\n\
                   content-encoding: aws-chunked\r\nexpect: 100-continue\r\n";
    client.write(format!("PUT //a%2fb/../%C3%BC?x&y=%20+ HTTP/1.1\r\n{headers}keep-alive: 5\r\n\r\nhello")).await;
    let mut served = upstream.accept().await;
    let head = served.read_head().await;
    assert!(head.starts_with("PUT //a%2fb/../%C3%BC?x&y=%20+ HTTP/1.1\r\n"), "{head}");
    let mut got: Vec<&str> =
        head.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with("via: ")).collect();
    let mut sent: Vec<&str> = headers.lines().collect();
    got.sort_unstable();
    sent.sort_unstable();
    assert_eq!(got, sent);
    assert_eq!(served.read_until("hello").await, "hello");
    served.write("HTTP/1.1 418 Odd\r\nx-amz-id-2: x\r\nserver: moto\r\ncontent-length: 4\r\n\r\nbody").await;
    assert_eq!(client.read_head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    let answer = client.read_until("body").await;
    assert!(answer.starts_with("HTTP/1.1 418 "), "{answer}");
    for header in ["x-amz-id-2: x\r\n", "server: moto\r\n", "content-length: 4\r\n"] {
        assert!(answer.contains(header), "{header} is missing in: {answer}");
    }
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let mut client = Wire::connect(server.endpoint()).await;
    client.write("PUT /b/k HTTP/1.1\r\nHost: s3.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").await;
    let mut served = upstream.accept().await;
    let head = served.read_head().await;
    assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
    served.read_until("5\r\nfirst\r\n").await;
    client.write("4\r\nlast\r\n0\r\n\r\n").await;
    served.read_until("4\r\nlast\r\n0\r\n\r\n").await;

    served.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").await;
    client.read_until("3\r\none\r\n").await;
    served.write("3\r\ntwo\r\n0\r\n\r\n").await;
    client.read_until("3\r\ntwo\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn answer_to_head_keeps_its_length() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let mut client = Wire::connect(server.endpoint()).await;
    client.write("HEAD /b/k HTTP/1.1\r\nHost: s3.localhost\r\n\r\n").await;
    let mut served = upstream.accept().await;
    served.read_head().await;
    served.write("HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n").await;
    let head = client.read_head().await;
    assert!(head.contains("content-length: 123456\r\n"), "{head}");
    // The connection is still good for another request.
    client.write("HEAD /b/none HTTP/1.1\r\nHost: s3.localhost\r\n\r\n").await;
    served.read_head().await;
    served.write("HTTP/1.1 404 Not Found\r\n\r\n").await;
    assert!(client.read_head().await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn caller_who_hangs_up_ends_the_call() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let mut waiting = Wire::connect(server.endpoint()).await;
    waiting.write(format!("POST / HTTP/1.1\r\nHost: localhost\r\n{SQS}Content-Length: 0\r\n\r\n")).await;
    let mut served = upstream.accept().await;
    served.read_head().await;
    drop(waiting);
    served.closed().await;

    let mut reading = Wire::connect(server.endpoint()).await;
    reading.write("GET /b/k HTTP/1.1\r\nHost: s3.localhost\r\n\r\n").await;
    let mut served = upstream.accept().await;
    served.read_head().await;
    served.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await;
    reading.read_until("half").await;
    drop(reading);
    served.closed().await;
}

#[tokio::test]
async fn answer_that_breaks_off_breaks_off_for_its_caller() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let mut client = Wire::connect(server.endpoint()).await;
    client.write("GET /b/k HTTP/1.1\r\nHost: s3.localhost\r\n\r\n").await;
    let mut served = upstream.accept().await;
    served.read_head().await;
    served.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await;
    drop(served);
    assert!(client.read_to_end().await.ends_with("\r\n\r\nhalf"));
}

#[tokio::test]
async fn unreachable_server_is_502_with_the_cause() {
    let gone = Upstream::start().await.url();
    let (_api, server) = forwarding_to(&gone).await;
    let answer = ask(&server, "GET /b/k HTTP/1.1\r\nHost: s3.localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("<Code>BadGatewayException</Code>"), "{answer}");
    assert!(answer.contains(&gone) && answer.contains("Connection refused"), "{answer}");
    let target = "X-Amz-Target: AmazonSQS.ListQueues\r\nContent-Type: application/x-amz-json-1.0\r\n";
    let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{SQS}{target}Content-Length: 2\r\n\r\n{{}}");
    let answer = ask(&server, &request).await;
    assert!(answer.contains(r#"{"__type":"BadGatewayException","message":"fakecloud forwards 'sqs' to "#), "{answer}");
}

#[tokio::test]
async fn request_that_comes_back_is_refused() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let asked = ask(&server, "GET /b/k HTTP/1.1\r\nHost: s3.localhost\r\n\r\n");
    let back = async {
        let mut there = upstream.accept().await;
        let mut here = Wire::connect(server.endpoint()).await;
        // Proxies on the way may join the lines of a list.
        here.write(there.read_head().await.replacen("via: ", "via: 1.1 proxy, ", 1)).await;
        there.write(here.read_until("</Error>").await).await;
    };
    let (answer, ()) = tokio::join!(asked, back);
    assert!(answer.starts_with("HTTP/1.1 508 ") && answer.contains("leads to fakecloud itself"), "{answer}");
}

#[tokio::test]
async fn own_address_is_no_forward_url() {
    let api = Api::start().await;
    let log = Server::refused_with(&api, |own| vec![("FAKECLOUD_FORWARD_URL".to_owned(), own.to_owned())]).await;
    assert!(log.contains("is fakecloud itself: set it to the server that has the other services of AWS"), "{log}");
}

#[tokio::test]
async fn unsigned_form_is_read_and_forwarded_whole() {
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let mut client = Wire::connect(server.endpoint()).await;
    let form = format!("Action=Publish&Version=2010-03-31&Message={}", "m".repeat(200_000));
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    client.write(format!("{head}Content-Length: {}\r\n\r\n{form}", form.len())).await;
    let mut served = upstream.accept().await;
    let head = served.read_head().await;
    assert!(head.contains(&format!("content-length: {}\r\n", form.len())), "{head}");
    let end = format!("Message={}", "m".repeat(200_000));
    assert_eq!(served.read_until(&end).await, form);
    served.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    client.read_until("ok").await;
}

#[tokio::test]
async fn without_a_server_for_it_a_service_is_refused_in_its_own_words() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let cases = [
        (
            "GET /bucket/key HTTP/1.1\r\nHost: s3.localhost\r\n\r\n",
            "501",
            "<Code>NotImplemented</Code>",
            "'s3' is not served",
        ),
        (
            "GET /?Action=ListTopics&Version=2010-03-31 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "400",
            "<Code>InvalidAction</Code>",
            "'sns' is not served",
        ),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Logs_20140328.PutLogEvents\r\nContent-Length: 0\r\n\r\n",
            "400",
            r#""__type":"UnknownOperationException""#,
            "'Logs_20140328' is not served",
        ),
        ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "404", "x-amzn-errortype", "does not say which service"),
    ];
    for (request, status, code, what) in cases {
        let answer = ask(&server, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        for part in [code, what, "fakecloud serves ", "Set FAKECLOUD_FORWARD_URL"] {
            assert!(answer.contains(part), "{part} is missing in: {answer}");
        }
    }
}

#[tokio::test]
async fn who_deploys_a_stack_hears_where_it_would_be_made_and_what_works_instead() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let signature = crate::client::signature("000000000000", "cloudformation");
    let form = "Action=CreateChangeSet&Version=2010-05-15&StackName=s";
    let length = form.len();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signature}\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}"
    );
    let answer = ask(&server, &request).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    for part in ["<Code>InvalidAction</Code>", "'cloudformation' is not served", "sam deploy", "Terraform", "in itself"]
    {
        assert!(answer.contains(part), "{part} is missing in: {answer}");
    }
    assert!(!answer.contains("are served here as well"), "{answer}");
}

#[tokio::test]
async fn body_that_is_too_long_is_refused_unread_in_words_of_its_operation() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let mut client = Wire::connect(server.endpoint()).await;
    let head = "POST /2018-10-31/layers/mine/versions HTTP/1.1\r\nHost: localhost\r\n";
    client.write(format!("{head}Content-Length: 70167212\r\n\r\n")).await;
    let answer = client.read_until("}").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let words = "Request must be smaller than 70167211 bytes for the PublishLayerVersion operation";
    assert!(answer.contains(words), "{answer}");
}

#[tokio::test]
async fn body_of_unknown_length_is_cut_where_it_becomes_too_long() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let mut client = Wire::connect(server.endpoint()).await;
    client
        .write("PUT /2015-03-31/functions/f/code HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let piece = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    for _ in 0..66 {
        client.write(&piece).await;
    }
    // The last one is one too many; it goes whole, for the answer comes only once the server has read that far.
    client.write(&piece[..piece.len() - 2]).await;
    let answer = client.read_until("}").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let words = "Request must be smaller than 70167211 bytes for the UpdateFunctionCode operation";
    assert!(answer.contains(words), "{answer}");
}

#[tokio::test]
async fn ecr_is_where_the_images_of_functions_are() {
    const CALL: &str = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\
                        X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.DescribeRegistry\r\n\r\n{}";
    let upstream = Upstream::start().await;
    let (_api, server) = forwarding_to(&upstream.url()).await;
    let answer = ask(&server, CALL).await;
    assert!(answer.contains(r#""registryId":"000000000000""#), "{answer}");

    let api = Api::start().await;
    let settings = [("FAKECLOUD_FORWARD_URL", upstream.url()), ("FAKECLOUD_ECR", "external".to_owned())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = Server::start_with(&api, &settings).await;
    let serving = async {
        let mut served = upstream.accept().await;
        served.read_until("{}").await;
        served.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nelsewhere").await;
    };
    let (answer, ()) = tokio::join!(ask(&server, CALL), serving);
    assert!(answer.ends_with("elsewhere"), "{answer}");
}
