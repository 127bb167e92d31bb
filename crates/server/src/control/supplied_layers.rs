//! The layers of other accounts that the operator put into a directory: checked and stored at the start.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use fakecloud_lambda::{ForeignLayers, Stored, SuppliedLayer};
use tracing::info;

use crate::args::LayerArgs;
use crate::control::archive;
use crate::disk::blobs::Blobs;

/// Read at a time.
const PIECE_BYTES: usize = 64 << 10;

/// What the settings say about layers of other accounts, with the archives in the directory stored.
///
/// # Errors
/// The directory cannot be read, or a file in it is no archive of a layer; names the file and the form that is expected.
pub(crate) fn load(args: &LayerArgs, blobs: &Blobs) -> Result<ForeignLayers> {
    let supplied = match &args.lambda_layers_dir {
        Some(dir) => supplied(dir, blobs)
            .with_context(|| format!("FAKECLOUD_LAMBDA_LAYERS_DIR={}: the layers cannot be used", dir.display()))?,
        None => BTreeMap::new(),
    };
    Ok(ForeignLayers { supplied, missing: args.lambda_foreign_layers.into() })
}

fn supplied(dir: &Path, blobs: &Blobs) -> Result<BTreeMap<SuppliedLayer, Stored>> {
    let mut supplied = BTreeMap::new();
    for path in zips(dir, 0)? {
        let name = path.strip_prefix(dir).expect("it was found below the directory");
        let layer = layer(name).with_context(|| {
            format!(
                "{} is no layer's name: expected <account>/<name>/<version>.zip or <account>/<name>.zip, with an account \
                 of twelve digits",
                name.display()
            )
        })?;
        let stored = blobs.receive_zip(pieces(&path)?).with_context(|| format!("{} cannot be used", name.display()))?;
        info!(account = layer.account, layer = layer.name, version = layer.version, "supplying a layer");
        supplied.insert(layer, archive::stored(stored));
    }
    Ok(supplied)
}

/// The zips below a directory. Hidden names, such as those of mounted ConfigMaps, are passed over.
fn zips(dir: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    ensure!(depth < 3, "{} lies deeper than <account>/<name>/<version>.zip", dir.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            found.extend(zips(&path, depth + 1)?);
        } else if name.ends_with(".zip") {
            found.push(path);
        } else {
            bail!("{} is no zip", path.display());
        }
    }
    found.sort();
    Ok(found)
}

fn layer(name: &Path) -> Option<SuppliedLayer> {
    let parts: Vec<&str> = name.to_str()?.strip_suffix(".zip")?.split('/').collect();
    let (account, name, version) = match parts[..] {
        [account, name] => (account, name, None),
        [account, name, version] => (account, name, Some(version.parse().ok()?)),
        _ => return None,
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| SuppliedLayer { account: account.to_owned(), name: name.to_owned(), version })
}

fn pieces(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Bytes>> + use<>> {
    let mut file = File::open(path)?;
    Ok(std::iter::from_fn(move || {
        let mut piece = vec![0; PIECE_BYTES];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some(Ok(piece.into()))
            }
            Err(error) => Some(Err(error)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use clap::Parser;

    use super::*;
    use crate::args::Args;

    fn put(dir: &Path, name: &str, content: &[u8]) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn zip() -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("python/powertools.py", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"x = 1").unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn load_from(dir: &Path) -> Result<ForeignLayers> {
        let args = Args::parse_from(["fakecloud", &format!("--lambda-layers-dir={}", dir.display())]);
        load(&args.layers, &Blobs::open(None, fakecloud_durable::Limit::Percent(100)).unwrap())
    }

    #[test]
    fn zips_stand_in_for_one_version_or_for_all() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "017000801446/AWSLambdaPowertoolsPythonV3-python312-x86_64/7.zip", &zip());
        put(dir.path(), "464622532012/Datadog-Extension.zip", &zip());
        put(dir.path(), "..data/ignored.txt", b"of a mounted volume");
        let layers: Vec<_> = load_from(dir.path()).unwrap().supplied.into_keys().collect();
        let layer = |account: &str, name: &str, version| SuppliedLayer {
            account: account.to_owned(),
            name: name.to_owned(),
            version,
        };
        let powertools = layer("017000801446", "AWSLambdaPowertoolsPythonV3-python312-x86_64", Some(7));
        assert_eq!(layers, [powertools, layer("464622532012", "Datadog-Extension", None)]);
    }

    #[test]
    fn what_is_no_layer_is_named_with_what_is_expected() {
        let zip = zip();
        let cases: [(&str, &[u8], &str); 5] = [
            ("powertools.zip", &zip, "expected <account>/<name>/<version>.zip"),
            ("account/l/1.zip", &zip, "twelve digits"),
            ("017000801446/l/latest.zip", &zip, "expected <account>"),
            ("017000801446/l/1.tar", b"", "is no zip"),
            ("017000801446/l/1.zip", b"no zip", "017000801446/l/1.zip cannot be used"),
        ];
        for (name, content, words) in cases {
            let dir = tempfile::tempdir().unwrap();
            put(dir.path(), name, content);
            let error = format!("{:#}", load_from(dir.path()).unwrap_err());
            assert!(error.contains("FAKECLOUD_LAMBDA_LAYERS_DIR") && error.contains(words), "{error}");
        }
    }
}
