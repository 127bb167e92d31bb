//! How doc comments open: with their subject, or with a clause whose subject is still to come.

/// Words that open a clause. A comment that begins so says what it is about in its middle.
const CLAUSES: [&str; 11] = ["What", "Whether", "Where", "Which", "Who", "Whom", "Whose", "How", "That", "When", "If"];

/// The doc comments of a crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Openings {
    /// All of them.
    pub(super) comments: usize,
    /// The places of those that open with a clause, as `path:line`.
    pub(super) clauses: Vec<String>,
}

impl Openings {
    /// Counts those of a file.
    pub(super) fn read(&mut self, path: &str, text: &str) {
        let mut before = "";
        for (line, text) in text.lines().enumerate() {
            let text = text.trim_start();
            let mark = ["///", "//!"].into_iter().find(|mark| text.starts_with(mark)).unwrap_or_default();
            if !mark.is_empty() && mark != before {
                self.comments += 1;
                let first = text[mark.len()..].split_whitespace().next().unwrap_or_default();
                if CLAUSES.contains(&first) {
                    self.clauses.push(format!("{path}:{}", line + 1));
                }
            }
            before = mark;
        }
    }

    /// The share of those that open with a clause, in per cent, rounded up.
    pub(super) fn percent(&self) -> usize {
        (100 * self.clauses.len()).div_ceil(self.comments.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_word_of_each_comment_counts() {
        let mut openings = Openings::default();
        let text = "//! Reads files.\n\n/// What is read.\n/// Where it is.\nfn a() {}\n    /// Where it is.\n    //  What\n/// Whatever.\n";
        openings.read("a.rs", text);
        assert_eq!((openings.comments, openings.percent()), (4, 50));
        assert_eq!(openings.clauses, ["a.rs:3", "a.rs:6"]);
    }
}
