//! Laws that hold for any tree and any damage.

use std::io::Cursor;

use fakecloud_artifacts::{Limits, Sha256Digest, check_zip, write_layer_tar};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::{self, Children, Node};
use crate::sample::zip;

/// Few names, so that paths of different layers meet; `-` and `0` sort around `/`.
fn path() -> impl Strategy<Value = String> {
    vec(prop::sample::select(vec!["a", "b", "a-", "a0"]), 1..4).prop_map(|parts| parts.join("/"))
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        3 => (0_u32..=0o777, vec(any::<u8>(), 0..40)).prop_map(|(mode, content)| Node::File(mode, content)),
        2 => (0_u32..=0o777).prop_map(|mode| Node::Directory(Some(mode | 0o700), Children::new())),
        1 => prop::sample::select(vec!["x", "./x/y", "x/../z"]).prop_map(|target| Node::Link(target.to_owned())),
    ]
}

/// The entries of one archive, free of contradictions, in any order.
fn entries() -> impl Strategy<Value = Vec<(String, Node)>> {
    let tree = vec((path(), node()), 1..12).prop_map(|puts| {
        let mut tree = Children::new();
        puts.into_iter().for_each(|(path, node)| model::put(&mut tree, &path, node));
        model::flatten(&tree)
    });
    tree.prop_shuffle()
}

fn archive(entries: &[(String, Node)]) -> Vec<u8> {
    zip(&entries.iter().map(|(path, node)| model::entry(path, node)).collect::<Vec<_>>())
}

fn tar(archives: &[Vec<u8>]) -> Vec<u8> {
    let mut layers: Vec<_> = archives.iter().map(Cursor::new).collect();
    let mut tar = Vec::new();
    let summary = write_layer_tar(&mut layers, &Limits::default(), &mut tar).unwrap();
    assert_eq!((summary.digest, summary.tar_bytes), (Sha256Digest::of(&tar), tar.len() as u64));
    tar
}

proptest! {
    #[test]
    fn any_consistent_tree_is_accepted(entries in entries()) {
        let summary = check_zip(Cursor::new(archive(&entries)), &Limits::default()).unwrap();
        prop_assert_eq!(summary.entries, entries.len() as u64);
    }

    #[test]
    fn merging_equals_unpacking_one_after_the_other(layers in vec(entries(), 1..5)) {
        let mut expected = Children::new();
        for (path, node) in layers.iter().flatten() {
            model::put(&mut expected, path, node.clone());
        }
        let mut expected = model::flatten(&expected);
        expected.sort_by(|(one, _), (other, _)| one.cmp(other));
        let archives: Vec<_> = layers.iter().map(|entries| archive(entries)).collect();
        prop_assert_eq!(model::untar(&tar(&archives)), expected);
    }

    #[test]
    fn order_inside_an_archive_does_not_matter(entries in entries()) {
        let mut sorted = entries.clone();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        prop_assert_eq!(tar(&[archive(&entries)]), tar(&[archive(&sorted)]));
    }

    #[test]
    fn damage_never_panics_and_what_passes_can_be_merged(
        entries in entries(),
        hits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut damaged = archive(&entries);
        for (place, byte) in hits {
            let place = place.index(damaged.len());
            damaged[place] = byte;
        }
        if check_zip(Cursor::new(&damaged), &Limits::default()).is_ok() {
            tar(&[damaged]);
        }
    }
}
