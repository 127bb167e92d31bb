//! Manifests and configurations of megabytes that say little.

use allocation_counter::measure;

use super::{ANNOTATIONS_MAX, DESCRIPTORS_MAX, InvalidManifest, Manifest, Platform, URLS_MAX, media_type};

const CONTENT_BYTES: usize = 256 << 10;
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn image(members: &str) -> String {
    format!(r#"{{"schemaVersion":2,"config":{{"digest":"{DIGEST}","size":0}},"layers":[],{members}}}"#)
}

fn layers(count: usize, urls: usize) -> String {
    let urls = vec!["\"\""; urls].join(",");
    let layer = format!(r#"{{"digest":"{DIGEST}","size":0,"urls":[{urls}]}}"#);
    image("").replace("\"layers\":[],", &format!("\"layers\":[{}]", vec![layer; count].join(",")))
}

fn annotations(count: usize) -> String {
    let texts: Vec<String> = (0..count).map(|key| format!("\"{key:x}\":\"\"")).collect();
    image(&format!("\"annotations\":{{{}}}", texts.join(",")))
}

/// Why a manifest is refused; empty if it is taken.
fn problem(content: &str) -> String {
    let parsed = Manifest::parse(Some(media_type::OCI_MANIFEST), content.as_bytes());
    parsed.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn manifest_that_says_nothing_of_its_type_is_refused() {
    for inside in ["", "application/json", "text/plain; charset=utf-8"] {
        for outside in [None, Some(""), Some("application/json")] {
            let parsed = Manifest::parse(outside, format!(r#"{{"mediaType":"{inside}","manifests":[]}}"#).as_bytes());
            assert!(matches!(parsed, Err(InvalidManifest::NoType)), "{inside}, {outside:?}: {parsed:?}");
        }
    }
}

#[test]
fn what_a_manifest_lists_is_bounded() {
    for (taken, refused, words) in [
        (annotations(ANNOTATIONS_MAX), annotations(ANNOTATIONS_MAX + 1), "an object of at most 1000 texts"),
        (layers(1, URLS_MAX), layers(1, URLS_MAX + 1), "a list of at most 16 elements"),
        (layers(DESCRIPTORS_MAX, 0), layers(DESCRIPTORS_MAX + 1, 0), "a list of at most 10000 elements"),
    ] {
        assert_eq!(problem(&taken), "");
        assert!(problem(&refused).contains(words), "{}", problem(&refused));
    }
}

#[test]
fn no_manifest_or_configuration_takes_many_times_its_length() {
    let filled = |piece: &str| piece.repeat(CONTENT_BYTES / piece.len());
    let layer = format!(r#"{{"digest":"{DIGEST}","size":0,"platform":{{}}}},"#);
    for content in [
        annotations(CONTENT_BYTES / 10),
        layers(1, CONTENT_BYTES / 3),
        image("").replace("\"layers\":[],", &format!("\"layers\":[{}]", filled(&layer).trim_end_matches(','))),
        image(&format!("\"unknown\":[{}0]", filled("{\"\":0},"))),
        format!("{{\"architecture\":\"amd64\",\"rootfs\":[{}0]}}", filled("0,")),
        format!("{{\"architecture\":\"amd64\",{}\"os\":\"linux\"}}", filled("\"\":{\"\":0},")),
        format!("{{\"architecture\":{}", filled("[")),
    ] {
        let read = || {
            (
                Manifest::parse(Some(media_type::OCI_MANIFEST), content.as_bytes()),
                Platform::of_config(content.as_bytes()),
            )
        };
        let peak = measure(|| drop(read())).bytes_max;
        let beginning: String = content.chars().take(150).collect();
        assert!(peak <= 6 * CONTENT_BYTES as u64, "{peak} bytes: {beginning}");
    }
}
