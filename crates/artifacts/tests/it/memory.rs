//! The memory that an archive takes while it is looked into.

use std::io::Cursor;

use allocation_counter::measure;
use fakecloud_artifacts::{Limits, Unpacked, check_zip};

use crate::sample::{link, zip};

const LINKS: u64 = 2_000;

/// An entry with its path, and a place in the tree.
const ENTRY_BYTES_MAX: u64 = 1_000;

/// What unpacks one entry.
const FIXED_BYTES_MAX: u64 = 200 << 10;

#[test]
fn targets_of_links_are_not_held() {
    let target = "t".repeat(1_024);
    let links: Vec<_> = (0..LINKS).map(|number| link(number.to_string(), &target).deflated()).collect();
    let archive = zip(&links);
    let max = LINKS * ENTRY_BYTES_MAX + FIXED_BYTES_MAX;
    let check = measure(|| drop(check_zip(Cursor::new(&archive), &Limits::default()).unwrap()));
    let index = measure(|| drop(Unpacked::index(&mut [Cursor::new(&archive)], &Limits::default()).unwrap()));
    for taken in [check.bytes_max, index.bytes_max] {
        assert!(taken <= max, "{taken} bytes, of {max}");
    }
}
