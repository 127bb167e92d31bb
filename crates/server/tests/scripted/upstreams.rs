//! One server's images through another, by HTTPS and a proxy: what only the environment of a process can say.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::api::Api;
use crate::client::Client;
use crate::server::Server;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Pushes an image, whose only blob has this content; gives the paths of manifest and blob below the repository.
async fn push(to: &Client, repository: &str, content: &str) -> [String; 2] {
    let digest = |content: &str| {
        let digits: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{digits}")
    };
    let upload = format!("/v2/{repository}/blobs/uploads/?digest={}", digest(content));
    assert_eq!(to.request(Method::POST, &upload).body(content.to_owned()).send().await.unwrap().status(), 201);
    let blob = json!({"mediaType": "text/plain", "digest": digest(content), "size": content.len()});
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": blob, "layers": []}).to_string();
    let tag = to.request(Method::PUT, &format!("/v2/{repository}/manifests/v1")).header("content-type", MANIFEST);
    assert_eq!(tag.body(manifest).send().await.unwrap().status(), 201);
    ["manifests/v1".to_owned(), format!("blobs/{}", digest(content))]
}

/// A file with the certificate that a server is known by.
async fn certificate(of: &Server) -> NamedTempFile {
    let certificate = of.request(Method::GET, "/_fakecloud/tls/ca.crt").send().await.unwrap().bytes().await.unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate).unwrap();
    file
}

/// `far=https://localhost:<port>` for the server.
fn as_upstream(server: &Server) -> String {
    format!("far=https://localhost:{}", server.endpoint().rsplit_once(':').unwrap().1)
}

#[tokio::test]
async fn image_comes_by_https_through_the_proxy_of_the_environment() {
    let api = Api::start().await;
    let far = Server::start(&api).await;
    let paths = push(&far, "team/app", "hello").await;
    let (trusted, proxy) = (certificate(&far).await, Proxy::start());
    let near = Server::start_with(
        &api,
        &[
            ("FAKECLOUD_REGISTRY_UPSTREAM", &as_upstream(&far)),
            ("SSL_CERT_FILE", trusted.path().to_str().unwrap()),
            ("ALL_PROXY", &format!("http://me:secret@{}", proxy.address)),
            ("NO_PROXY", "127.0.0.0/8"),
        ],
    )
    .await;
    for path in &paths {
        let text = async |server: &Client, repository: &str| {
            let answer = server.request(Method::GET, &format!("/v2/{repository}/{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.text().await.unwrap()
        };
        assert_eq!(text(&near, "far/team/app").await, text(&far, "team/app").await);
    }
    let asked = proxy.asked();
    let wanted = as_upstream(&far).replace("far=https://", "CONNECT ");
    assert!(asked.starts_with(&wanted) && asked.contains("Basic bWU6c2VjcmV0"), "{asked}");
}

#[tokio::test]
async fn upstream_that_is_not_trusted_is_told_as_such() {
    let api = Api::start().await;
    let (far, other) = (Server::start(&api).await, Server::start_without_data(&api).await);
    push(&far, "team/app", "hello").await;
    let trusted = certificate(&other).await;
    let settings = [
        ("FAKECLOUD_REGISTRY_UPSTREAM", as_upstream(&far)),
        ("SSL_CERT_FILE", trusted.path().to_str().unwrap().to_owned()),
    ];
    let near = Server::start_with(&api, &settings.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    let refused: Value = near.call(Method::GET, "/v2/far/team/app/manifests/v1", &Value::Null, 502).await;
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(&as_upstream(&far)) && message.contains("UnknownIssuer"), "{message}");
}

/// A proxy for `CONNECT`.
struct Proxy {
    address: String,
    asked: Arc<Mutex<String>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap().to_string(), Arc::<Mutex<String>>::default());
        let heads = asked.clone();
        std::thread::spawn(move || listener.incoming().for_each(|client| connect(client.unwrap(), &heads)));
        Self { address, asked }
    }

    /// The heads of all requests.
    fn asked(&self) -> String {
        self.asked.lock().unwrap().clone()
    }
}

fn connect(mut client: TcpStream, heads: &Mutex<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut next = [0];
        client.read_exact(&mut next).unwrap();
        head.extend(next);
    }
    let head = String::from_utf8(head).unwrap();
    let server = TcpStream::connect(head.split(' ').nth(1).unwrap()).unwrap();
    heads.lock().unwrap().push_str(&head);
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
        // It ends with whichever side hangs up, in order or not.
        std::thread::spawn(move || io::copy(&mut from, &mut to));
    }
}
