//! Lists in pages: a marker says after which item the next page begins.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{Error, ErrorCode, form::MARKER, given::Given};

/// How many items a page has when the caller does not say.
const ITEMS: u32 = 100;

/// The most that a caller may ask for.
const ITEMS_MAX: u32 = 1000;

/// Where a page begins and how long it is.
pub(crate) struct Page {
    after: Option<String>,
    len: usize,
}

/// How a list goes on.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rest {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Page {
    /// Takes Marker and MaxItems.
    ///
    /// # Errors
    ///
    /// A marker that no list has given, or anything wrong with the parameters taken so far.
    pub(crate) fn taken(given: &mut Given<'_>) -> Result<Self, Error> {
        let len = given.number("MaxItems", 1..=ITEMS_MAX).unwrap_or(ITEMS) as usize;
        let marker = given.optional("Marker", &MARKER);
        given.check()?;
        Ok(Self { after: marker.as_deref().map(decode).transpose()?, len })
    }

    /// The key that the page begins after, if it is not the first one.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// One item more than the page has room for: enough to tell whether the list goes on.
    pub(crate) fn more_than_len(&self) -> usize {
        self.len + 1
    }

    /// Takes one page off a list, whose items `key` puts in an order of their own.
    pub(crate) fn cut<T>(&self, items: impl Iterator<Item = T>, key: impl Fn(&T) -> String) -> (Vec<T>, Rest) {
        let items = items.map(|item| (key(&item), item));
        let items = items.filter(|(key, _)| self.after.as_ref().is_none_or(|after| key > after));
        let mut items: Vec<(String, T)> = items.collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        let is_truncated = items.len() > self.len;
        items.truncate(self.len);
        let last = items.last().filter(|_| is_truncated);
        let marker = last.map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
        (items.into_iter().map(|(_, item)| item).collect(), Rest { is_truncated, marker })
    }
}

fn decode(marker: &str) -> Result<String, Error> {
    let key = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| {
        Error::new(ErrorCode::ValidationError, format!("Invalid Marker: '{marker}' is none of this list"))
    })
}
