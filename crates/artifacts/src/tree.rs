//! A tree of entries without contradictions: what unpacking an archive, or layers of them, yields.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::ArchiveError;
use crate::name::EntryPath;

/// Paths in byte order, so a directory precedes what it holds. Directories may be implied.
#[derive(Debug)]
pub(crate) struct Tree<F> {
    nodes: BTreeMap<EntryPath, Node<F>>,
}

/// The entry at a path. `F` says where a file's content or a link's target is found.
#[derive(Debug)]
pub(crate) enum Node<F> {
    Directory { mode: u32 },
    File { mode: u32, content: F },
    Link { target: F },
}

// === impl Tree ===

impl<F> Tree<F> {
    pub(crate) fn new() -> Self {
        Self { nodes: BTreeMap::new() }
    }

    /// Adds an entry of the same archive. Of two with the same path the later one holds.
    pub(crate) fn insert(&mut self, path: EntryPath, node: Node<F>) {
        self.nodes.insert(path, node);
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

    /// Turns the `F` of a file or link into another one, by `find`.
    pub(crate) fn map<G>(self, find: impl FnOnce(F) -> G) -> Node<G> {
        match self {
            Self::Directory { mode } => Node::Directory { mode },
            Self::File { mode, content } => Node::File { mode, content: find(content) },
            Self::Link { target } => Node::Link { target: find(target) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORY: Node<()> = Node::Directory { mode: 0o755 };
    const FILE: Node<()> = Node::File { mode: 0o644, content: () };
    const LINK: Node<()> = Node::Link { target: () };

    fn path(text: &str) -> EntryPath {
        EntryPath::parse(text.as_bytes()).unwrap()
    }

    fn tree(nodes: impl IntoIterator<Item = (&'static str, Node<()>)>) -> Tree<()> {
        let mut tree = Tree::new();
        for (name, node) in nodes {
            tree.insert(path(name), node);
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
        let mut tree = tree([("f", FILE), ("l", LINK), ("d/x", FILE)]);
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
}
