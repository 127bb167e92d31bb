//! The archives are what container engines read, and the same for the same files.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use super::*;

#[test]
fn archive_is_the_same_whatever_order_time_and_umask_made_the_files() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tree = [("bin/tool", "#!/bin/sh", 0o755), ("etc/a", "alpha", 0o644), ("etc/b", "beta", 0o644)];
    for (path, text, mode) in tree {
        put(&first.path().join("tree"), path, text, mode);
    }
    for (path, text, mode) in tree.into_iter().rev() {
        put(&second.path().join("tree"), path, text, mode & 0o700);
    }
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
    File::open(second.path().join("tree/etc/a")).unwrap().set_modified(old).unwrap();

    assert!(archive(first.path()) == archive(second.path()), "archives differ");
    // Pinned: a change of these bytes makes every cluster load every image again.
    let layer = File::open(first.path().join("layer")).unwrap();
    assert_eq!(sha256(layer).unwrap(), "ad0badc2267c2d432889223d580efdfe150d22a0e10f5ee7f3b8ede746bd9f04");
}

#[test]
fn layer_keeps_links_programs_and_sticky_directories() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    put(&tree, "usr/bin/tool", "#!/bin/sh", 0o711);
    put(&tree, "etc/secret", "nobody may write", 0o600);
    symlink("/usr/bin/tool", tree.join("tool")).unwrap();
    fs::create_dir(tree.join("tmp")).unwrap();
    fs::set_permissions(tree.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();

    let layer = Layer::pack(&tree, dir.path().join("layer")).unwrap();
    assert_eq!(
        listing(&fs::read(&layer.file).unwrap()),
        [
            "755 etc",
            "644 etc/secret",
            "1777 tmp",
            "777 tool -> /usr/bin/tool",
            "755 usr",
            "755 usr/bin",
            "755 usr/bin/tool",
        ]
    );
}

#[test]
fn layer_holds_names_longer_than_a_tar_header() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(140));
    put(&tree, &long, "", 0o644);
    symlink("t".repeat(180), tree.join("l".repeat(150))).unwrap();

    let layer = Layer::pack(&tree, dir.path().join("layer")).unwrap();
    let listing = listing(&fs::read(&layer.file).unwrap());
    assert_eq!(listing[1], format!("644 {long}"));
    assert_eq!(listing[2], format!("777 {} -> {}", "l".repeat(150), "t".repeat(180)));
}

#[test]
fn layer_refuses_what_no_image_holds() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();

    let Err(error) = Layer::pack(&tree, dir.path().join("layer")) else { panic!("a socket was packed") };
    let error = format!("{error:#}");
    assert!(error.contains("cannot pack socket: only files, directories and symbolic links"), "{error}");
}

#[test]
fn every_descriptor_leads_to_a_blob_of_its_digest_and_size() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("tree"), "etc/a", "alpha", 0o644);
    let files = unpack(&archive(dir.path()));

    let index = json_of(&files["index.json"]);
    let manifests = index["manifests"].as_array().unwrap();
    let names: Vec<_> = manifests.iter().map(|it| it["annotations"]["io.containerd.image.name"].clone()).collect();
    assert_eq!(names, ["example.org/one:1", "example.org/two:2"]);
    assert_eq!(manifests[1]["annotations"]["org.opencontainers.image.ref.name"], "2");

    let manifest = json_of(blob_of(&files, &manifests[0]));
    let config = json_of(blob_of(&files, &manifest["config"]));
    let layer = blob_of(&files, &manifest["layers"][0]);
    assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
    assert_eq!(config["architecture"], architecture().unwrap());
    assert_eq!(
        config["config"],
        json!({"User": "1:1", "Env": ["A=b"], "Entrypoint": ["/tool"], "Cmd": [], "WorkingDir": "/"})
    );
    assert_eq!(listing(layer), ["755 etc", "644 etc/a"]);
}

#[test]
fn docker_manifest_names_the_same_blobs() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("tree"), "etc/a", "alpha", 0o644);
    let files = unpack(&archive(dir.path()));

    let docker = json_of(&files["manifest.json"]);
    assert_eq!(docker[0]["RepoTags"], json!(["example.org/one:1", "example.org/two:2"]));
    let manifest = json_of(blob_of(&files, &json_of(&files["index.json"])["manifests"][0]));
    let path = |descriptor: &Value| blob(&digest_of(descriptor));
    assert_eq!(docker[0]["Config"], path(&manifest["config"]));
    assert_eq!(docker[0]["Layers"], json!([path(&manifest["layers"][0])]));
}

// === helpers ===

fn put(tree: &Path, path: &str, text: &str, mode: u32) {
    let file = tree.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// An image of one layer, `dir/tree`.
fn archive(dir: &Path) -> Vec<u8> {
    let layer = Layer::pack(&dir.join("tree"), dir.join("layer")).unwrap();
    let config = Config {
        user: "1:1".to_owned(),
        env: vec!["A=b".to_owned()],
        entrypoint: vec!["/tool".to_owned()],
        cmd: vec![],
        working_dir: "/".to_owned(),
    };
    let names = &["example.org/one:1", "example.org/two:2"];
    let to = dir.join("image.tar");
    Image { names, config: &config, layers: &[&layer] }.write(&to).unwrap();
    fs::read(to).unwrap()
}

fn unpack(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    tar::Archive::new(archive).entries().unwrap().map(entry).collect()
}

fn listing(layer: &[u8]) -> Vec<String> {
    let line = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
        let entry = entry.unwrap();
        let (mode, path) = (entry.header().mode().unwrap(), entry.path().unwrap().display().to_string());
        let link = entry.link_name().unwrap().map(|to| format!(" -> {}", to.display())).unwrap_or_default();
        format!("{mode:o} {path}{link}")
    };
    tar::Archive::new(layer).entries().unwrap().map(line).collect()
}

fn blob_of<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value) -> &'a [u8] {
    let digest = digest_of(descriptor);
    let content = &files[&blob(&digest)];
    assert_eq!(sha256(&content[..]).unwrap(), digest);
    assert_eq!(descriptor["size"], content.len());
    content
}

fn digest_of(descriptor: &Value) -> String {
    descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned()
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}
