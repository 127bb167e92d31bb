//! Lists that are given in pages: those of tags and of repositories.

use http::HeaderValue;

use crate::distribution::call::Call;
use crate::distribution::error::{Error, ErrorCode};

/// How many a page has at most, and after which one it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<'a> {
    pub(super) count: Option<usize>,
    pub(super) after: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// Reads `n` and `last` of the query.
    pub(super) fn of(call: &'a Call) -> Result<Self, Error> {
        let after = call.parameter("last").filter(|last| !last.is_empty());
        let count = call.parameter("n").map(|count| {
            let message = || format!("invalid n {count:?}: expected how many a page may have");
            count.parse().map_err(|_| Error::new(ErrorCode::PaginationNumberInvalid, message()))
        });
        Ok(Self { count: count.transpose()?, after })
    }

    /// The part of a sorted list, and whether more comes behind it.
    pub(super) fn cut<'b>(&self, names: impl Iterator<Item = &'b str>) -> (Vec<&'b str>, bool) {
        let mut rest = names.filter(|name| self.after.is_none_or(|after| *name > after));
        let page: Vec<&str> = rest.by_ref().take(self.count.unwrap_or(usize::MAX)).collect();
        let is_more = !page.is_empty() && rest.next().is_some();
        (page, is_more)
    }

    /// The `Link` to the page that follows the one which ends so.
    pub(super) fn link(&self, path: &str, last: &str) -> Option<HeaderValue> {
        let count = self.count?;
        let last: String = form_urlencoded::byte_serialize(last.as_bytes()).collect();
        HeaderValue::from_str(&format!("<{path}?n={count}&last={last}>; rel=\"next\"")).ok()
    }
}
