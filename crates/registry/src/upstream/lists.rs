//! Lists that only an upstream has: of a repository's tags, and of what refers to a manifest.

use http::header::{HeaderName, LINK};
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::Upstreams;
use super::client::Ask;
use super::error::{Problem, UpstreamError};
use super::source::Source;
use super::transport::read_all;
use crate::digest::Digest;

/// The specification has registries send longer ones in pages.
const REFERRERS_BYTES_MAX: usize = 4 << 20;

/// Docker Hub lists all tags of a repository at once if it is not asked for fewer.
const TAGS_BYTES_MAX: usize = 16 << 20;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Some of the tags of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagsPage {
    pub(crate) tags: Vec<String>,
    /// The query by which the next ones are to be had.
    pub(crate) next: Option<String>,
}

/// An index of what refers to a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferrersPage {
    pub(crate) subject: Digest,
    /// As it came.
    pub(crate) index: Vec<u8>,
    /// Which filters the upstream says that it has applied.
    pub(crate) filters: Option<HeaderValue>,
    /// The query by which the next ones are to be had.
    pub(crate) next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    /// Some say `null` where there are none.
    tags: Option<Vec<String>>,
}

impl Upstreams {
    /// What the upstream answers to `tags/list` with this query.
    pub(crate) async fn tags(&self, source: &Source, query: Option<&str>) -> Result<TagsPage, UpstreamError> {
        let ask = source.ask(Method::GET, with_query("tags/list", query));
        let (content, headers) = self.read_list(&ask, TAGS_BYTES_MAX).await?;
        let listed: Listed = read_json(&ask, &content)?;
        Ok(TagsPage { tags: listed.tags.unwrap_or_default(), next: next(&headers) })
    }

    /// What the upstream answers to `referrers` of a manifest with this query.
    pub(crate) async fn referrers(
        &self,
        source: &Source,
        subject: &Digest,
        query: Option<&str>,
    ) -> Result<ReferrersPage, UpstreamError> {
        let ask = source.ask(Method::GET, with_query(&format!("referrers/{subject}"), query));
        let (index, headers) = self.read_list(&ask, REFERRERS_BYTES_MAX).await?;
        read_json::<IgnoredAny>(&ask, &index)?;
        Ok(ReferrersPage {
            subject: *subject,
            index,
            filters: headers.get(FILTERS_APPLIED).cloned(),
            next: next(&headers),
        })
    }

    async fn read_list(&self, ask: &Ask<'_>, bytes_max: usize) -> Result<(Vec<u8>, HeaderMap), UpstreamError> {
        let mut answer = self.client.ask(ask).await?;
        let content = read_all(answer.body_mut(), bytes_max).await;
        let content = content.map_err(|error| ask.error(Problem::Broken(format!("list, {}: {error}", ask.words()))))?;
        Ok((content, answer.headers().clone()))
    }
}

fn with_query(path: &str, query: Option<&str>) -> String {
    query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

fn read_json<T: DeserializeOwned>(ask: &Ask<'_>, content: &[u8]) -> Result<T, UpstreamError> {
    let read = serde_json::from_slice(content);
    read.map_err(|error| ask.error(Problem::BadAnswer(format!("{} is no such list: {error}", ask.words()))))
}

/// The query of the link to the next page, `<url?query>; rel="next"`.
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).into_iter().filter_map(|link| link.to_str().ok());
    links.filter_map(|link| link.trim_start().strip_prefix('<')?.split_once('>')).find_map(|(url, parameters)| {
        let is_next = parameters.split(';').any(|it| matches!(it.trim(), r#"rel="next""# | "rel=next"));
        let (_, query) = url.split_once('?').filter(|_| is_next)?;
        Some(query.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_is_found_in_the_link() {
        let cases = [
            (r#"</v2/a/tags/list?n=2&last=b>; rel="next""#, Some("n=2&last=b")),
            (r#"<https://quay.io/v2/a/tags/list?next_page=gA%3D%3D>;rel=next"#, Some("next_page=gA%3D%3D")),
            (r#"</v2/a/tags/list?n=2>; rel="prev""#, None),
            (r#"</v2/a/tags/list>; rel="next""#, None),
            ("nonsense", None),
        ];
        for (link, wanted) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, HeaderValue::from_static(link));
            assert_eq!(next(&headers).as_deref(), wanted, "{link}");
        }
    }
}
