//! Archives as all the usual tools write them: each is good.

use std::io::Cursor;

use fakecloud_artifacts::{Limits, ZipSummary, check_zip};

use crate::sample::{Entry, directory, file, link, zip};

fn accepted(entries: &[Entry]) -> ZipSummary {
    check_zip(Cursor::new(zip(entries)), &Limits::default()).unwrap()
}

#[test]
fn stored_and_deflated_files() {
    let summary = accepted(&[file("a.py", "12345"), file("b.py", "67890".repeat(100)).deflated()]);
    assert_eq!(summary, ZipSummary { entries: 2, unzipped_bytes: 505 });
}

#[test]
fn windows_entries_without_modes() {
    accepted(&[Entry { system: 0, mode: 0, ..file("a.py", "1") }, Entry { system: 0, mode: 0, ..directory("d/") }]);
    accepted(&[Entry { system: 0, mode: 0o120_777, ..file("no-link", "/etc/passwd") }]);
}

#[test]
fn links_inside_the_tree() {
    let summary = accepted(&[
        link("node_modules/.bin/x", "../x/bin.js"),
        file("node_modules/x/bin.js", "1"),
        link("lib64", "lib"),
        link("dangling", "nowhere"),
    ]);
    assert_eq!(summary.entries, 4);
}

#[test]
fn sizes_after_the_data() {
    accepted(&[
        Entry { flags: 8, ..file("stored", "12345") },
        Entry { flags: 8, ..file("deflated", "12345".repeat(50)).deflated() },
        file("after", "x"),
    ]);
}

#[test]
fn zip64_entries() {
    let entry = Entry { zip64: true, ..file("streamed", "12345") };
    assert_eq!(accepted(&[entry]).unzipped_bytes, 5);
}

#[test]
fn zip64_directory_of_more_than_65535_entries() {
    let entries: Vec<_> = (0..65_600).map(|number| file(format!("f/{number}"), "")).collect();
    assert_eq!(accepted(&entries).entries, 65_600);
}

#[test]
fn directories_that_are_listed_twice_or_not_at_all() {
    accepted(&[directory("./"), directory("a/"), file("a/b", "1"), directory("a/"), file("c/d/e", "2")]);
}

#[test]
fn names_in_any_encoding() {
    accepted(&[file(b"caf\x82.txt", "1"), file("café.txt", "2"), Entry { flags: 1 << 11, ..file("naïve.txt", "3") }]);
}

#[test]
fn comment_after_the_end_record() {
    let mut archive = zip(&[file("a", "1")]);
    let length_at = archive.len() - 2;
    archive[length_at] = 40;
    archive.extend([b'c'; 40]);
    check_zip(Cursor::new(archive), &Limits::default()).unwrap();
}
