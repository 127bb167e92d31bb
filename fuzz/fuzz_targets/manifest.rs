//! Any manifest, image configuration or name of an image: taken or refused, in memory that is bounded by its length.
//!
//! The first line of an input is the `Content-Type` that a manifest came with, or the name of an image.
#![no_main]

use fakecloud_registry::{ImageName, Manifest, Platform, Reference, RepositoryName};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (first, content) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let line = std::str::from_utf8(first).ok();
    if let Ok(manifest) = Manifest::parse(line, content) {
        expect_sound(&manifest);
    }
    Platform::of_config(content);
    if let Some(line) = line {
        let _ = (line.parse::<ImageName>(), line.parse::<RepositoryName>());
        if let Ok(reference) = line.parse::<Reference>() {
            assert_eq!(reference.to_string().parse::<Reference>().ok(), Some(reference), "it says what it is");
        }
    }
});

/// An index lists manifests and has no blobs, anything else the other way round.
fn expect_sound(manifest: &Manifest) {
    match manifest.is_index() {
        true => assert_eq!(manifest.blobs().count(), 0, "{manifest:?}"),
        false => assert!(manifest.manifests.is_empty(), "{manifest:?}"),
    }
    assert!(manifest.blobs().all(|blob| !blob.is_foreign() || manifest.config.as_ref() == Some(blob)));
}
