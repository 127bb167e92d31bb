//! What is stored and found again.

use fakecloud_durable::LimitReached;
use zip::write::SimpleFileOptions;

use super::*;

pub(super) fn zip_of(name: &str, content: &[u8]) -> Bytes {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner().into()
}

#[test]
fn zip_is_stored_once_under_its_digest() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    let zip = zip_of("app.py", b"x = 1");
    let first = blobs.put_zip(&zip).unwrap();
    assert_eq!(blobs.put_zip(&zip).unwrap(), first);
    assert_eq!((first.bytes, first.unzipped_bytes), (zip.len() as u64, 5));
    assert_eq!(std::fs::read(blobs.zip(&first.digest.hex())).unwrap(), zip);
    assert_eq!(std::fs::read_dir(dir.path().join("zips")).unwrap().count(), 1);
}

#[test]
fn zip_that_came_in_pieces_is_the_same_zip() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    let zip = zip_of("app.py", b"x = 1");
    let pieces = || zip.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece)));
    let first = blobs.receive_zip(pieces()).unwrap();
    assert_eq!(blobs.receive_zip(pieces()).unwrap(), first);
    assert_eq!(blobs.put_zip(&zip).unwrap(), first);
    assert_eq!(std::fs::read_dir(dir.path().join("zips")).unwrap().count(), 1);
}

#[test]
fn zip_that_does_not_come_whole_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    let zip = zip_of("app.py", b"x = 1");
    let cut = [Ok(zip.slice(..9)), Err(io::Error::other("cut"))];
    assert!(matches!(blobs.receive_zip(cut), Err(PutError::Source(_))));
    assert!(matches!(blobs.receive_zip([Ok(zip.slice(..9))]), Err(PutError::Archive(_))));
    let piece = Bytes::from(vec![0; 1 << 20]);
    assert!(matches!(blobs.receive_zip(std::iter::repeat_with(|| Ok(piece.clone()))), Err(PutError::TooLong)));
    assert_eq!(std::fs::read_dir(dir.path().join("zips")).unwrap().count(), 0);
}

#[test]
fn directory_in_use_is_refused_until_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let first = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    let refused = Blobs::open(Some(dir.path()), Limit::Percent(100)).map(drop).unwrap_err();
    assert!(refused.to_string().contains("another fakecloud is using it"), "{refused}");
    drop(first);
    Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
}

#[test]
fn refused_zip_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    assert!(matches!(blobs.put_zip(&Bytes::from_static(b"no zip")), Err(PutError::Archive(_))));
    assert_eq!(std::fs::read_dir(dir.path().join("zips")).unwrap().count(), 0);
}

#[test]
fn tars_of_layers_that_an_earlier_version_kept_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("layers")).unwrap();
    let tar = format!("layers/{}.tar", Sha256Digest::of(b"1\n2"));
    for name in [tar.as_str(), "layers/.tmpX1Y2Z3"] {
        std::fs::write(dir.path().join(name), b"old").unwrap();
    }
    drop(Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap());
    assert!(!dir.path().join("layers").exists());
}

#[test]
fn layers_that_the_operator_put_where_the_tars_were_stay() {
    let dir = tempfile::tempdir().unwrap();
    let zip = dir.path().join("layers/464622532012/Datadog-Extension.zip");
    std::fs::create_dir_all(zip.parent().unwrap()).unwrap();
    std::fs::write(&zip, b"a layer").unwrap();
    drop(Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap());
    assert!(zip.exists());
}

#[test]
fn unfinished_writes_of_a_killed_process_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    drop(Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap());
    std::fs::write(dir.path().join("zips/.tmpAbCdEf"), b"half").unwrap();
    drop(Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap());
    assert_eq!(std::fs::read_dir(dir.path().join("zips")).unwrap().count(), 0);
}

#[test]
fn what_is_over_the_limit_is_not_stored_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Bytes(60_000)).unwrap();
    blobs.put_zip(&zip_of("file", b"first")).unwrap();
    let large: String = (0..40_000_u32).map(|number| format!("{:x}", number.wrapping_mul(2_654_435_761))).collect();
    let large = zip_of("file", large.as_bytes());
    let pieces = large.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece)));
    for refused in [blobs.put_zip(&large), blobs.receive_zip(pieces)] {
        let reached = LimitReached::behind(&refused.unwrap_err()).unwrap().to_string();
        assert!(reached.contains("FAKECLOUD_DATA_LIMIT"), "{reached}");
    }
    assert_eq!(std::fs::read_dir(dir.path().join("zips")).unwrap().count(), 1);
}
