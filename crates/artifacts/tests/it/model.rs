//! What unpacking layers one after the other yields, as a nested tree instead of sorted paths.

use std::collections::BTreeMap;
use std::io::Read;

use crate::sample::{Entry, directory, file, link};

/// A directory's children by name.
pub(crate) type Children = BTreeMap<String, Node>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// The mode is `None` while the directory is only implied by what it holds.
    Directory(Option<u32>, Children),
    File(u32, Vec<u8>),
    Link(String),
}

/// Puts a node where it belongs, in place of anything in its way.
pub(crate) fn put(children: &mut Children, path: &str, node: Node) {
    let Some((first, rest)) = path.split_once('/') else {
        match (children.get_mut(path), node) {
            (Some(Node::Directory(mode, _)), Node::Directory(new_mode, _)) => *mode = new_mode.or(*mode),
            (_, node) => drop(children.insert(path.to_owned(), node)),
        }
        return;
    };
    let below = children.entry(first.to_owned()).or_insert(Node::File(0, Vec::new()));
    if !matches!(below, Node::Directory(..)) {
        *below = Node::Directory(None, Children::new());
    }
    if let Node::Directory(_, below) = below {
        put(below, rest, node);
    }
}

/// Every node with its path, implied directories left out.
pub(crate) fn flatten(children: &Children) -> Vec<(String, Node)> {
    let mut flat = Vec::new();
    for (name, node) in children {
        match node {
            Node::Directory(mode, below) => {
                if mode.is_some() {
                    flat.push((name.clone(), Node::Directory(*mode, Children::new())));
                }
                flat.extend(flatten(below).into_iter().map(|(path, node)| (format!("{name}/{path}"), node)));
            }
            leaf @ (Node::File(..) | Node::Link(_)) => flat.push((name.clone(), leaf.clone())),
        }
    }
    flat
}

/// The entry of a zip that unpacks to this node.
pub(crate) fn entry(path: &str, node: &Node) -> Entry {
    match node {
        Node::Directory(mode, _) => directory(format!("{path}/")).mode(mode.unwrap_or(0o755)),
        Node::File(mode, content) => file(path, content).mode(*mode).deflated(),
        Node::Link(target) => link(path, target),
    }
}

/// Reads a tar back, in its own order.
pub(crate) fn untar(tar: &[u8]) -> Vec<(String, Node)> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mode = entry.header().mode().unwrap();
        let kind = entry.header().entry_type();
        let node = if kind.is_dir() {
            Node::Directory(Some(mode), Children::new())
        } else if kind.is_symlink() {
            Node::Link(String::from_utf8(entry.link_name_bytes().unwrap().into()).unwrap())
        } else {
            assert!(kind.is_file(), "{path} is a {kind:?}");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            Node::File(mode, content)
        };
        (path.trim_end_matches('/').to_owned(), node)
    });
    entries.collect()
}
