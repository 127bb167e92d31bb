//! Lists in pages: a marker says after which item the next page begins.

use std::{collections::BTreeMap, ops::Bound};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::Error;

/// The most items that AWS puts on a page, whatever MaxItems says.
const MAX_PAGE: usize = 50;

/// The beginning and the length of a page.
pub(crate) struct Page {
    after: Option<String>,
    len: usize,
}

impl Page {
    /// Reads the Marker and MaxItems of a request.
    ///
    /// # Errors
    ///
    /// A marker that no list has given.
    pub(crate) fn new(marker: Option<&str>, max_items: Option<i64>) -> Result<Self, Error> {
        let len = max_items.and_then(|max| usize::try_from(max).ok()).map_or(MAX_PAGE, |max| max.min(MAX_PAGE));
        let after = match marker {
            Some(marker) if !marker.is_empty() => Some(decode(marker)?),
            _ => None,
        };
        Ok(Self { after, len })
    }

    /// The place in a map where the page begins, if the keys of the map are the keys of the list.
    pub(crate) fn range<'m, V>(&self, map: &'m BTreeMap<String, V>) -> impl Iterator<Item = (&'m String, &'m V)> {
        let start = match &self.after {
            Some(after) => Bound::Excluded(after.as_str()),
            None => Bound::Unbounded,
        };
        map.range::<str, _>((start, Bound::Unbounded))
    }

    /// The key of the item before this page.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Takes one page off the items that follow the marker, each with its key; the second value is the next marker.
    pub(crate) fn take<T>(&self, items: impl Iterator<Item = (String, T)>) -> (Vec<T>, Option<String>) {
        let mut items = items.peekable();
        let mut page = Vec::new();
        let mut last = None;
        while page.len() < self.len
            && let Some((key, item)) = items.next()
        {
            page.push(item);
            last = Some(key);
        }
        let more = items.peek().is_some();
        (page, last.filter(|_| more).map(|key| URL_SAFE_NO_PAD.encode(key)))
    }
}

fn decode(marker: &str) -> Result<String, Error> {
    let key = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| {
        Error::invalid_parameter(format!("Invalid value for Marker: '{marker}' is no NextMarker of this list"))
    })
}
