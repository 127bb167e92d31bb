//! Layers merged into one tar.

use std::io::{self, Cursor, Write};

use fakecloud_artifacts::{ArchiveError, LayersError, LayersSummary, Limits, Sha256Digest, Unpacked, write_layer_tar};

use crate::model::{Children, Node, untar};
use crate::sample::{Entry, directory, file, link, zip};

fn merge(layers: &[&[Entry]]) -> Result<(Vec<u8>, LayersSummary), LayersError> {
    let mut layers: Vec<_> = layers.iter().map(|entries| Cursor::new(zip(entries))).collect();
    let mut tar = Vec::new();
    let summary = write_layer_tar(&mut layers, &Limits::default(), &mut tar)?;
    Ok((tar, summary))
}

fn merged(layers: &[&[Entry]]) -> Vec<(String, Node)> {
    untar(&merge(layers).unwrap().0)
}

fn text(path: &str, content: &str) -> (String, Node) {
    (path.to_owned(), Node::File(0o644, content.into()))
}

/// One line per entry, as `tar -tv` would show it.
fn listing(tar: &[u8]) -> String {
    let mut archive = tar::Archive::new(tar);
    let lines = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        let (kind, mode, mtime) = (header.entry_type(), header.mode().unwrap(), header.mtime().unwrap());
        let owner = (header.uid().unwrap(), header.gid().unwrap());
        let link = entry.link_name().unwrap().map(|target| format!(" -> {}", target.display()));
        let path = entry.path().unwrap().display().to_string();
        format!("{kind:?} {mode:o} {owner:?} {mtime} {} {path}{}\n", entry.size(), link.unwrap_or_default())
    });
    lines.collect()
}

