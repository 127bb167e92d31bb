//! Requests to upstreams: authorized as they ask for it, redirected where they say, tried again where that may help.

use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use tokio::time::sleep;
use tracing::debug;

use super::challenge::Challenge;
use super::error::{Problem, UpstreamError};
use super::setting::Upstream;
use super::token::{Authorization, Authorizations};
use super::transport::{Transport, TransportError, read_all};

/// Pauses before further attempts, where a connection was cut or the upstream says that the fault is its own.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// Registries redirect once, to where their blobs lie.
const REDIRECTS_MAX: usize = 5;

/// More than any token with its wrapping, and any registry's errors.
const SMALL_BYTES_MAX: usize = 64 * 1024;

/// What is asked of a repository of an upstream.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) upstream: &'a Upstream,
    /// The name that the repository has there.
    pub(super) repository: &'a str,
    pub(super) method: Method,
    /// Such as `manifests/latest`.
    pub(super) resource: String,
    pub(super) headers: HeaderMap,
}

/// One for all upstreams.
pub(super) struct Client {
    transport: Transport,
    authorizations: Authorizations,
}

/// The errors of a registry's answer, of which the first is told.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    code: Option<String>,
    message: Option<String>,
}

// === impl Client ===

impl Client {
    pub(super) fn new() -> Self {
        Self { transport: Transport::new(), authorizations: Authorizations::default() }
    }

    /// A successful answer, with its body yet to come.
    pub(super) async fn ask(&self, ask: &Ask<'_>) -> Result<Response<Incoming>, UpstreamError> {
        let mut pauses = RETRY_PAUSES.into_iter();
        loop {
            let (problem, may_help) = match self.authorized(ask).await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => (problem(ask, response).await, false),
                Err(failed) => failed,
            };
            let Some(pause) = pauses.next().filter(|_| may_help) else { return Err(ask.error(problem)) };
            debug!(upstream = %ask.upstream, asked = ask.words(), %problem, "asking again");
            sleep(pause).await;
        }
    }

    /// One attempt, with the token that is there, or else one that is fetched for it.
    async fn authorized(&self, ask: &Ask<'_>) -> Result<Response<Incoming>, (Problem, bool)> {
        let known = self.authorizations.get(Instant::now(), ask.upstream.prefix(), ask.repository);
        let response = self.follow(ask, known.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return check(response);
        }
        let Some(challenge) = Challenge::of(response.headers()) else { return check(response) };
        let Some(authorization) = self.authorize(ask, &challenge).await? else { return check(response) };
        let again = self.follow(ask, Some(authorization.value())).await?;
        if again.status() != StatusCode::UNAUTHORIZED {
            self.authorizations.put(Instant::now(), ask.upstream.prefix(), ask.repository, authorization);
        }
        check(again)
    }

    /// What a challenge demands; `None` if that is a user and none is configured.
    async fn authorize(&self, ask: &Ask<'_>, challenge: &Challenge) -> Result<Option<Authorization>, (Problem, bool)> {
        let basic = ask.upstream.basic();
        let Challenge::Bearer { realm, service, scope } = challenge else {
            return Ok(basic.map(|basic| Authorization::basic(Instant::now(), basic)));
        };
        let mut headers = HeaderMap::new();
        if let Some(basic) = basic {
            if realm.scheme() != "https" && !ask.upstream.is_plain() {
                let told = format!("its tokens are to be had at {realm}, where the password could be read on the way");
                return Err((Problem::BadAnswer(told), false));
            }
            headers.insert(AUTHORIZATION, basic);
        }
        let url = Challenge::token_url(realm, service.as_deref(), scope.as_deref(), ask.repository);
        let mut response = self.transport.send(Method::GET, &url, headers).await.map_err(unreachable)?;
        if !response.status().is_success() {
            let told = format!("token for {} at {realm}", ask.repository);
            return Err(match response.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
                    (Problem::Refused(format!("{} to a {told}", response.status().as_u16())), false)
                }
                StatusCode::TOO_MANY_REQUESTS => (too_many(&response, told), false),
                status => (Problem::BadAnswer(format!("{status} to a {told}")), status.is_server_error()),
            });
        }
        let answer = read_all(response.body_mut(), SMALL_BYTES_MAX).await.map_err(unreachable)?;
        let issued = Authorization::issued(Instant::now(), &answer);
        issued.map(Some).map_err(|error| (Problem::BadAnswer(format!("no token at {realm}: {error}")), false))
    }

    /// Sends to where redirects lead. What authorizes is for the upstream alone.
    async fn follow(
        &self,
        ask: &Ask<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response<Incoming>, (Problem, bool)> {
        let first = ask.upstream.url(ask.repository, &ask.resource);
        let mut url = first.clone();
        for _ in 0..=REDIRECTS_MAX {
            let mut headers = ask.headers.clone();
            if let Some(authorization) = authorization.filter(|_| url.origin() == first.origin()) {
                headers.insert(AUTHORIZATION, authorization.clone());
            }
            let response = self.transport.send(ask.method.clone(), &url, headers).await.map_err(unreachable)?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let next = location.and_then(|to| url.join(to).ok()).filter(|to| matches!(to.scheme(), "http" | "https"));
            url = next.ok_or_else(|| {
                (Problem::BadAnswer(format!("{} without a 'Location' to go to", response.status())), false)
            })?;
        }
        Err((Problem::BadAnswer(format!("more than {REDIRECTS_MAX} redirects")), false))
    }
}

// === impl Ask ===

impl Ask<'_> {
    pub(super) fn error(&self, problem: Problem) -> UpstreamError {
        UpstreamError { upstream: self.upstream.to_string(), problem }
    }

    /// What is asked for, in words.
    pub(super) fn words(&self) -> String {
        format!("{}/{}", self.repository, self.resource)
    }
}

/// Whether asking again may help is known by the status: the upstream's gateway or one behind it is not well.
fn check(response: Response<Incoming>) -> Result<Response<Incoming>, (Problem, bool)> {
    match response.status() {
        status @ (StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT) => Err((Problem::BadAnswer(status.to_string()), true)),
        _ => Ok(response),
    }
}

/// What an answer means that is no success.
async fn problem(ask: &Ask<'_>, mut response: Response<Incoming>) -> Problem {
    match response.status() {
        StatusCode::NOT_FOUND => Problem::Missing(ask.words()),
        StatusCode::TOO_MANY_REQUESTS => too_many(&response, ask.words()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let said = said(response.body_mut()).await;
            Problem::Refused(format!("{} ({}{said})", ask.words(), response.status().as_u16()))
        }
        status => Problem::BadAnswer(format!("{status} to {}{}", ask.words(), said(response.body_mut()).await)),
    }
}

fn too_many(response: &Response<Incoming>, asked: String) -> Problem {
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()).map(str::to_owned);
    Problem::TooManyRequests { asked, retry_after }
}

/// What a registry says beside its status, after a comma.
async fn said(body: &mut Incoming) -> String {
    let answer = read_all(body, SMALL_BYTES_MAX).await.unwrap_or_default();
    let errors: Option<Errors> = serde_json::from_slice(&answer).ok();
    let Some(first) = errors.and_then(|errors| errors.errors.into_iter().next()) else { return String::new() };
    let said: Vec<String> = [first.code, first.message].into_iter().flatten().filter(|said| !said.is_empty()).collect();
    said.iter().map(|said| format!(", {said}")).collect()
}

fn unreachable(error: TransportError) -> (Problem, bool) {
    let may_help = matches!(error, TransportError::Cut(_));
    (Problem::Unreachable(error.to_string()), may_help)
}
