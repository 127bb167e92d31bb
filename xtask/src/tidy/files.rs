//! The files of the repository, by their paths from its root.

use std::collections::BTreeMap;
use std::path::Path;

use crate::paths;

/// Directories whose content nobody wrote.
const FOREIGN: [&str; 4] = [".git", "corpus", "node_modules", "target"];

/// Paths with `/`, and the contents of those that are UTF-8.
pub(super) struct Files {
    texts: BTreeMap<String, String>,
}

// === impl Files ===

impl Files {
    pub(super) fn of_repository() -> Self {
        let mut texts = BTreeMap::new();
        read(paths::repo(), "", &mut texts);
        assert!(texts.contains_key("Cargo.toml"), "{} is not the repository", paths::repo().display());
        Self { texts }
    }

    /// A repository that exists in memory only.
    pub(super) fn of(texts: &[(&str, &str)]) -> Self {
        Self { texts: texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    pub(super) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &str> {
        self.paths().filter(move |path| path.rsplit_once('.').is_some_and(|(_, it)| it == extension))
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.texts.contains_key(path)
    }

    pub(super) fn has_dir(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        self.texts.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    /// The content of one of `paths`; empty when it is not UTF-8.
    pub(super) fn text(&self, path: &str) -> &str {
        &self.texts[path]
    }
}

fn read(dir: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) {
    for entry in dir.read_dir().unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !FOREIGN.contains(&name.as_str()) {
            read(&entry.path(), &format!("{path}/"), texts);
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            texts.insert(path, String::from_utf8(bytes).unwrap_or_default());
        }
    }
}

#[test]
fn directories_are_known_by_what_they_hold() {
    let files = Files::of(&[("a.rs", ""), ("a/b.rs", ""), ("ab/c.md", "")]);
    assert!(files.has_dir("a") && files.has_dir("ab") && !files.has_dir("a/b.rs") && !files.has_dir("b"));
    assert_eq!(files.with_extension("rs").collect::<Vec<_>>(), ["a.rs", "a/b.rs"]);
}