#[test]
fn known_layers_make_a_known_tar() {
    let first = [
        directory("python/").mode(0o775),
        file("python/shared.py", "v = 1\n").deflated(),
        file("bin/tool", "#!/bin/sh\n").mode(0o755),
        link("lib64", "lib"),
        directory("lib/").mode(0o555),
        file("lib/liba.so.1", "elf"),
    ];
    let second = [file("python/shared.py", "v = 22\n"), link("lib/liba.so", "liba.so.1"), file("ünï", "").mode(0o400)];
    let (tar, summary) = merge(&[&first, &second]).unwrap();
    insta::assert_snapshot!(listing(&tar), @"
    Regular 755 (0, 0) 315532800 10 bin/tool
    Directory 755 (0, 0) 315532800 0 lib/
    Symlink 777 (0, 0) 315532800 0 lib/liba.so -> liba.so.1
    Regular 644 (0, 0) 315532800 3 lib/liba.so.1
    Symlink 777 (0, 0) 315532800 0 lib64 -> lib
    Directory 775 (0, 0) 315532800 0 python/
    Regular 644 (0, 0) 315532800 7 python/shared.py
    Regular 400 (0, 0) 315532800 0 ünï
    ");
    assert_eq!(summary.digest.hex(), "8ba95af94eb556295ecdedacf81b32bba3f3a58b68dc4096bed5a3a8a7ee7e3f");
    let expected = LayersSummary {
        digest: Sha256Digest::of(&tar),
        tar_bytes: tar.len() as u64,
        unzipped_bytes: 6 + 10 + 3 + 3 + 7 + 9,
    };
    assert_eq!(summary, expected);
}

#[test]
fn later_layer_wins_whatever_was_there() {
    let file_over_directory: [&[_]; 2] = [&[directory("a/"), file("a/x/y", "1"), file("ab", "2")], &[file("a", "3")]];
    assert_eq!(merged(&file_over_directory), [text("a", "3"), text("ab", "2")]);

    let directory_over_file: [&[_]; 2] = [&[file("a", "1")], &[file("a/x", "2")]];
    assert_eq!(merged(&directory_over_file), [text("a/x", "2")]);

    let directory_over_link: [&[_]; 2] = [&[link("a", "b"), file("b/x", "1")], &[file("a/x", "2")]];
    assert_eq!(merged(&directory_over_link), [text("a/x", "2"), text("b/x", "1")]);

    let link_over_directory: [&[_]; 2] = [&[file("a/x", "1"), file("b/x", "2")], &[link("a", "b")]];
    assert_eq!(merged(&link_over_directory), [("a".to_owned(), Node::Link("b".to_owned())), text("b/x", "2")]);
}

#[test]
fn directories_are_joined_and_the_later_mode_holds() {
    let layers: [&[_]; 2] =
        [&[directory("d/").mode(0o700), file("d/a", "1")], &[directory("d/").mode(0o755), file("d/b", "2")]];
    let d = ("d".to_owned(), Node::Directory(Some(0o755), Children::new()));
    assert_eq!(merged(&layers), [d, text("d/a", "1"), text("d/b", "2")]);
}

#[test]
fn permissions_are_kept_and_nothing_else_of_the_mode() {
    let modes = |mode| match &merged(&[&[file("f", "").mode(mode)]])[0].1 {
        Node::File(mode, _) => *mode,
        other @ (Node::Directory(..) | Node::Link(_)) => panic!("{other:?}"),
    };
    assert_eq!([0o755, 0o600, 0o444, 0o000, 0o6755, 0o1777].map(modes), [0o755, 0o600, 0o444, 0o000, 0o755, 0o777]);
    let unstated = [Entry { system: 0, mode: 0, ..file("f", "") }, Entry { mode: 0, ..file("g", "") }];
    assert_eq!(merged(&[&unstated]), [text("f", ""), text("g", "")]);
    let locked = [directory("d/").mode(0o555), file("d/f", "")];
    assert_eq!(merged(&[&locked])[0].1, Node::Directory(Some(0o755), Children::new()), "its owner can fill it");
}

#[test]
fn names_and_targets_longer_than_a_header() {
    for length in [99, 100, 101, 155, 156, 255] {
        let (name, target) = ("n".repeat(length), "t".repeat(length));
        let expected = [text(&name, "1"), (format!("{name}/l").replacen('n', "z", 1), Node::Link(target.clone()))];
        let layer = [file(&name, "1"), link(&expected[1].0, &target)];
        assert_eq!(merged(&[&layer]), expected, "{length}");
    }
}

#[test]
fn no_layers_make_an_empty_tar() {
    let (tar, summary) = merge(&[]).unwrap();
    assert_eq!((tar.as_slice(), summary.unzipped_bytes), (&[0; 1024][..], 0));
}

#[test]
fn bad_layer_is_named_by_its_number() {
    let damaged = Entry { crc: 1, ..file("f", "1") };
    for (bad, reason) in [(file("../f", "1"), "entry \"../f\""), (damaged, "entry \"f\" is damaged")] {
        let LayersError::Layer { number, source } = merge(&[&[file("a", "1")], &[bad]]).unwrap_err() else {
            panic!("the second layer is bad");
        };
        assert_eq!(number, 2);
        assert!(source.to_string().starts_with(reason), "{source}");
    }
}

#[test]
fn replaced_files_count_towards_the_limit() {
    let layers = [zip(&[file("f", "12345")]), zip(&[file("f", "67890")])];
    let write = |unzipped_bytes_max| {
        let mut layers = layers.clone().map(Cursor::new);
        write_layer_tar(&mut layers, &Limits { unzipped_bytes_max, ..Limits::default() }, io::sink())
    };
    assert_eq!(write(10).unwrap().unzipped_bytes, 10);
    let refusal = write(9).unwrap_err();
    assert!(
        matches!(
            refusal,
            LayersError::Layer { number: 2, source: ArchiveError::UnzippedTooLarge { unzipped_bytes: 10, max: 9, .. } }
        ),
        "{refusal:?}"
    );
}

#[test]
fn tar_is_as_long_as_its_index_says() {
    for length in [1, 98, 99, 100, 101, 255] {
        let name = "n".repeat(length);
        let layer = [
            file(&name, "x".repeat(length * 5)).deflated(),
            directory(format!("d/{name}/")),
            link("l", "t".repeat(length * 4)),
            file("empty", ""),
            file("block", vec![0; 512]),
        ];
        let mut archives = [Cursor::new(zip(&layer)), Cursor::new(zip(&[file("empty", "no more")]))];
        let unpacked = Unpacked::index(&mut archives, &Limits::default()).unwrap();
        let tar = unpacked.write_tar(&mut archives, Vec::new()).unwrap();
        assert_eq!(unpacked.tar_bytes(), tar.len() as u64, "{length}");
        assert_eq!(unpacked.write_tar(&mut archives, Vec::new()).unwrap(), tar, "and can be written again");
    }
}

#[test]
fn bit_that_flipped_after_the_index_was_made_is_found() {
    let archive = zip(&[file("a", "1"), file("f", "content")]);
    let unpacked = Unpacked::index(&mut [Cursor::new(&archive)], &Limits::default()).unwrap();
    let at = archive.windows(7).position(|bytes| bytes == b"content").unwrap();
    let mut damaged = archive;
    damaged[at] ^= 1;
    let refusal = unpacked.write_tar(&mut [Cursor::new(damaged)], io::sink()).unwrap_err();
    let LayersError::Layer { number: 1, source } = refusal else { panic!("{refusal}") };
    assert_eq!(source.to_string(), r#"entry "f" is damaged"#);
}

#[test]
fn failing_output_is_not_the_layers_fault() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            let count = buf.len().min(self.0);
            self.0 -= count;
            if count == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let layer = zip(&[directory("d/"), file("d/f", vec![1; 2_000]), link("l", "d")]);
    let write = |room| write_layer_tar(&mut [Cursor::new(&layer)], &Limits::default(), Full(room));
    let whole = write(usize::MAX).unwrap().tar_bytes as usize;
    write(whole).unwrap();
    for room in [0, 511, 600, 1_500, 3_000, whole - 1] {
        let refusal = write(room).unwrap_err();
        assert!(matches!(&refusal, LayersError::Write(e) if e.kind() == io::ErrorKind::StorageFull), "{refusal:?}");
    }
}
