//! A tree of entries without contradictions: what unpacking an archive, or layers of them, yields.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::ArchiveError;
use crate::name::{EntryName, EntryPath, PATH_BYTES_MAX};

/// Parts that a link's target may lead through, the targets of links on the way included.
///
/// Linux gives up after 40 links; this bounds the work as well.
const LINK_STEPS_MAX: usize = 1_000;

/// Paths in byte order, so a directory precedes what it holds. Directories may be implied.
#[derive(Debug)]
pub(crate) struct Tree<F> {
    nodes: BTreeMap<EntryPath, Node<F>>,
}

/// What is at a path. `F` is how to find a file's content.
#[derive(Debug)]
pub(crate) enum Node<F> {
    Directory { mode: u32 },
    File { mode: u32, content: F },
    Link { target: Box<[u8]> },
}

// === impl Tree ===

impl<F> Tree<F> {
    pub(crate) fn new() -> Self {
        Self { nodes: BTreeMap::new() }
    }

    /// Adds an entry of the same archive. A directory may be listed again: the last mode holds.
    pub(crate) fn insert(&mut self, path: EntryPath, node: Node<F>) -> Result<(), ArchiveError> {
        let is_directory = node.is_directory();
        let entry = EntryName::from(&path);
        match self.nodes.insert(path, node) {
            None => Ok(()),
            Some(Node::Directory { .. }) if is_directory => Ok(()),
            Some(_) => Err(ArchiveError::Duplicate { entry }),
        }
    }

    /// Adds an entry of a later layer, which replaces whatever is in its way: a file or link above it,
    /// and everything at and below its path, unless both are directories.
    pub(crate) fn overlay(&mut self, path: EntryPath, node: Node<F>) {
        for ancestor in path.ancestors() {
            if self.nodes.get(ancestor).is_some_and(|node| !node.is_directory()) {
                self.nodes.remove(ancestor);
            }
        }
        if !node.is_directory() {
            while let Some(below) = self.first_below(&path) {
                let below = below.clone();
                self.nodes.remove(&below);
            }
        }
        self.nodes.insert(path, node);
    }

    /// Refuses entries that lie below a file or a link: unpacking them would fail, or write elsewhere.
    pub(crate) fn check_ancestors(&self) -> Result<(), ArchiveError> {
        for (path, _) in self.nodes.iter().filter(|(_, node)| !node.is_directory()) {
            if let Some(below) = self.first_below(path) {
                return Err(ArchiveError::BelowNonDirectory { entry: below.into(), ancestor: path.into() });
            }
        }
        Ok(())
    }

    /// Refuses links that lead above the root, be it through other links.
    pub(crate) fn check_links(&self) -> Result<(), ArchiveError> {
        for (path, node) in &self.nodes {
            if let Node::Link { target } = node {
                self.check_link(path, target)?;
            }
        }
        Ok(())
    }

    fn check_link(&self, path: &EntryPath, target: &[u8]) -> Result<(), ArchiveError> {
        let leaves = || ArchiveError::LinkLeavesTree { entry: path.into(), target: target.into() };
        let unresolvable = || ArchiveError::UnresolvableLink { entry: path.into(), target: target.into() };
        if target.is_empty() || target.len() > PATH_BYTES_MAX || target.contains(&0) {
            return Err(unresolvable());
        }
        if target.starts_with(b"/") {
            return Err(leaves());
        }
        let mut here = path.parent().to_vec();
        let mut ahead = parts_reversed(target);
        for _ in 0..LINK_STEPS_MAX {
            let Some(part) = ahead.pop() else { return Ok(()) };
            match part {
                b"" | b"." => {}
                b".." if here.is_empty() => return Err(leaves()),
                b".." => go_up(&mut here),
                _ => {
                    go_down(&mut here, part);
                    if let Some(Node::Link { target }) = self.nodes.get(here.as_slice()) {
                        go_up(&mut here);
                        ahead.extend(parts_reversed(target));
                    }
                }
            }
        }
        if ahead.is_empty() { Ok(()) } else { Err(unresolvable()) }
    }

    /// The first path below `path`, if it were a directory. Paths below one sort without a gap.
    fn first_below(&self, path: &EntryPath) -> Option<&EntryPath> {
        let prefix = [path.as_bytes(), b"/"].concat();
        let from_prefix = (Bound::Included(prefix.as_slice()), Bound::Unbounded);
        let (first, _) = self.nodes.range::<[u8], _>(from_prefix).next()?;
        first.as_bytes().starts_with(&prefix).then_some(first)
    }
}

