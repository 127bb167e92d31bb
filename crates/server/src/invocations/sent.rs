//! What is sent to a Pod: how it ended, read from the Pod's answer, and what becomes of the Pod.

use std::time::Duration;

use bytes::Bytes;
use fakecloud_lambda::Outcome;
use fakecloud_pool::After;
use tracing::{info, warn};

use crate::environments::connection::{Answer, Header};
use crate::environments::deployment::SharedDeployment;
use crate::environments::emulator;
use crate::environments::lease::{Cut, Lease};
use crate::environments::relay::Relay;
use crate::invocations::admission::Admission;
use crate::invocations::hints;
use crate::invocations::invocation_log::OpenEntry;

/// The emulator answers a timeout 100 ms late; its clock includes init. Whoever says nothing until then never will.
const TIMEOUT_GRACE: Duration = Duration::from_secs(3);

/// A connection that broke is explained by the watch within the kubelet's next look at its containers, once a second.
const WITNESS: Duration = Duration::from_millis(2500);

/// An emulator that is stopped ends within 9 ms of its last answer, as was seen 38 times on two busy cores.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// What goes to a Pod.
pub(crate) struct Sent {
    pub(crate) request_id: String,
    pub(crate) timeout_s: u32,
    pub(crate) deployment: SharedDeployment,
    pub(crate) held: Held,
    pub(crate) relay: Option<Relay>,
}

/// What lasts until the handler of what was sent has ended, and no longer, whether the caller stays or not, and whatever of
/// the answer it takes.
pub(crate) struct Held {
    #[expect(dead_code, reason = "held for its end")]
    pub(crate) admission: Admission,
    pub(crate) entry: OpenEntry,
    pub(crate) payload: Bytes,
}

/// What came of a lease.
pub(crate) enum Ran {
    ToItsEnd(Outcome),
    /// The Pod was gone before; another may have it.
    NotSent(Held),
}

impl Sent {
    /// Runs on the lease and gives it back. As on AWS, a runtime that ends while it initialises has a second chance, if it
    /// may have ended because it found no emulator.
    pub(crate) async fn run(self, mut lease: Lease, headers: Vec<Header>) -> Ran {
        let may_miss = lease.is_first() && emulator::may_be_missed(&self.deployment.function);
        let mut run = self.run_once(&mut lease, &headers).await;
        if may_miss && run.as_ref().is_some_and(|(outcome, _)| outcome.is_silent_exit()) {
            info!(
                request_id = self.request_id,
                environment = lease.environment().as_str(),
                "the runtime ended as it started: trying once more"
            );
            // Where the Pod has gone with its runtime, that is how the invocation ended.
            run = self.run_once(&mut lease, &headers).await.or(run);
        }
        let Some((outcome, after)) = run else {
            lease.finish(After::Retire);
            return Ran::NotSent(self.held);
        };
        hints::log(&outcome, &lease, &self.deployment.function, &self.request_id);
        if self.relay.as_ref().is_some_and(Relay::gave_up) {
            warn!(request_id = self.request_id, "the client took nothing of the answer for too long: the rest is lost");
        }
        self.held.entry.end(&outcome);
        lease.finish(after);
        Ran::ToItsEnd(outcome)
    }

    /// How it ended, and what becomes of the Pod; `None` when nothing was sent.
    async fn run_once(&self, lease: &mut Lease, headers: &[Header]) -> Option<(Outcome, After)> {
        let sending = lease.send(headers, self.held.payload.clone(), self.relay.as_ref(), WITNESS);
        let limit = self.deployment.timeout + TIMEOUT_GRACE;
        let answered = match &self.relay {
            None => tokio::time::timeout(limit, sending).await.ok(),
            Some(relay) => Box::pin(relay.within(limit, sending)).await, // not carried by those that do not stream
        };
        Some(match answered {
            Some(Ok(Answer { passed: true, body, .. })) => (Outcome::Success { payload: body }, After::Reuse),
            Some(Ok(answer)) => self.judge(answer, lease).await,
            Some(Err(Cut::NotSent)) => return None,
            Some(Err(Cut::Lost(reason))) => self.lost(reason),
            None => {
                let request_id = self.request_id.clone();
                (Outcome::TimedOut { request_id, timeout_s: self.timeout_s }, After::Retire)
            }
        })
    }

    /// What the emulator's answer says, unless the Pod ended with it.
    async fn judge(&self, answer: Answer, lease: &mut Lease) -> (Outcome, After) {
        let (status, environment) = (answer.status.as_u16(), lease.environment().clone());
        let outcome = Outcome::from_rie(status, answer.body, &self.request_id, self.timeout_s)
            .with_advice(|| Some(format!("{environment}: {}", emulator::advice(&self.deployment.function)?)));
        if outcome.may_be_last_words()
            && let Some(reason) = Box::pin(lease.ended_with_its_answer(LAST_WORDS, WITNESS)).await
        {
            return self.lost(reason);
        }
        let spoilt = matches!(outcome, Outcome::TimedOut { .. } | Outcome::Unexpected { .. });
        // An emulator that has seen an initialisation fail says nothing of how a runtime ends later on.
        let is_mute = outcome.is_silent_exit() && !lease.is_first();
        (outcome, if spoilt || is_mute { After::Retire } else { After::Reuse })
    }

    fn lost(&self, reason: String) -> (Outcome, After) {
        warn!(request_id = self.request_id, reason, "the Pod went away under its invocation");
        (Outcome::Exited { request_id: self.request_id.clone(), reason: Some(reason) }, After::Retire)
    }
}
