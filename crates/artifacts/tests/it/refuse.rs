//! Bad archives: each is refused, with the name of the entry.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use fakecloud_artifacts::{ArchiveError, ENTRIES_MAX, Limits, UNZIPPED_BYTES_MAX, ZipSummary, check_zip};

use crate::sample::{self, Entry, directory, file, link, zip};

fn check(archive: &[u8]) -> Result<ZipSummary, ArchiveError> {
    check_zip(Cursor::new(archive), &Limits::default())
}

/// The whole message, causes included.
fn refused(entries: &[Entry]) -> String {
    message(&check(&zip(entries)).unwrap_err())
}

fn message(mut error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    while let Some(source) = error.source() {
        error = source;
        text = format!("{text}: {error}");
    }
    text
}

#[test]
fn bytes_that_are_no_zip() {
    let good = zip(&[file("a", "content")]);
    for bytes in [&b""[..], b"exports.handler = 1", &good[..good.len() - 1], &good[1..], &good[..40]] {
        assert!(matches!(check(bytes), Err(ArchiveError::NotAZip(_) | ArchiveError::Corrupt { .. })), "{bytes:?}");
    }
    assert_eq!(message(&check(b"PK").unwrap_err()).split(':').next(), Some("not a readable zip archive"));
}

#[test]
fn bytes_in_front_that_the_offsets_do_not_count() {
    let archive = [b"#!/usr/bin/env python3\n", zip(&[file("__main__.py", "1")]).as_slice()].concat();
    assert!(check(&archive).is_err());
}

#[test]
fn empty_archive() {
    assert!(matches!(check(&zip(&[])), Err(ArchiveError::Empty)));
}

#[test]
fn names_that_leave_the_tree() {
    for (name, problem) in [
        ("../evil", "the path has a .. part; list the file under its real path"),
        ("a/../../evil", "the path has a .. part; list the file under its real path"),
        ("/etc/passwd", "the path is absolute; make it relative to the archive's root"),
        ("C:/evil", "the path is absolute; make it relative to the archive's root"),
        ("a\0.py", "the path has a NUL byte"),
        ("", "the name is empty"),
        (".", "the name is empty"),
    ] {
        assert_eq!(refused(&[file("ok", ""), file(name, "x")]), format!("entry {name:?}: {problem}"));
    }
}

#[test]
fn entries_below_a_file_or_a_link() {
    let message = r#"entry "a/b/c" lies below "a", which is not a directory"#;
    assert_eq!(refused(&[file("a", "1"), file("a/b/c", "2")]), message);
    assert_eq!(refused(&[file("a/b/c", "2"), link("a", "d"), directory("d/")]), message);
}

