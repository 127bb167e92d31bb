//! One invocation from request to answer: resolve the function, lease an environment, run, answer, give back.

use std::sync::Arc;

use fakecloud_lambda::{Error, Generation, Invocation, InvocationKind, Outcome, Response};
use fakecloud_pool::{Failure, InvocationId};
use http::HeaderValue;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::debug;

use crate::app::App;
use crate::common::headers::{CLIENT_CONTEXT, REQUEST_ID, TENANT_ID, TRACE_ID};
use crate::common::to_the_end::ToTheEnd;
use crate::common::words::chain;
use crate::control::calls::retire;
use crate::environments::connection::Header;
use crate::environments::deployment::SharedDeployment;
use crate::environments::driver::{Acquire, Handle, Input};
use crate::environments::lease::Lease;
use crate::environments::relay::Relay;
use crate::invocations::admission::Admission;
use crate::invocations::events::{self, Event};
use crate::invocations::invocation_log::Source;
use crate::invocations::sent::{Held, Ran, Sent};

/// A warm Pod may end in the very moment it is chosen; so many in a row do not.
const LEASES_MAX: u32 = 5;

/// The `Invoke` and `InvokeAsync` operations.
pub(crate) async fn invoke(
    app: &App,
    mut invocation: Invocation,
    request_id: &str,
    trace_id: &HeaderValue,
) -> Result<Response, Error> {
    match invocation.kind {
        InvocationKind::DryRun => Ok(invocation.accepted()),
        InvocationKind::Event => {
            let accepted = invocation.accepted();
            events::accept(app, Event::new(request_id, trace_id, invocation)).await?;
            Ok(accepted)
        }
        InvocationKind::RequestResponse => {
            let outcome = run(app, &mut invocation, request_id, Terms::new(Source::Invoke, trace_id)).await?;
            invocation.answer(outcome, None)
        }
    }
}

/// On what terms an invocation runs.
pub(crate) struct Terms {
    /// Who asked for it.
    pub(crate) source: Source,
    /// Takes the answer as it comes.
    pub(crate) relay: Option<Relay>,
    /// `X-Amzn-Trace-Id`, for the runtime.
    pub(crate) trace_id: HeaderValue,
    /// How long it may wait for an environment; what was sent to one runs on.
    pub(crate) wait_until: Option<Instant>,
}

impl Terms {
    /// Whoever asked waits as long as it takes, and gets the answer as a whole.
    pub(crate) fn new(source: Source, trace_id: &HeaderValue) -> Self {
        Self { source, relay: None, trace_id: trace_id.clone(), wait_until: None }
    }
}

/// Runs the invocation on some environment and logs it. Once it was sent it runs to its end, whether its caller stays or
/// not, as on AWS, but without its caller it is the last of its Pod; until then a caller that hangs up gives its place
/// in the queue back. What of an answer went through the relay is not in the outcome, and the payload is in the invocation
/// no more.
pub(crate) async fn run(
    app: &App,
    invocation: &mut Invocation,
    request_id: &str,
    terms: Terms,
) -> Result<Outcome, Error> {
    let admission = Admission::of(app, invocation)?;
    let entry = app.invocation_log.begin(invocation, request_id, terms.source);
    let held = Held { admission, entry, payload: std::mem::take(&mut invocation.payload) };
    let deployment = app.deployments.of(&invocation.function).await.map_err(|error| Error::service(chain(&error)))?;
    let deployment = match invocation.target.tenant() {
        Some(tenant) => Arc::new(deployment.of_tenant(tenant)),
        None => deployment,
    };
    let in_use = InUse { app, deployment };
    run_deployed(app, invocation, &in_use.deployment, held, request_id, terms).await
}

