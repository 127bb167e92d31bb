//! The registry: images pushed and pulled by many at once, beside Debian's docker-registry.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::docker_registry;
use super::http::Client;
use super::report::{Aim, Row};
use super::samples::median;
use super::server::{Server, Setup};
use crate::oci::sha256;
use crate::shell;

/// A crowd of nodes that start the same function at once.
const PULLS: usize = 50;
const PULLED_BYTES: usize = 100_000_000;

/// A few build machines.
const PUSHES: usize = 8;
const PUSHED_BYTES: usize = 50_000_000;

/// As little as a small node spares, while it serves all pulls.
const PEAK_MB_MAX: f64 = 64.0;

const REPOSITORY: &str = "/v2/bench/image";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BESIDE: &str = "docker-registry";

/// An image of one layer that no compression makes smaller.
struct Image {
    tag: String,
    /// Digest and content of each: the layer, then the config.
    blobs: [(String, Vec<u8>); 2],
    manifest: String,
}

/// Megabytes a second in each round.
#[derive(Default)]
struct Rates {
    fakecloud: Vec<f64>,
    beside: Vec<f64>,
}

/// Pulls one image [`PULLS`] times at once and pushes [`PUSHES`] others at once, in turns with docker-registry.
///
/// # Errors
/// Any answer of one of the two that is not as it must be.
pub(crate) fn measure(setup: &Setup<'_>, dir: &Path, rounds: usize) -> Result<Vec<Row>> {
    shell::step(&format!(
        "{PULLS} pulls of 100 MB at once, and {PUSHES} pushes, beside docker-registry: {rounds} times"
    ));
    let scratch = tempfile::tempdir_in(dir)?;
    let data = scratch.path().join("fakecloud");
    let data = data.to_str().context("the directory for cargo's output is not UTF-8")?;
    let server = Server::start_with(setup, &[("FAKECLOUD_DATA_DIR", data)])?;
    let beside = docker_registry::start(scratch.path())?;
    let both = [server.address(), beside.address];

    let image = Image::random("pulled".to_owned(), PULLED_BYTES)?;
    for registry in both {
        push(registry, &image)?;
        check(registry, &image)?;
    }
    let mut pulled = Rates::default();
    for _ in 0..rounds {
        pulled.fakecloud.push(at_once(&[&image; PULLS], |image| pull(both[0], image))?);
        pulled.beside.push(at_once(&[&image; PULLS], |image| pull(both[1], image))?);
    }
    let peaks = [server.memory()?.peak_kib, beside.memory()?.peak_kib];

    let mut pushed = Rates::default();
    for round in 0..rounds {
        let images = (0..PUSHES).map(|number| Image::random(format!("pushed-{round}-{number}"), PUSHED_BYTES));
        let images = images.collect::<Result<Vec<_>>>()?;
        let images: Vec<&Image> = images.iter().collect();
        pushed.fakecloud.push(at_once(&images, |image| push(both[0], image))?);
        pushed.beside.push(at_once(&images, |image| push(both[1], image))?);
    }
    let after = [server.memory()?.peak_kib, beside.memory()?.peak_kib];
    Ok(vec![
        pulled.row(format!("pulls of a 100 MB image, {PULLS} at once")).aim(Some(Aim::RatioAtLeast(1.0))),
        memory("peak memory of those pulls", peaks).aim(Some(Aim::AtMost(PEAK_MB_MAX))),
        pushed.row(format!("pushes of a 50 MB image, {PUSHES} at once")),
        memory("peak memory after those pushes", after),
    ])
}

fn memory(what: &str, [fakecloud, beside]: [u64; 2]) -> Row {
    Row::mb(what.to_owned(), fakecloud).beside(BESIDE, beside as f64 * 1024.0 / 1e6)
}

/// Does one thing with each image, all at once; gives megabytes of layers a second.
fn at_once(images: &[&Image], work: impl Fn(&Image) -> Result<()> + Sync) -> Result<f64> {
    let began = Instant::now();
    thread::scope(|scope| {
        let working: Vec<_> = images.iter().map(|image| scope.spawn(|| work(image))).collect();
        working.into_iter().try_for_each(|one| one.join().expect("a measurement does not panic"))
    })?;
    let bytes: usize = images.iter().map(|image| image.blobs[0].1.len()).sum();
    Ok(bytes as f64 / 1e6 / began.elapsed().as_secs_f64())
}

/// What a node asks for, on a connection of its own.
fn pull(registry: SocketAddr, image: &Image) -> Result<()> {
    let mut client = Client::connect(registry)?;
    let path = format!("{REPOSITORY}/manifests/{}", image.tag);
    let manifest = client.send("GET", &path, &format!("Accept: {MANIFEST}\r\n"), b"")?.success()?;
    ensure!(manifest == image.manifest.as_bytes(), "another manifest came back");
    for (digest, content) in image.blobs.iter().rev() {
        let length = client.discard(&format!("{REPOSITORY}/blobs/{digest}"))?;
        ensure!(length == content.len(), "{digest} has {length} bytes instead of {}", content.len());
    }
    Ok(())
}

/// Pulls as well, and reads what comes, which would slow the measurement down.
fn check(registry: SocketAddr, image: &Image) -> Result<()> {
    pull(registry, image)?;
    let mut client = Client::connect(registry)?;
    for (digest, content) in &image.blobs {
        let pulled = client.send("GET", &format!("{REPOSITORY}/blobs/{digest}"), "", b"")?.success()?;
        ensure!(pulled == *content, "{digest} came back with other bytes");
    }
    Ok(())
}

/// What a build machine does, on a connection of its own.
fn push(registry: SocketAddr, image: &Image) -> Result<()> {
    let mut client = Client::connect(registry)?;
    for (digest, content) in &image.blobs {
        let started = client.send("POST", &format!("{REPOSITORY}/blobs/uploads/"), "", b"")?;
        let location = started.location.clone();
        started.success()?;
        let location = location.context("the registry does not say where to upload to")?;
        let separator = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{separator}digest={digest}");
        client.send("PUT", &path, "Content-Type: application/octet-stream\r\n", content)?.success()?;
    }
    let path = format!("{REPOSITORY}/manifests/{}", image.tag);
    client.send("PUT", &path, &format!("Content-Type: {MANIFEST}\r\n"), image.manifest.as_bytes())?.success()?;
    Ok(())
}

// === impl Image ===

impl Image {
    fn random(tag: String, layer_bytes: usize) -> Result<Self> {
        let mut layer = vec![0; layer_bytes];
        File::open("/dev/urandom")?.read_exact(&mut layer)?;
        let layer_digest = format!("sha256:{}", sha256(layer.as_slice())?);
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": { "type": "layers", "diff_ids": [layer_digest] },
        });
        let config = config.to_string().into_bytes();
        let config_digest = format!("sha256:{}", sha256(config.as_slice())?);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": config_digest,
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": layer_digest,
                "size": layer.len(),
            }],
        });
        Ok(Self { tag, blobs: [(layer_digest, layer), (config_digest, config)], manifest: manifest.to_string() })
    }
}

// === impl Rates ===

impl Rates {
    fn row(self, what: String) -> Row {
        Row::mb_per_second(what, median(self.fakecloud)).beside(BESIDE, median(self.beside))
    }
}
