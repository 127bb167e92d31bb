//! Images that a test makes, as OCI layouts on disk: like those that the node has, but nobody else's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::image_tools::run;
use super::{Namespace, unique};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A directory with blobs and an index of what has a name.
pub(crate) struct ImageLayout {
    pub(crate) dir: PathBuf,
    manifest: Value,
}

// === impl ImageLayout ===

impl ImageLayout {
    /// Unpacks an archive that `ctr images export` made of one image.
    pub(crate) fn of(namespace: &Namespace, archive: &Path) -> Self {
        let dir = namespace.dir().join(format!("layout-{}", unique()));
        fs::create_dir(&dir).expect("the namespace's directory is there");
        run(Command::new("tar").arg("--extract").arg("--file").arg(archive).arg("--directory").arg(&dir));
        let index = read(&dir.join("index.json"));
        let manifest = read(&blob_path(&dir, &index["manifests"][0]));
        Self { dir, manifest }
    }

    /// An image of the same files and `content` more, in a layer of its own, for an architecture; gives its descriptor.
    pub(crate) fn with_layer(&self, architecture: &str, content: &[u8]) -> Value {
        self.with_files(architecture, &[("content", content)], &[])
    }

    /// The same with several files, and with a command of its own unless that is empty.
    pub(crate) fn with_files(&self, architecture: &str, files: &[(&str, &[u8])], command: &[&str]) -> Value {
        let mut config = read(&blob_path(&self.dir, &self.manifest["config"]));
        let mut manifest = self.manifest.clone();
        let layer = self.add("application/vnd.oci.image.layer.v1.tar", &tar_of(files));
        config["architecture"] = architecture.into();
        if !command.is_empty() {
            config["config"]["Cmd"] = json!(command);
        }
        push(&mut config["rootfs"]["diff_ids"], layer["digest"].clone());
        // Optional, and no longer true.
        config.as_object_mut().expect("a config is an object").remove("history");
        push(&mut manifest["layers"], layer);
        let media_type = manifest["config"]["mediaType"].as_str().expect("a descriptor has a type").to_owned();
        manifest["config"] = self.add(&media_type, config.to_string().as_bytes());
        let mut descriptor = self.add(MANIFEST, manifest.to_string().as_bytes());
        descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
        descriptor
    }

    /// An index of manifests.
    pub(crate) fn index(&self, manifests: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.add(INDEX, index.to_string().as_bytes())
    }

    /// Gives a manifest or index a name, under which skopeo finds it.
    pub(crate) fn name(&self, name: &str, descriptor: &Value) {
        let mut named = descriptor.clone();
        named["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        let mut index = read(&self.dir.join("index.json"));
        push(&mut index["manifests"], named);
        fs::write(self.dir.join("index.json"), index.to_string()).expect("the layout takes files");
    }

    /// Adds a blob, and gives its descriptor.
    fn add(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let descriptor = json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()});
        fs::write(blob_path(&self.dir, &descriptor), bytes).expect("the layout takes files");
        descriptor
    }
}

/// The digest in a descriptor.
pub(crate) fn digest_of(descriptor: &Value) -> &str {
    descriptor["digest"].as_str().expect("a descriptor has a digest")
}

/// Bytes that no other image has and no compression makes smaller.
pub(crate) fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("the OS has a random source");
    bytes
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().expect("it is a list").push(item);
}

fn blob_path(dir: &Path, descriptor: &Value) -> PathBuf {
    dir.join("blobs").join(digest_of(descriptor).replace(':', "/"))
}

fn read(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{} is no JSON: {error}", path.display()))
}

/// An archive of files.
fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).expect("memory takes every byte");
    }
    archive.into_inner().expect("memory takes every byte")
}
