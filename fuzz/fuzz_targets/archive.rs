//! Any bytes: either refused, or they make a tar that is safe to unpack.
#![no_main]

use std::collections::BTreeMap;
use std::io::{self, Cursor};

use fakecloud_artifacts::{Limits, check_zip, write_layer_tar};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { unzipped_bytes_max: 1 << 20, entries_max: 200, ratio_max: 500 };

fuzz_target!(|bytes: &[u8]| {
    let checked = check_zip(Cursor::new(bytes), &LIMITS);
    let mut tar = Vec::new();
    let merged = write_layer_tar(&mut [Cursor::new(bytes)], &LIMITS, &mut tar);
    let Ok(summary) = checked else { return };
    let merged = merged.expect("a good archive can be merged");
    assert_eq!((merged.tar_bytes, merged.unzipped_bytes), (tar.len() as u64, summary.unzipped_bytes));
    expect_safe(&tar);

    let twice = Limits { unzipped_bytes_max: 2 * LIMITS.unzipped_bytes_max, ..LIMITS };
    let again = write_layer_tar(&mut [Cursor::new(bytes), Cursor::new(bytes)], &twice, io::sink());
    assert_eq!(again.expect("it can be merged with itself").digest, merged.digest, "and is its own replacement");
});

/// Every path is relative and there once, in order, and below directories only.
fn expect_safe(tar: &[u8]) {
    let mut kinds = BTreeMap::new();
    for entry in tar::Archive::new(tar).entries().expect("a tar in memory") {
        let entry = entry.expect("our own tar is readable");
        let path = entry.path_bytes().strip_suffix(b"/").map_or_else(|| entry.path_bytes().to_vec(), <[u8]>::to_vec);
        assert!(kinds.last_key_value().is_none_or(|(last, _)| *last < path), "unsorted");
        let mut parent = Vec::new();
        for part in path.split(|byte| *byte == b'/') {
            assert!(!matches!(part, b"" | b"." | b".."), "{path:?}");
            assert!(kinds.get(&parent).is_none_or(|is_directory| *is_directory), "{path:?} is below {parent:?}");
            parent = [&parent, &b"/"[usize::from(parent.is_empty())..], part].concat();
        }
        kinds.insert(path, entry.header().entry_type().is_dir());
    }
}
