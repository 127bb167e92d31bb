//! What an upstream has let requests in with, for as long as it does.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use serde::Deserialize;

/// What a token is good for if its issuer does not say: <https://distribution.github.io/distribution/spec/auth/token/>.
const EXPIRES_IN_SECONDS: u64 = 60;

/// A token is not used in the last seconds of its life, so that it does not expire on its way.
const MARGIN: Duration = Duration::from_secs(10);

/// How long an issuer's word is believed, and an upstream's that takes a user and password.
const LIFE_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// The most that are kept. Clients may ask for any number of repositories, and some issuers have a token for each, be it
/// there or not; a token is a few kilobytes long.
const KEPT_MAX: usize = 1_000;

/// The values of `Authorization` for each repository of each upstream.
#[derive(Default)]
pub(super) struct Authorizations(Mutex<BTreeMap<(String, String), Authorization>>);

/// A value of `Authorization`.
#[derive(Clone)]
pub(super) struct Authorization {
    value: HeaderValue,
    expires: Instant,
}

/// The answer of a token endpoint. Of the two names some use one, some the other.
#[derive(Deserialize)]
struct Issued {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

// === impl Authorizations ===

impl Authorizations {
    pub(super) fn get(&self, now: Instant, upstream: &str, repository: &str) -> Option<HeaderValue> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.get(&(upstream.to_owned(), repository.to_owned()))?;
        found.is_good(now).then(|| found.value.clone())
    }

    /// Keeps one, and forgets those that have expired; of too many the one that expires first.
    pub(super) fn put(&self, now: Instant, upstream: &str, repository: &str, authorization: Authorization) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, authorization| authorization.is_good(now));
        if all.len() >= KEPT_MAX {
            let first = all.iter().min_by_key(|(_, authorization)| authorization.expires);
            let first = first.map(|(repository, _)| repository.clone());
            first.and_then(|repository| all.remove(&repository));
        }
        all.insert((upstream.to_owned(), repository.to_owned()), authorization);
    }
}

// === impl Authorization ===

impl Authorization {
    /// One by user and password.
    pub(super) fn basic(now: Instant, value: HeaderValue) -> Self {
        Self { value, expires: now + LIFE_MAX }
    }

    /// One by a token, read from its issuer's answer.
    pub(super) fn issued(now: Instant, answer: &[u8]) -> Result<Self, String> {
        let issued: Issued = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        let token = [issued.token, issued.access_token].into_iter().flatten().find(|token| !token.is_empty());
        let token = token.ok_or("it has neither 'token' nor 'access_token'")?;
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| "its token is no header value")?;
        value.set_sensitive(true);
        let life = Duration::from_secs(issued.expires_in.unwrap_or(EXPIRES_IN_SECONDS)).min(LIFE_MAX);
        Ok(Self { value, expires: now + life.saturating_sub(MARGIN) })
    }

    pub(super) fn value(&self) -> &HeaderValue {
        &self.value
    }

    fn is_good(&self, now: Instant) -> bool {
        now < self.expires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_used_until_shortly_before_it_expires() {
        let (now, all) = (Instant::now(), Authorizations::default());
        let good_for = |answer: &str| {
            all.put(now, "hub", "a", Authorization::issued(now, answer.as_bytes()).unwrap());
            let is_good = |seconds| all.get(now + Duration::from_secs(seconds), "hub", "a").is_some();
            (0..100_000).find(|seconds| !is_good(*seconds)).unwrap()
        };
        assert_eq!(good_for(r#"{"token":"t","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"}"#), 290);
        assert_eq!(good_for(r#"{"access_token":"t"}"#), 50);
        assert_eq!(good_for(r#"{"token":"t","expires_in":5}"#), 0, "it serves the request it was asked for alone");
        assert_eq!(good_for(r#"{"token":"t","expires_in":18446744073709551615}"#), 12 * 60 * 60 - 10);
    }

    #[test]
    fn token_belongs_to_one_repository_of_one_upstream() {
        let (now, all) = (Instant::now(), Authorizations::default());
        let token = Authorization::issued(now, br#"{"token":"","access_token":"t"}"#).unwrap();
        all.put(now, "hub", "a", token);
        assert_eq!(all.get(now, "hub", "a").unwrap(), "Bearer t");
        assert!(all.get(now, "hub", "b").is_none() && all.get(now, "quay", "a").is_none());
        let later = now + LIFE_MAX;
        all.put(later, "hub", "b", Authorization::basic(later, HeaderValue::from_static("Basic x")));
        assert_eq!(all.0.lock().unwrap().len(), 1, "what has expired is forgotten");
        assert!(all.get(later + LIFE_MAX - Duration::from_secs(1), "hub", "b").is_some());
        assert!(all.get(later + LIFE_MAX, "hub", "b").is_none(), "a password is proved anew now and then");
    }

    #[test]
    fn of_too_many_tokens_the_one_that_expires_first_is_forgotten() {
        let (now, all) = (Instant::now(), Authorizations::default());
        for number in 0..=KEPT_MAX as u64 {
            let token = Authorization::basic(now + Duration::from_secs(number), HeaderValue::from_static("Basic x"));
            all.put(now, "hub", &number.to_string(), token);
        }
        assert_eq!(all.0.lock().unwrap().len(), KEPT_MAX);
        assert!(all.get(now, "hub", "0").is_none() && all.get(now, "hub", "1").is_some());
    }

    #[test]
    fn bad_answers_of_a_token_endpoint_are_told() {
        let cases =
            [("<html>", "expected value"), ("{}", "neither 'token' nor"), (r#"{"token":"a\nb"}"#, "no header value")];
        for (answer, wanted) in cases {
            let error = Authorization::issued(Instant::now(), answer.as_bytes()).err().unwrap();
            assert!(error.contains(wanted), "{answer}: {error}");
        }
    }
}
