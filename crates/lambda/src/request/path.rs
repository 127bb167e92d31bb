//! Places of values in a request's members, as AWS's messages name them.

use std::fmt;

/// The place of a value. It is spelled only for what is wrong there.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Member(&'a Self, &'static str),
    /// One of a list, counted from 1.
    Element(&'a Self, usize),
}

/// AWS's paths are the members' names with a lower-case first letter, joined by dots.
impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(parent, name) => {
                if !matches!(parent, Self::Root) {
                    write!(formatter, "{parent}.")?;
                }
                let (first, rest) = name.split_at(1);
                write!(formatter, "{}{rest}", first.to_ascii_lowercase())
            }
            Self::Element(list, number) => write!(formatter, "{list}.{number}.member"),
        }
    }
}
