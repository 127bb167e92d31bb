//! Lists in pages: a token says after which item the next page begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::error::Error;

/// How many items a page has where the request does not say.
const DEFAULT: usize = 100;

/// Where a page begins and how long it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paging {
    next_token: Option<String>,
    max_results: Option<usize>,
}

impl Paging {
    /// Refuses a page of what is asked for by name, which has no pages.
    pub(super) fn refuse_beside(&self, names: &str) -> Result<(), Error> {
        let given = [("nextToken", self.next_token.is_some()), ("maxResults", self.max_results.is_some())];
        match given.into_iter().find(|(_, given)| *given) {
            Some((member, _)) => Err(Error::invalid(member, format_args!("cannot be used with '{names}'"))),
            None => Ok(()),
        }
    }

    /// The key after which the page begins.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for a token that no list has given.
    pub(super) fn after(&self) -> Result<Option<String>, Error> {
        self.next_token.as_deref().filter(|token| !token.is_empty()).map(decode).transpose()
    }

    /// Takes one page of items that are in the order of their keys; the second value is the token of the next page.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for a token that no list has given.
    pub(super) fn take<T>(&self, items: impl Iterator<Item = (String, T)>) -> Result<(Vec<T>, Option<String>), Error> {
        let after = self.after()?;
        let len = self.max_results.unwrap_or(DEFAULT);
        let mut items = items.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
        let (mut page, mut last) = (Vec::new(), None);
        while page.len() < len
            && let Some((key, item)) = items.next()
        {
            page.push(item);
            last = Some(key);
        }
        let more = items.peek().is_some();
        Ok((page, last.filter(|_| more).map(|key| URL_SAFE_NO_PAD.encode(key))))
    }
}

fn decode(token: &str) -> Result<String, Error> {
    let key = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| Error::invalid("nextToken", format_args!("'{token}' is no nextToken of this list")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> impl Iterator<Item = (String, char)> {
        ('a'..='e').map(|item| (item.to_string(), item))
    }

    #[test]
    fn pages_hold_every_item_once() {
        for (size, pages) in [(1, 5), (2, 3), (5, 1), (1000, 1)] {
            let mut paging = Paging { next_token: None, max_results: Some(size) };
            let (mut seen, mut count) = (Vec::new(), 0);
            loop {
                let (page, next) = paging.take(items()).unwrap();
                assert!(page.len() <= size);
                seen.extend(page);
                count += 1;
                paging.next_token = next;
                if paging.next_token.is_none() {
                    break;
                }
            }
            assert_eq!((seen, count), (('a'..='e').collect(), pages), "pages of {size}");
        }
    }

    #[test]
    fn tokens_outlive_the_item_they_name() {
        let paging = Paging { next_token: Some(URL_SAFE_NO_PAD.encode("b")), max_results: None };
        let (page, next) = paging.take(items().filter(|(_, item)| *item != 'b')).unwrap();
        assert_eq!((page, next), (vec!['c', 'd', 'e'], None));
    }

    #[test]
    fn strange_tokens_are_refused_with_their_text() {
        let paging = Paging { next_token: Some("a%b".to_owned()), max_results: None };
        assert!(paging.take(items()).unwrap_err().message().contains("'a%b' is no nextToken"));
    }
}
