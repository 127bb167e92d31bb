//! What is swept away, and what is kept.

use fakecloud_artifacts::Sha256Digest;
use fakecloud_durable::Limit;

use super::super::tests::zip_of;
use super::*;

fn sweep(blobs: &Blobs, now: Instant, needed: &BTreeSet<PathBuf>) -> io::Result<usize> {
    blobs.sweep(now, || needed.clone(), Occasion::Regular)
}

#[test]
fn small_zip_of_a_process_that_keeps_nothing_is_in_memory_until_nothing_needs_it() {
    let blobs = Blobs::open(None, Limit::Percent(100)).unwrap();
    let (zip, other) = (zip_of("v", b"1"), zip_of("v", b"2"));
    let [path, other_path] = [&zip, &other].map(|zip| blobs.zip(&Sha256Digest::of(zip).hex()));
    blobs.put_zip(&zip).unwrap();
    blobs.receive_zip([Ok(other.clone())]).unwrap();
    assert_eq!((blobs.in_memory(&path), path.exists()), (Some(zip.clone()), false));
    assert_eq!((blobs.in_memory(&other_path), other_path.exists()), (None, true));

    let (needed, start) = (BTreeSet::from([other_path]), Instant::now());
    assert_eq!(sweep(&blobs, start, &needed).unwrap(), 0);
    blobs.put_zip(&zip).unwrap();
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT, &needed).unwrap(), 0, "it was stored again");
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT * 2, &needed).unwrap(), 1);
    assert_eq!(blobs.in_memory(&path), None);
}

#[test]
fn file_is_deleted_once_nothing_has_needed_it_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    let path = blobs.zip(&blobs.put_zip(&zip_of("a", b"1")).unwrap().digest.hex());
    let (needed, start) = (BTreeSet::from([path.clone()]), Instant::now());
    assert_eq!(sweep(&blobs, start, &BTreeSet::new()).unwrap(), 0);
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT, &needed).unwrap(), 0, "it was needed again meanwhile");
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT, &BTreeSet::new()).unwrap(), 0);
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT * 2 - Duration::from_nanos(1), &BTreeSet::new()).unwrap(), 0);
    blobs.put_zip(&zip_of("a", b"1")).unwrap();
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT * 2, &BTreeSet::new()).unwrap(), 0, "it was stored again");
    assert_eq!(sweep(&blobs, start + UNNEEDED_KEPT * 3, &BTreeSet::new()).unwrap(), 1);
    assert!(!path.exists());
}

#[test]
fn without_room_all_goes_at_once_that_nothing_needs() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
    let zips = [zip_of("app.py", b"x = 1"), zip_of("app.py", b"x = 2")];
    let [needed, unneeded] = zips.each_ref().map(|zip| blobs.zip(&blobs.put_zip(zip).unwrap().digest.hex()));
    let (keep, now) = (BTreeSet::from([needed.clone()]), Instant::now());
    let without_room = || blobs.sweep(now, || keep.clone(), Occasion::NoRoom).unwrap();

    let call = blobs.put_zip(&zips[1]).unwrap();
    assert_eq!(without_room(), 0, "its call is under way");
    drop(call);
    let stored_meanwhile = || {
        drop(blobs.put_zip(&zips[1]).unwrap());
        BTreeSet::new()
    };
    blobs.sweep(now, stored_meanwhile, Occasion::NoRoom).unwrap();
    assert!(unneeded.exists(), "a record may name it that was made after those were read");
    drop(blobs.put_zip(&zips[0]).unwrap());
    assert_eq!(sweep(&blobs, now, &keep).unwrap(), 0, "there is room");
    assert_eq!(without_room(), 1);
    assert!(needed.exists() && !unneeded.exists());
}
