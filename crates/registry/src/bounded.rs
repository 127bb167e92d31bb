//! Lists and maps of what clients send, with a most of elements: the smallest take many times the bytes that they are
//! written in.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A list of at most so many elements.
pub(crate) struct List<T, const MAX: usize>(pub(crate) Vec<T>);

/// Texts under texts, at most so many.
pub(crate) struct Texts<const MAX: usize>(pub(crate) BTreeMap<String, String>);

/// Reads a list of at most so many elements into a field.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MAX: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    List::<T, MAX>::deserialize(deserializer).map(|list| list.0)
}

struct ListVisitor<T, const MAX: usize>(PhantomData<T>);

struct TextsVisitor<const MAX: usize>;

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
    type Value = List<T, MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {MAX} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            if elements.len() == MAX {
                return Err(Error::invalid_length(MAX + 1, &self));
            }
            elements.push(element);
        }
        Ok(List(elements))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Texts<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextsVisitor)
    }
}

impl<'de, const MAX: usize> Visitor<'de> for TextsVisitor<MAX> {
    type Value = Texts<MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object of at most {MAX} texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((key, text)) = object.next_entry()? {
            texts.insert(key, text);
            if texts.len() > MAX {
                return Err(Error::invalid_length(texts.len(), &self));
            }
        }
        Ok(Texts(texts))
    }
}
