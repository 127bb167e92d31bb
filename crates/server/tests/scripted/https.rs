//! HTTPS on the port of HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use reqwest::Method;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use crate::api::Api;
use crate::server::Server;

/// Trusts one certificate and nothing else.
struct Https {
    client: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    port: String,
}

impl Https {
    fn trusting(certificate: &str, server: &Server) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
        let client = HyperClient::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Self { client, port: port(server).to_owned() }
    }

    /// The status and the JSON of the answer, or why there was none.
    async fn get(&self, host: &str, path: &str) -> Result<(u16, Value), String> {
        let uri = format!("https://{host}:{}{path}", self.port).parse().unwrap();
        let answer = self.client.get(uri).await.map_err(|error| format!("{error:?}"))?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

fn port(server: &Server) -> &str {
    server.endpoint().rsplit_once(':').unwrap().1
}

async fn authority(server: &Server) -> String {
    let answer = server.request(Method::GET, "/_fakecloud/tls/ca.crt").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.unwrap()
}

#[tokio::test]
async fn one_port_speaks_http_and_https() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let https = Https::trusting(&authority(&server).await, &server);
    for host in ["127.0.0.1", "localhost"] {
        let (status, health) = https.get(host, "/_fakecloud/health").await.unwrap();
        assert_eq!((status, health), (200, server.get("/_fakecloud/health").await));
    }
}

#[tokio::test]
async fn answers_to_https_lead_back_by_https() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let https = Https::trusting(&authority(&server).await, &server);
    server.create_function("f").await;
    let location = |function: &Value| function["Code"]["Location"].as_str().unwrap().to_owned();
    let (_, secure) = https.get("127.0.0.1", "/2015-03-31/functions/f").await.unwrap();
    let plain = server.get("/2015-03-31/functions/f").await;
    assert!(location(&secure).starts_with(&format!("https://127.0.0.1:{}/", port(&server))), "{secure}");
    assert!(location(&plain).starts_with(&format!("http://127.0.0.1:{}/", port(&server))), "{plain}");
}

#[tokio::test]
async fn clients_that_say_nothing_or_nonsense_keep_nobody_waiting() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let https = Https::trusting(&authority(&server).await, &server);
    let connect = || TcpStream::connect(format!("127.0.0.1:{}", port(&server))).unwrap();
    let _silent = connect();
    drop(connect());
    let mut begins = connect();
    begins.write_all(&[0x16]).unwrap();
    let mut nonsense = connect();
    nonsense.write_all(&[0x16; 64]).unwrap();
    let mut alert = Vec::new();
    nonsense.read_to_end(&mut alert).unwrap();
    assert_eq!(alert.first(), Some(&0x15), "an alert, then the end: {alert:?}");

    assert_eq!(https.get("localhost", "/livez").await.unwrap().0, 200);
    server.get("/_fakecloud/health").await;
    server.terminate();
    assert_eq!(server.exit_code().await, Some(0));
}

#[tokio::test]
async fn authority_outlives_the_process() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let before = authority(&server).await;
    server.restart().await;
    assert_eq!(authority(&server).await, before);
    let https = Https::trusting(&before, &server);
    assert_eq!(https.get("localhost", "/livez").await.unwrap().0, 200);
}

/// What a version before this one kept: an authority that may sign for any name, without terms.
#[tokio::test]
async fn authority_without_terms_is_replaced_and_the_log_says_what_to_do() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let before = authority(&server).await;
    let file = server.data().join("tls/authority.pem");
    let kept = std::fs::read_to_string(&file).unwrap();
    let (terms, old) = kept.split_once('\n').unwrap();
    assert!(terms.starts_with("fakecloud-authority: ") && terms.contains(" localhost"), "{terms}");
    assert!(server.logged("trust anew").is_empty());
    std::fs::write(&file, old).unwrap();
    server.restart().await;
    let after = authority(&server).await;
    assert_ne!(after, before);
    assert_eq!(server.logged("trust anew").len(), 1);
    let https = Https::trusting(&after, &server);
    assert_eq!(https.get("localhost", "/livez").await.unwrap().0, 200);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("fakecloud-authority: "));
}

#[tokio::test]
async fn authority_of_another_server_is_not_trusted() {
    let api = Api::start().await;
    let (server, other) = (Server::start(&api).await, Server::start_without_data(&api).await);
    let https = Https::trusting(&authority(&other).await, &server);
    let refused = https.get("localhost", "/livez").await.unwrap_err();
    assert!(refused.contains("UnknownIssuer"), "{refused}");
}

#[tokio::test]
async fn certificate_of_files_is_shown() {
    let api = Api::start().await;
    let files = Files::new();
    let (certificate, key) = (files.path("a.crt"), files.path("a.key"));
    let settings = [("FAKECLOUD_TLS_CERT", certificate.as_str()), ("FAKECLOUD_TLS_KEY", key.as_str())];
    let server = Server::start_with(&api, &settings).await;
    assert_eq!(authority(&server).await.trim(), files.certificate.trim());
    let https = Https::trusting(&files.certificate, &server);
    assert_eq!(https.get("localhost", "/livez").await.unwrap().0, 200);
}

#[tokio::test]
async fn files_that_make_no_pair_stop_the_start() {
    let api = Api::start().await;
    let (files, others) = (Files::new(), Files::new());
    let refusal = |certificate: &str, key: &str| {
        let settings = vec![
            ("FAKECLOUD_TLS_CERT".to_owned(), certificate.to_owned()),
            ("FAKECLOUD_TLS_KEY".to_owned(), key.to_owned()),
        ];
        let api = &api;
        async move { Server::refused_with(api, |_own_url| settings.clone()).await }
    };
    let cases = [
        (files.path("a.crt"), others.path("a.key"), "do not belong together"),
        (files.path("a.key"), files.path("a.key"), "there is no certificate in it"),
        (files.path("a.crt"), files.path("a.crt"), "no private key in PEM"),
        ("/nowhere/a.crt".to_owned(), files.path("a.key"), "cannot be read"),
    ];
    for (certificate, key, words) in cases {
        let log = refusal(&certificate, &key).await;
        assert!(log.contains("FAKECLOUD_TLS_") && log.contains(words), "{words}: {log}");
    }
}

/// A certificate for localhost and its key, as files.
struct Files {
    folder: tempfile::TempDir,
    certificate: String,
}

impl Files {
    fn new() -> Self {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let certificate = pair.cert.pem();
        std::fs::write(folder.path().join("a.crt"), &certificate).unwrap();
        std::fs::write(folder.path().join("a.key"), pair.signing_key.serialize_pem()).unwrap();
        Self { folder, certificate }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}
