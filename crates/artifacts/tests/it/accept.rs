//! Archives as all the usual tools write them: each is good.

use std::io::Cursor;

use fakecloud_artifacts::{Limits, ZipSummary, check_zip, write_layer_tar};

use crate::model::{Children, Node, untar};
use crate::sample::{Entry, directory, file, link, zip};

fn accepted(entries: &[Entry]) -> ZipSummary {
    check_zip(Cursor::new(zip(entries)), &Limits::default()).unwrap()
}

/// What the archive of these entries unpacks to.
fn tar_of(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Vec::new();
    write_layer_tar(&mut [Cursor::new(zip(entries))], &Limits::default(), &mut tar).unwrap();
    tar
}

#[test]
fn stored_and_deflated_files() {
    let summary = accepted(&[file("a.py", "12345"), file("b.py", "67890".repeat(100)).deflated()]);
    assert_eq!(summary, ZipSummary { entries: 2, unzipped_bytes: 505, remarks: Vec::new() });
}

#[test]
fn windows_entries_without_modes() {
    accepted(&[Entry { system: 0, mode: 0, ..file("a.py", "1") }, Entry { system: 0, mode: 0, ..directory("d/") }]);
    accepted(&[Entry { system: 0, mode: 0o120_777, ..file("no-link", "/etc/passwd") }]);
}

#[test]
fn links_wherever_they_lead() {
    let links = [
        ("node_modules/.bin/x", "../x/bin.js"),
        ("lib64", "lib"),
        ("dangling", "nowhere"),
        ("absolute", "/opt/nodejs/node_modules"),
        ("outside", "../../etc"),
        ("self", "self"),
        ("round", "trip"),
        ("trip", "round"),
    ];
    let entries: Vec<_> = links.iter().map(|(name, target)| link(name, target)).collect();
    assert_eq!(accepted(&entries).entries, 8);
    let kept = untar(&tar_of(&entries));
    for (name, target) in links {
        assert!(kept.contains(&(name.to_owned(), Node::Link(target.to_owned()))), "{name}: {kept:?}");
    }
}

#[test]
fn names_that_are_there_twice_where_the_later_entry_holds() {
    let text = |path: &str, content: &str| (path.to_owned(), Node::File(0o644, content.into()));
    let empty = |path: &str| (path.to_owned(), Node::Directory(Some(0o755), Children::new()));
    let l = ("a/b".to_owned(), Node::Link("c".to_owned()));
    for (entries, kept) in [
        ([file("a/b", "1"), file("a/b", "2")], text("a/b", "2")),
        ([file("a/b", "1"), file("a/./b", "2")], text("a/b", "2")),
        ([file("a/b", "1"), directory("a/b/")], empty("a/b")),
        ([directory("a/b/"), file("a/b", "2")], text("a/b", "2")),
        ([directory("a/b/"), link("a/b", "c")], l),
        ([directory("a/").mode(0o700), directory("a/")], empty("a")),
    ] {
        assert_eq!(accepted(&entries).entries, 2);
        assert_eq!(untar(&tar_of(&entries)), [kept], "{entries:?}");
    }
}

#[test]
fn modes_that_make_no_sense() {
    let modes = [0o177_777, 0o030_755, 0o160_644, 0o040_755, 0o100_755];
    for mode in modes {
        let (file, directory) = (Entry { mode, ..file("f", "1") }, Entry { mode, ..directory("d/") });
        let kept = untar(&tar_of(&[file, directory]));
        let is_directory = matches!(kept[0].1, Node::Directory(..));
        assert!(is_directory && matches!(kept[1].1, Node::File(..)), "{mode:#o}: {kept:?}");
    }
    assert_eq!(untar(&tar_of(&[Entry { mode: 0o120_777, ..directory("l/") }]))[0].0, "l");
}

#[test]
fn names_with_backslashes_are_literal_and_remarked_on() {
    let entries = [file("lib\\helper.js", "1"), file("index.js", "2"), file("a\\..\\evil", "3"), file("C:\\x", "4")];
    let remarks = accepted(&entries).remarks;
    let words = remarks.iter().map(ToString::to_string).collect::<Vec<_>>();
    insta::assert_snapshot!(words.join("\n"), @r#"
    3 names have a backslash, "C:\\x" first: each is the name of one file, as on AWS; separate directories by / when packing
    "#);
    let mut names: Vec<_> = untar(&tar_of(&entries)).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["C:\\x", "a\\..\\evil", "index.js", "lib\\helper.js"]);
}

#[test]
fn what_others_may_not_read_is_remarked_on() {
    let remarks = |entries: &[Entry]| accepted(entries).remarks.iter().map(ToString::to_string).collect::<Vec<_>>();
    let locked = [
        file("app.py", "1").mode(0o600),
        directory("lib/").mode(0o744),
        file("lib/a.py", "").mode(0o640),
        file("open.py", "").mode(0o644),
        link("l", "x").mode(0o000),
    ];
    insta::assert_snapshot!(remarks(&locked).join("\n"), @r#"
    3 entries may be read by their owner only, "app.py" first: here they run, on AWS they fail with Permission denied; pack files with mode 0644 or 0755 and directories with 0755
    "#);
    let open = [file("a", "").mode(0o444), directory("d/").mode(0o555), Entry { mode: 0, ..file("unstated", "") }];
    assert_eq!(remarks(&open), [""; 0]);
    // Of two entries of one name the one that holds counts.
    assert_eq!(remarks(&[file("a", "1").mode(0o600), file("a", "2")]), [""; 0]);
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
