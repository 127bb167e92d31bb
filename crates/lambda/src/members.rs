//! A few members of a JSON object that may be long and of any form. What is not asked for leaves no trace in memory.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The JSON texts of the members with these names, as they came, of the object that this is; `None` where it is none.
/// Of several members with one name the last counts.
pub(crate) fn members<'j, const N: usize>(json: &'j [u8], names: [&str; N]) -> Option<[Option<&'j str>; N]> {
    let mut found = [None; N];
    for_each(json, |name, value| {
        if let Some(place) = names.iter().position(|known| *known == name) {
            found[place] = Some(value);
        }
        true
    })
    .then_some(found)
}

/// Tells whether this is an object whose members, each a name and a JSON text, were all taken.
pub(crate) fn for_each<'j>(json: &'j [u8], take: impl FnMut(&str, &'j str) -> bool) -> bool {
    // The reader does not look into the texts that it skips.
    let Ok(text) = std::str::from_utf8(json) else { return false };
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Members(take)).is_ok() && reader.end().is_ok()
}

/// Tells whether this is a list whose elements, each a JSON text, were all taken.
pub(crate) fn for_each_element<'j>(json: &'j str, take: impl FnMut(&'j str) -> bool) -> bool {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_seq(Elements(take)).is_ok() && reader.end().is_ok()
}

/// The text that a JSON string stands for; `None` where this is no string.
pub(crate) fn string(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Tells whether this is JSON of any form.
pub(crate) fn is_json(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

struct Members<F>(F);

struct Elements<F>(F);

fn refused<E: serde::de::Error>() -> E {
    E::custom("one more than is taken")
}

impl<'j, F: FnMut(&str, &'j str) -> bool> Visitor<'j> for Members<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(mut self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key_seed(Name)? {
            let value: &RawValue = object.next_value()?;
            if !(self.0)(&name, value.get()) {
                return Err(refused());
            }
        }
        Ok(())
    }
}

impl<'j, F: FnMut(&'j str) -> bool> Visitor<'j> for Elements<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: serde::de::SeqAccess<'j>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<&RawValue>()? {
            if !(self.0)(element.get()) {
                return Err(refused());
            }
        }
        Ok(())
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name;

impl<'j> DeserializeSeed<'j> for Name {
    type Value = Cow<'j, str>;

    fn deserialize<D: Deserializer<'j>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'j> Visitor<'j> for Name {
    type Value = Cow<'j, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'j str) -> Result<Self::Value, E> {
        Ok(name.into())
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(name.to_owned().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_their_names_and_the_last_counts() {
        let found = |json: &'static str| members(json.as_bytes(), ["a", "b"]);
        assert_eq!(found(r#" {"a":1, "\u0061" : {"a":2} ,"c":[]} "#), Some([Some(r#"{"a":2}"#), None]));
        assert_eq!(found(r#"{"b":null}"#), Some([None, Some("null")]));
        assert_eq!(found("{}"), Some([None, None]));
        for other in ["", "1", "[1,2]", "null", r#""a""#, r#"{"a":1"#, r#"{"a":1} x"#, r#"{"a":}"#] {
            assert_eq!(found(other), None, "{other}");
        }
        assert_eq!(members(b"{\"c\":\"\xff\"}", ["a"]), None);
    }

    #[test]
    fn elements_are_taken_until_one_is_refused() {
        let taken = |json: &'static str, most: usize| {
            let mut taken = Vec::new();
            let all = for_each_element(json, |element| {
                taken.push(element);
                taken.len() <= most
            });
            (all, taken.len())
        };
        assert_eq!(taken(r#"[1, [2], "3"]"#, 3), (true, 3));
        assert_eq!(taken(r#"[1, [2], "3"]"#, 1), (false, 2));
        assert_eq!(taken("{}", 9), (false, 0));
    }
}