#[test]
fn targets_that_no_link_can_have() {
    let words = "expected 1 to 1024 bytes without NUL";
    for target in ["", "a\0b"] {
        let message = refused(&[link("d/l", target)]);
        assert_eq!(message, format!(r#"link "d/l" has a target that no link can have, {target:?}: {words}"#));
    }
    let long = "x".repeat(1_025);
    let message = refused(&[link("d/l", &long).deflated()]);
    assert!(message.starts_with(r#"link "d/l" has a target"#) && message.ends_with(words), "{message}");
}

#[test]
fn encrypted_entries() {
    let entry = Entry { flags: 1, ..file("secret", "x") };
    assert_eq!(refused(&[entry]), r#"entry "secret" is encrypted: pack it without a password"#);
}

#[test]
fn unknown_compression() {
    for (method, name) in [(9, "Deflate64"), (12, "Bzip2"), (93, "Zstd"), (99, "Aes"), (77, "Unknown")] {
        let entry = Entry { method, ..file("f", "x") };
        let message = format!(r#"entry "f" is compressed by {name}: only Stored and Deflated are supported"#);
        assert_eq!(refused(&[entry]), message);
    }
}

#[test]
fn devices_pipes_and_sockets() {
    for (name, mode) in [("fifo", 0o010_644), ("tty", 0o020_644), ("disk", 0o060_644), ("socket", 0o140_644)] {
        let message = refused(&[Entry { mode, ..file(name, "") }]);
        assert!(message.starts_with(&format!("entry {name:?} has mode {mode:#o}")), "{message}");
    }
}

#[test]
fn headers_that_disagree_about_the_name() {
    let entry = Entry { local_name: b"evil.py".to_vec(), ..file("good.py", "x") };
    let message = refused(&[file("a", ""), entry]);
    assert!(
        message.starts_with(r#"entry "good.py" is damaged: invalid Zip archive: header inconsistency"#),
        "{message}"
    );
}

#[test]
fn damaged_content() {
    let good = file("f", "content");
    for bad in [
        Entry { crc: good.crc ^ 1, ..good.clone() },
        Entry { crc: good.crc ^ 1, ..good.clone().deflated() },
        Entry { stored: b"\xff\xff".to_vec(), ..good.clone().deflated() },
        Entry { declared_bytes: 6, ..good.clone().deflated() },
        Entry { declared_bytes: 8, ..good.clone().deflated() },
        Entry { declared_bytes: 6, ..good.clone() },
        Entry { declared_bytes: 8, ..good },
    ] {
        let message = refused(&[bad]);
        assert!(message.starts_with(r#"entry "f" is damaged"#), "{message}");
    }
}

#[test]
fn directory_with_content() {
    assert!(refused(&[Entry { mode: 0o040_755, ..file("d/", "x") }]).starts_with(r#"entry "d/" is damaged"#));
}

#[test]
fn entries_that_share_bytes() {
    let inner = file("inner", "content");
    let outer = file("outer", inner.local_record());
    let inside = outer.local_record().len() - outer.stored.len();
    let central = [outer.central_header(0), inner.central_header(inside as u64)].concat();
    let archive = sample::finish(outer.local_record(), &central, 2);
    assert_eq!(message(&check(&archive).unwrap_err()), r#"entries "outer" and "inner" share the same bytes"#);
}

#[test]
fn one_byte_more_than_the_unzipped_limit() {
    let limits = Limits { unzipped_bytes_max: 10, ..Limits::default() };
    let archive = |last| zip(&[file("a", "12345"), directory("d/"), link("l", "a"), file("z", last)]);
    let at_limit = check_zip(Cursor::new(archive("6789")), &limits).unwrap();
    assert_eq!((at_limit.entries, at_limit.unzipped_bytes), (4, 10));
    let refusal = check_zip(Cursor::new(archive("67890")), &limits).unwrap_err();
    assert_eq!(message(&refusal), r#"unzipped size must not exceed 10 bytes: entry "z" brings it to 11"#);
}

#[test]
fn aws_unzipped_limit_is_the_default() {
    assert_eq!(UNZIPPED_BYTES_MAX, 262_144_000);
    let entry = Entry { declared_bytes: UNZIPPED_BYTES_MAX + 1, ..file("big", "").deflated() };
    assert!(matches!(check(&zip(&[entry])), Err(ArchiveError::UnzippedTooLarge { .. })));
    let entry = Entry { declared_bytes: UNZIPPED_BYTES_MAX, ..file("big", "").deflated() };
    assert!(matches!(check(&zip(&[entry])), Err(ArchiveError::RatioTooHigh { .. })), "the next check has its turn");
}

#[test]
fn sizes_that_overflow_when_added() {
    let huge = Entry { declared_bytes: u64::MAX, zip64: true, ..file("huge", "") };
    let limits = Limits { unzipped_bytes_max: u64::MAX - 1, ..Limits::default() };
    let refusal = check_zip(Cursor::new(zip(&[file("a", "1"), huge])), &limits).unwrap_err();
    assert!(matches!(refusal, ArchiveError::UnzippedTooLarge { unzipped_bytes: u64::MAX, .. }), "{refusal}");
}

#[test]
fn bombs_by_ratio_but_no_small_ones() {
    let zeros = |mib: usize| zip(&[file("zeros", vec![0; mib << 20]).deflated()]);
    assert_eq!(check(&zeros(16)).unwrap().unzipped_bytes, 16 << 20);
    let bomb = zeros(17);
    let message = message(&check(&bomb).unwrap_err());
    let expected = format!(
        r#"an archive of {} bytes must not unpack to {}, more than 500 times as much (entry "zeros")"#,
        bomb.len(),
        17 << 20
    );
    assert_eq!(message, expected);
}

#[test]
fn one_entry_more_than_allowed() {
    let limits = Limits { entries_max: 2, ..Limits::default() };
    let entries = [file("a", ""), directory("b/"), file("b/c", "")];
    assert_eq!(check_zip(Cursor::new(zip(&entries[..2])), &limits).unwrap().entries, 2);
    let refusal = check_zip(Cursor::new(zip(&entries)), &limits).unwrap_err();
    assert_eq!(message(&refusal), "3 entries are too many: at most 2 are allowed");
    assert_eq!(Limits::default().entries_max, ENTRIES_MAX);
}

#[test]
fn failing_reader_is_not_the_archives_fault() {
    /// Fails on every read from `bad_from` on.
    struct Faulty {
        archive: Cursor<Vec<u8>>,
        bad_from: u64,
    }
    impl Read for Faulty {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let left = self.bad_from.saturating_sub(self.archive.position());
            if left == 0 {
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            (&mut self.archive).take(left).read(buf)
        }
    }
    impl Seek for Faulty {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.archive.seek(to)
        }
    }
    let archive = zip(&[file("a", "content"), file("b", vec![7; 100])]);
    for bad_from in 0..archive.len() as u64 {
        let reader = Faulty { archive: Cursor::new(archive.clone()), bad_from };
        let refusal = check_zip(reader, &Limits::default()).unwrap_err();
        assert!(matches!(refusal, ArchiveError::Read(_)), "{bad_from}: {refusal}");
    }
}