impl<F> IntoIterator for Tree<F> {
    type Item = (EntryPath, Node<F>);
    type IntoIter = std::collections::btree_map::IntoIter<EntryPath, Node<F>>;

    fn into_iter(self) -> Self::IntoIter {
        self.nodes.into_iter()
    }
}

// === impl Node ===

impl<F> Node<F> {
    fn is_directory(&self) -> bool {
        matches!(self, Self::Directory { .. })
    }

    /// The same node, its content found by `find(content)`.
    pub(crate) fn map<G>(self, find: impl FnOnce(F) -> G) -> Node<G> {
        match self {
            Self::Directory { mode } => Node::Directory { mode },
            Self::File { mode, content } => Node::File { mode, content: find(content) },
            Self::Link { target } => Node::Link { target },
        }
    }
}

fn parts_reversed(target: &[u8]) -> Vec<&[u8]> {
    target.rsplit(|byte| *byte == b'/').collect()
}

fn go_up(here: &mut Vec<u8>) {
    let cut = here.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    here.truncate(cut);
}

fn go_down(here: &mut Vec<u8>, part: &[u8]) {
    if !here.is_empty() {
        here.push(b'/');
    }
    here.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORY: Node<()> = Node::Directory { mode: 0o755 };
    const FILE: Node<()> = Node::File { mode: 0o644, content: () };

    fn link(target: &str) -> Node<()> {
        Node::Link { target: target.as_bytes().into() }
    }

    fn path(text: &str) -> EntryPath {
        EntryPath::parse(text.as_bytes()).unwrap()
    }

    fn tree(nodes: impl IntoIterator<Item = (&'static str, Node<()>)>) -> Tree<()> {
        let mut tree = Tree::new();
        for (name, node) in nodes {
            tree.insert(path(name), node).unwrap();
        }
        tree
    }

    fn paths(tree: Tree<()>) -> Vec<String> {
        tree.into_iter().map(|(path, _)| String::from_utf8(path.as_bytes().to_vec()).unwrap()).collect()
    }

    #[test]
    fn file_replaces_a_directory_and_all_it_holds_but_no_neighbour() {
        let mut tree = tree([("a", DIRECTORY), ("a/x/y", FILE), ("a-b", FILE), ("a0", FILE), ("ab/c", FILE)]);
        tree.overlay(path("a"), FILE);
        assert_eq!(paths(tree), ["a", "a-b", "a0", "ab/c"]);
    }

    #[test]
    fn entry_replaces_the_file_or_link_above_it() {
        let mut tree = tree([("f", FILE), ("l", link("d")), ("d/x", FILE)]);
        tree.overlay(path("f/deep/er"), FILE);
        tree.overlay(path("l/x"), FILE);
        assert_eq!(paths(tree), ["d/x", "f/deep/er", "l/x"]);
    }

    #[test]
    fn directory_keeps_what_an_earlier_one_holds() {
        let mut tree = tree([("d", DIRECTORY), ("d/x", FILE)]);
        tree.overlay(path("d"), DIRECTORY);
        assert_eq!(paths(tree), ["d", "d/x"]);
    }

    #[test]
    fn links_inside_the_tree_pass() {
        let links = tree([
            ("lib64", link("lib")),
            ("node_modules/.bin/x", link("../x/bin.js")),
            ("to-root", link(".")),
            ("a/up", link("..")),
            ("dangling", link("not/there")),
            ("chain", link("lib64/../lib64/./so")),
        ]);
        links.check_links().unwrap();
    }

    #[test]
    fn links_that_leave_the_tree_are_refused_even_through_others() {
        for escape in [
            tree([("l", link("/etc"))]),
            tree([("l", link(".."))]),
            tree([("a/b/l", link("../../../x"))]),
            tree([("p/q/up", link("../..")), ("z", link("p/q/up/.."))]),
            tree([("here", link(".")), ("z", link("here/../x"))]),
        ] {
            let refusal = escape.check_links().unwrap_err();
            assert!(matches!(refusal, ArchiveError::LinkLeavesTree { .. }), "{refusal}");
        }
    }

    #[test]
    fn link_circles_are_refused() {
        for circle in [tree([("l", link("l"))]), tree([("a", link("b/x")), ("b", link("a"))])] {
            let refusal = circle.check_links().unwrap_err();
            assert!(matches!(refusal, ArchiveError::UnresolvableLink { .. }), "{refusal}");
        }
    }
}
