//! What documents link to and which files they name.

use super::files::Files;

/// Judges documents by the files there are.
pub(super) struct Links<'a> {
    files: &'a Files,
}

// === impl Links ===

impl<'a> Links<'a> {
    pub(super) fn new(files: &'a Files) -> Self {
        Self { files }
    }

    /// The links of a document, and the files it names in backticks, that lead nowhere.
    pub(super) fn broken(&self, document: &str) -> Vec<String> {
        let mut broken = Vec::new();
        let prose = prose(self.files.text(document));
        for target in prose.iter().flat_map(|line| targets(line)).filter(|target| !self.leads(document, target)) {
            broken.push(format!("{document}: the link {target}"));
        }
        for name in prose.iter().flat_map(|line| code(line)).filter(|name| !self.names(name)) {
            broken.push(format!("{document}: the file {name}"));
        }
        broken
    }

    fn leads(&self, document: &str, target: &str) -> bool {
        if target.contains("://") || target.starts_with("mailto:") {
            return true;
        }
        let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
        let path = if path.is_empty() { document.to_owned() } else { resolve(document, path) };
        match anchor {
            Some(anchor) => self.files.has(&path) && headings(self.files.text(&path)).any(|it| it == anchor),
            None => self.files.has(&path) || self.files.has_dir(&path),
        }
    }

    /// Whether what stands in backticks is no path of this repository, or one that exists.
    fn names(&self, code: &str) -> bool {
        let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.' | '/');
        if !code.chars().all(plain) {
            return true;
        }
        let path = code.trim_end_matches('/');
        let is_ours = path.split_once('/').is_some_and(|(top, _)| self.files.has_dir(top));
        let tail = format!("/{path}");
        let is_tail = || self.files.paths().any(|it| it.ends_with(&tail));
        (!is_ours && !path.ends_with(".rs")) || self.files.has(path) || self.files.has_dir(path) || is_tail()
    }
}

/// The lines outside of fenced blocks.
fn prose(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let outside = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    };
    text.lines().filter(outside).collect()
}

/// Every `target` of `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// Everything between backticks.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// A path relative to a document, from the root.
fn resolve(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The anchors that GitHub gives a document's headings.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text).into_iter().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Files, Links};

    fn broken(text: &str) -> Vec<String> {
        let files = Files::of(&[
            ("docs/a.md", text),
            ("docs/b.md", "# Run it, now\n```sh\n# no heading\n```\n"),
            ("crates/pool/src/pool.rs", ""),
        ]);
        Links::new(&files).broken("docs/a.md")
    }

    #[test]
    fn links_are_relative_to_the_document() {
        assert!(broken("[b](b.md), [c](../crates/pool/), [d](./b.md) and [e](https://example.com/x)").is_empty());
        assert_eq!(
            broken("[b](c.md), [c](crates/pool)"),
            ["docs/a.md: the link c.md", "docs/a.md: the link crates/pool"]
        );
    }

    #[test]
    fn anchors_are_headings() {
        assert!(broken("# Top\n[b](b.md#run-it-now) [a](#top)").is_empty());
        assert_eq!(broken("[b](b.md#no-heading)"), ["docs/a.md: the link b.md#no-heading"]);
    }

    #[test]
    fn named_files_exist() {
        assert!(broken("`pool.rs`, `pool/src/pool.rs`, `crates/pool`, `crates/<name>/x.rs`, `other/file`").is_empty());
        assert_eq!(
            broken("`pond.rs` and `crates/pond`"),
            ["docs/a.md: the file pond.rs", "docs/a.md: the file crates/pond"]
        );
    }

    #[test]
    fn blocks_of_code_are_no_links() {
        assert!(broken("```md\n[b](nowhere.md) `nowhere.rs`\n```").is_empty());
    }
}