async fn run_deployed(
    app: &App,
    invocation: &Invocation,
    deployment: &SharedDeployment,
    mut held: Held,
    request_id: &str,
    Terms { relay, trace_id, wait_until, .. }: Terms,
) -> Result<Outcome, Error> {
    for _ in 0..LEASES_MAX {
        let Some(lease) = lease(app, deployment, invocation.generation, wait_until).await? else { continue };
        debug!(request_id, environment = lease.environment().as_str(), "sending the invocation to its Pod");
        let sent = Sent {
            request_id: request_id.to_owned(),
            timeout_s: invocation.function.timeout_s,
            deployment: Arc::clone(deployment),
            held,
            relay: relay.clone(),
        };
        let headers = headers(invocation, request_id, trace_id.clone());
        let caller = lease.caller();
        let ran = match relay {
            None => ToTheEnd::new(sent.run(lease, headers)).await,
            // While its client takes nothing, nobody asks for more of an answer, and yet the invocation comes to its end.
            Some(_) => (tokio::spawn(sent.run(lease, headers)).await)
                .map_err(|panic| Error::service(format!("the invocation was lost: {panic}")))?,
        };
        caller.answered();
        held = match ran {
            Ran::ToItsEnd(outcome) => return Ok(outcome),
            Ran::NotSent(held) => held,
        };
        debug!(request_id, "the Pod was gone before the request was sent; taking another");
    }
    Err(Error::service(format!("{LEASES_MAX} execution environments in a row ended before they got the request")))
}

/// A deployment that an invocation waits for or runs on. An update that comes meanwhile retires the deployment, which the
/// invocation may revive: so it is retired once more at the end, be that the answer or a caller that hangs up.
struct InUse<'a> {
    app: &'a App,
    deployment: SharedDeployment,
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        if self.app.deployments.is_superseded(&self.deployment) {
            retire(self.app, &self.deployment);
        }
    }
}

/// Waits for an environment. `None`: the one meant for this invocation ended in that very moment.
async fn lease(
    app: &App,
    deployment: &SharedDeployment,
    generation: Generation,
    wait_until: Option<Instant>,
) -> Result<Option<Lease>, Error> {
    let invocation = app.next_invocation();
    let (reply, answer) = oneshot::channel();
    app.driver.send(Input::Acquire(Acquire { invocation, deployment: Arc::clone(deployment), generation, reply }));
    let waiter = Waiter { invocation, driver: &app.driver, waiting: true };
    let waiting = waiter.wait(answer);
    let answered = match wait_until {
        None => waiting.await,
        Some(until) => tokio::time::timeout_at(until, waiting).await.map_err(|_elapsed| {
            Error::environment_not_started("no execution environment was free before the event was too old")
        })?,
    };
    match answered {
        Some(Ok(lease)) => Ok(Some(lease)),
        Some(Err(failure)) => Err(refused(&failure)),
        None if app.driver.is_closed() => Err(refused(&Failure::ShuttingDown)),
        None => Ok(None),
    }
}

/// A place in the queue, given back when the caller hangs up.
struct Waiter<'a> {
    invocation: InvocationId,
    driver: &'a Handle,
    waiting: bool,
}

impl Waiter<'_> {
    async fn wait(mut self, answer: oneshot::Receiver<Result<Lease, Failure>>) -> Option<Result<Lease, Failure>> {
        let answer = answer.await;
        self.waiting = false;
        answer.ok()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if self.waiting {
            self.driver.send(Input::Abandoned { invocation: self.invocation });
        }
    }
}

fn refused(failure: &Failure) -> Error {
    match failure {
        Failure::Throttled => Error::throttled("ConcurrentInvocationLimitExceeded"),
        Failure::StartFailed { reason } => Error::environment_not_started(&**reason),
        Failure::StartTimedOut | Failure::NotBegunInTime => Error::environment_not_started(failure.to_string()),
        Failure::ShuttingDown => Error::service("fakecloud is shutting down"),
    }
}

/// The headers the emulator honours, the tenant's among them, and the trace id, which it drops but other runtimes pass on.
fn headers(invocation: &Invocation, request_id: &str, trace_id: HeaderValue) -> Vec<Header> {
    let request_id = HeaderValue::try_from(request_id).expect("a UUID is a valid header value");
    let mut headers = vec![(REQUEST_ID, request_id), (TRACE_ID, trace_id)];
    let context = invocation.client_context.as_deref().and_then(|text| HeaderValue::try_from(text).ok());
    headers.extend(context.map(|context| (CLIENT_CONTEXT, context)));
    let tenant = invocation.target.tenant().and_then(|tenant| HeaderValue::try_from(tenant).ok());
    headers.extend(tenant.map(|tenant| (TENANT_ID, tenant)));
    headers
}
