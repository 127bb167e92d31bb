//! `kill -9` in the middle of pushes: what was acknowledged is there with the right bytes, and nothing half is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;

use crate::api::Api;
use crate::image::{Content, Cut, Image, Repository, Upload, digest_of};
use crate::server::{Server, until};

const ROUNDS: u32 = 6;
const PUSHERS: u64 = 6;

/// Each pusher moves so many tags of its own repository.
const TAGS: u64 = 3;

/// Layers that several pushers push, at times at the same moment.
const SHARED_LAYERS: u64 = 4;

/// Longer than what is read and written at a time, so that a kill finds blobs half written.
const LAYER_BYTES_MAX: u64 = 3_000_000;

/// A stream of pushes to a repository that nobody else pushes to.
struct Pusher {
    repository: Repository,
    random: u64,
    /// What was acknowledged, by digest.
    blobs: BTreeMap<String, Content>,
    manifests: BTreeMap<String, Content>,
    tags: BTreeMap<String, Image>,
    /// The push that got no answer, which is repeated.
    unanswered: Option<(String, Image)>,
    answers: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_forgets_no_push_that_it_answered() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    eprintln!("seed {seed}");
    let mut pushers: Vec<Pusher> = (0..PUSHERS).map(|number| Pusher::new(&server, number, seed)).collect();
    let mut cut = 0;
    for round in 0..ROUNDS {
        let killed = Arc::new(AtomicBool::new(false));
        let mut pushing = JoinSet::new();
        for pusher in pushers.drain(..) {
            pushing.spawn(pusher.push_until(Arc::clone(&killed)));
        }
        tokio::time::sleep(Duration::from_millis(100 + (seed >> round) % 600)).await;
        server.restart().await;
        killed.store(true, Ordering::SeqCst);
        pushers = pushing.join_all().await;
        whole_blobs(&server.data().join("registry"));
        for pusher in &mut pushers {
            cut += u32::from(pusher.unanswered.is_some());
            pusher.check().await;
        }
    }
    for pusher in &mut pushers {
        pusher.repeat().await.unwrap();
        pusher.check().await;
    }
    let answers: u32 = pushers.iter().map(|pusher| pusher.answers).sum();
    assert!(answers > 10 * ROUNDS && cut > ROUNDS, "{answers} answers, {cut} cut pushes: the test shows nothing");
    assert!(whole_blobs(&server.data().join("registry")) > 0, "blobs are somewhere else: the test shows little");
}

/// The number of blobs, of which each has the digest it is named by; nothing unfinished is there.
fn whole_blobs(folder: &Path) -> u32 {
    let mut blobs = 0;
    for file in files(folder) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(!name.starts_with(".tmp"), "{} is unfinished", file.display());
        assert!(!file.starts_with(folder.join("uploads")), "{} can never be finished", file.display());
        if file.starts_with(folder.join("blobs")) {
            assert_eq!(digest_of(&std::fs::read(&file).unwrap()), format!("sha256:{name}"), "{}", file.display());
            blobs += 1;
        }
    }
    blobs
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

// === impl Pusher ===

impl Pusher {
    fn new(server: &Server, number: u64, seed: u64) -> Self {
        Self {
            repository: Repository::new(server, &format!("team/app-{number}")),
            random: seed.wrapping_mul(2 * number + 3) | 1,
            blobs: BTreeMap::new(),
            manifests: BTreeMap::new(),
            tags: BTreeMap::new(),
            unanswered: None,
            answers: 0,
        }
    }

    /// Pushes until the server is killed, first what an earlier end cut.
    async fn push_until(mut self, killed: Arc<AtomicBool>) -> Self {
        let mut outcome = self.repeat().await;
        while outcome.is_ok() && !killed.load(Ordering::SeqCst) {
            let tag = format!("t{}", self.below(TAGS));
            let layers = [self.layer(), self.layer()];
            self.unanswered = Some((tag, Image::of(layers)));
            outcome = self.repeat().await;
        }
        if let Err(Cut::UploadUnknown) = outcome {
            // Only a new process may have forgotten the upload: the test is about to say that there is one.
            until(|| async { killed.load(Ordering::SeqCst).then_some(()) }).await;
        }
        self
    }

    /// Pushes what is not answered yet.
    async fn repeat(&mut self) -> Result<(), Cut> {
        let Some((tag, image)) = self.unanswered.clone() else { return Ok(()) };
        for blob in &image.blobs {
            let upload = self.upload();
            self.repository.upload(blob, upload).await?;
            self.answers += 1;
            self.blobs.insert(blob.digest.clone(), blob.clone());
        }
        self.repository.tag(&image, &tag).await?;
        self.answers += 1;
        self.manifests.insert(image.manifest.digest.clone(), image.manifest.clone());
        self.tags.insert(tag, image);
        self.unanswered = None;
        Ok(())
    }

    /// Reads everything that was acknowledged; each tag is as the last answer said, or as the push without one wanted.
    async fn check(&mut self) {
        for Content { digest, bytes } in self.blobs.values() {
            assert!(self.repository.blob(digest).await.as_ref() == Some(bytes), "blob {digest} is gone or another");
        }
        for Content { digest, bytes } in self.manifests.values() {
            assert!(self.repository.manifest(digest).await.as_ref() == Some(bytes), "manifest {digest}");
        }
        let wanted = self.unanswered.as_ref();
        let listed: BTreeSet<String> = self.repository.tags().await.into_iter().collect();
        let answered: BTreeSet<String> = self.tags.keys().cloned().collect();
        let perhaps = answered.iter().chain(wanted.map(|(tag, _)| tag)).cloned().collect();
        assert!(listed == answered || listed == perhaps, "{listed:?} instead of {answered:?} or {perhaps:?}");
        for tag in &listed {
            let found = self.repository.manifest(tag).await.expect("a tag that is listed is there");
            let unanswered = wanted.filter(|(of, _)| of == tag).map(|(_, image)| image);
            let mut possible = self.tags.get(tag).into_iter().chain(unanswered);
            let image = possible.find(|image| image.manifest.bytes == found).expect("a tag that somebody pushed");
            for blob in &image.blobs {
                assert!(self.repository.blob(&blob.digest).await.as_ref() == Some(&blob.bytes), "{tag} is not whole");
            }
        }
    }

    /// A layer of its own, or one that others push as well.
    fn layer(&mut self) -> Content {
        match self.below(3) {
            0 => Content::numbered(self.below(SHARED_LAYERS) + 1, LAYER_BYTES_MAX as usize),
            _ => Content::numbered(self.below(u64::MAX), 1 + self.below(LAYER_BYTES_MAX) as usize),
        }
    }

    fn upload(&mut self) -> Upload {
        match self.below(3) {
            0 => Upload::Whole,
            1 => Upload::AtTheEnd,
            _ => Upload::Pieces(1 + self.below(1_000_000) as usize + 100_000),
        }
    }

    /// A number below `end`, by xorshift.
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }
}
