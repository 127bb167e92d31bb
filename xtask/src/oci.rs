//! Writes OCI images as tar archives that `ctr images import`, `docker load`, `kind load image-archive` and `skopeo`
//! read: an OCI image layout with Docker's `manifest.json` beside it. The same files give the same bytes, whoever
//! made them, whenever, under whatever umask.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// What an image says when nobody knows better: reproducible archives have no date.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// A directory tree as an image layer: an uncompressed tar on disk, and its name in the archive.
pub(crate) struct Layer {
    file: PathBuf,
    digest: String,
    size: u64,
}

/// What a container of the image runs, by the names of the OCI image configuration
/// (<https://github.com/opencontainers/image-spec/blob/main/config.md>).
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Config {
    pub(crate) user: String,
    pub(crate) env: Vec<String>,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    pub(crate) working_dir: String,
}

/// An image of this machine's architecture, under one or more full names (`docker.io/library/busybox:1.36`).
pub(crate) struct Image<'a> {
    pub(crate) names: &'a [&'a str],
    pub(crate) config: &'a Config,
    /// Lowest first.
    pub(crate) layers: &'a [&'a Layer],
}

/// The architecture of this machine as images name it.
pub(crate) fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => bail!("images are built for x86_64 and aarch64 machines, this one is {other}"),
    }
}

/// The SHA-256 of what `input` yields, in hexadecimal.
pub(crate) fn sha256(mut input: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&buffer[..read]),
        }
    }
}

// === impl Layer ===

impl Layer {
    /// Packs everything under `root` into the tar `file`: sorted by name, owned by root, without times. What the
    /// owner may read or run, everyone may, so that no umask leaks into an image; only directories with the sticky
    /// bit are writable by others.
    pub(crate) fn pack(root: &Path, file: PathBuf) -> Result<Self> {
        let mut tar = Builder::new(BufWriter::new(File::create(&file)?));
        append_children(&mut tar, root, Path::new("")).with_context(|| format!("cannot pack {}", root.display()))?;
        tar.into_inner()?.into_inner()?.sync_all()?;
        let digest = sha256(File::open(&file)?)?;
        let size = fs::metadata(&file)?.len();
        Ok(Self { file, digest, size })
    }

    /// The SHA-256 of the layer, in hexadecimal.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}

fn append_children(tar: &mut Builder<impl Write>, root: &Path, dir: &Path) -> Result<()> {
    let mut names =
        fs::read_dir(root.join(dir))?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    for name in names {
        let path = dir.join(name);
        append(tar, root, &path).with_context(|| format!("cannot pack {}", path.display()))?;
    }
    Ok(())
}

fn append(tar: &mut Builder<impl Write>, root: &Path, path: &Path) -> Result<()> {
    let on_disk = root.join(path);
    let metadata = fs::symlink_metadata(&on_disk)?;
    let kind = metadata.file_type();
    if kind.is_symlink() {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        tar.append_link(&mut header, path, fs::read_link(&on_disk)?)?;
    } else if kind.is_dir() {
        let mut header = header(EntryType::Directory, open_to_all(metadata.permissions().mode()), 0);
        tar.append_data(&mut header, path, io::empty())?;
        append_children(tar, root, path)?;
    } else if kind.is_file() {
        let mut header = header(EntryType::Regular, open_to_all(metadata.permissions().mode()), metadata.len());
        tar.append_data(&mut header, path, BufReader::new(File::open(&on_disk)?))?;
    } else {
        bail!("only files, directories and symbolic links go into an image");
    }
    Ok(())
}

fn open_to_all(mode: u32) -> u32 {
    const STICKY: u32 = 0o1000;
    if mode & STICKY != 0 {
        return STICKY | 0o777;
    }
    let readable = mode & 0o500;
    (mode & 0o700) | readable >> 3 | readable >> 6
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

// === impl Image ===

impl Image<'_> {
    /// Writes the archive; `to` is either complete or as it was before.
    pub(crate) fn write(&self, to: &Path) -> Result<()> {
        let unfinished = to.with_extension("unfinished");
        self.write_archive(&unfinished).with_context(|| format!("cannot write the image {}", unfinished.display()))?;
        fs::rename(&unfinished, to)?;
        Ok(())
    }

    fn write_archive(&self, to: &Path) -> Result<()> {
        let config = json_bytes(&self.image_config()?)?;
        let manifest = json_bytes(&self.manifest(&config)?)?;
        let mut tar = Builder::new(BufWriter::new(File::create(to)?));
        append_bytes(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        append_bytes(&mut tar, "index.json", &json_bytes(&self.index(&manifest)?)?)?;
        append_bytes(&mut tar, "manifest.json", &json_bytes(&self.docker_manifest(&config)?)?)?;
        append_bytes(&mut tar, &blob(&sha256(&config[..])?), &config)?;
        append_bytes(&mut tar, &blob(&sha256(&manifest[..])?), &manifest)?;
        for layer in self.layers {
            let mut header = header(EntryType::Regular, 0o644, layer.size);
            tar.append_data(&mut header, blob(&layer.digest), BufReader::new(File::open(&layer.file)?))?;
        }
        tar.into_inner()?.into_inner()?.sync_all()?;
        Ok(())
    }

    fn image_config(&self) -> Result<Value> {
        let digests: Vec<_> = self.layers.iter().map(|layer| format!("sha256:{}", layer.digest)).collect();
        let history: Vec<_> = self.layers.iter().map(|_| json!({"created": CREATED})).collect();
        Ok(json!({
            "architecture": architecture()?,
            "os": "linux",
            "created": CREATED,
            "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": digests},
            "history": history,
        }))
    }

    fn manifest(&self, config: &[u8]) -> Result<Value> {
        const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
        let layers: Vec<_> = self.layers.iter().map(|layer| descriptor(LAYER, &layer.digest, layer.size)).collect();
        let config_size = config.len() as u64;
        Ok(json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &sha256(config)?, config_size),
            "layers": layers,
        }))
    }

    fn index(&self, manifest: &[u8]) -> Result<Value> {
        let digest = sha256(manifest)?;
        let named = |name: &&str| {
            let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &digest, manifest.len() as u64);
            entry["annotations"] = json!({
                "io.containerd.image.name": name,
                "org.opencontainers.image.ref.name": name.rsplit(':').next(),
            });
            entry
        };
        let manifests: Vec<_> = self.names.iter().map(named).collect();
        Ok(json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        }))
    }

    fn docker_manifest(&self, config: &[u8]) -> Result<Value> {
        let layers: Vec<_> = self.layers.iter().map(|layer| blob(&layer.digest)).collect();
        Ok(json!([{"Config": blob(&sha256(config)?), "RepoTags": self.names, "Layers": layers}]))
    }
}

fn descriptor(media_type: &str, digest: &str, size: u64) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size})
}

fn blob(digest: &str) -> String {
    format!("blobs/sha256/{digest}")
}

/// `serde_json` keeps the keys of a [`Value`] sorted, hence the same bytes for the same image.
fn json_bytes(value: &Value) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(value)?)
}

fn append_bytes(tar: &mut Builder<impl Write>, name: &str, bytes: &[u8]) -> Result<()> {
    let mut header = header(EntryType::Regular, 0o644, bytes.len() as u64);
    Ok(tar.append_data(&mut header, name, bytes)?)
}

#[cfg(test)]
mod tests;
