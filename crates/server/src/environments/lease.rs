//! An execution environment lent to one invocation: it must be given back, and is given back whatever happens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fakecloud_pool::{After, InstanceId, InvocationId};
use tokio::sync::oneshot;

use crate::environments::backend::EnvironmentName;
use crate::environments::connection::{Answer, Connection, Header, SendError};
use crate::environments::driver::{Handle, Input};
use crate::environments::relay::Relay;

/// One environment's connection for the time of one invocation. Dropped without [`Lease::finish`], the environment is retired once
/// something was sent, since nobody knows what state it is in; until then it is as good as before.
pub(crate) struct Lease {
    instance: InstanceId,
    invocation: InvocationId,
    environment: EnvironmentName,
    connection: Option<Connection>,
    /// What becomes of the environment when the lease is dropped.
    after_drop: After,
    /// When the answer began.
    first_byte: Option<Instant>,
    is_first: bool,
    aborted: oneshot::Receiver<Arc<str>>,
    handle: Handle,
}

/// Whoever waits for the answer of what runs on a lease: dropped before the answer came, it says that nobody does.
pub(crate) struct Caller {
    instance: InstanceId,
    invocation: InvocationId,
    waiting: bool,
    handle: Handle,
}

/// How an invocation on a lease ended without an answer.
pub(crate) enum Cut {
    /// The request was never sent; another environment may take it.
    NotSent,
    /// The environment went away under the invocation, and why.
    Lost(String),
}

impl Lease {
    pub(crate) fn new(
        instance: InstanceId,
        invocation: InvocationId,
        environment: EnvironmentName,
        connection: Connection,
        is_first: bool,
        aborted: oneshot::Receiver<Arc<str>>,
        handle: Handle,
    ) -> Self {
        Self {
            instance,
            invocation,
            environment,
            connection: Some(connection),
            after_drop: After::Reuse,
            first_byte: None,
            is_first,
            aborted,
            handle,
        }
    }

    /// The environment's name.
    pub(crate) fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// Whether it has answered no other invocation before.
    pub(crate) fn is_first(&self) -> bool {
        self.is_first
    }

    /// The caller, to be kept as long as somebody waits for the answer.
    pub(crate) fn caller(&self) -> Caller {
        Caller { instance: self.instance, invocation: self.invocation, waiting: true, handle: self.handle.clone() }
    }

    /// Runs one invocation, whose answer goes to the relay as far as can be. Where the connection breaks, the backend is
    /// given `witness` to say why.
    pub(crate) async fn send(
        &mut self,
        headers: &[Header],
        payload: Bytes,
        relay: Option<&Relay>,
        witness: Duration,
    ) -> Result<Answer, Cut> {
        let Some(connection) = self.connection.as_mut() else { return Err(Cut::NotSent) };
        self.after_drop = After::Retire;
        let broken = tokio::select! {
            answer = connection.send(headers, payload, relay) => match answer {
                Ok(answer) => {
                    self.first_byte = Some(answer.began);
                    return Ok(answer);
                }
                Err(SendError::NotSent) => return Err(Cut::NotSent),
                Err(error @ (SendError::Broken(_) | SendError::NoAnswer(_) | SendError::TooLong)) => error,
            },
            Some(reason) = told(&mut self.aborted) => return Err(Cut::Lost(reason.to_string())),
        };
        Err(Cut::Lost(self.explained(&crate::common::words::chain(&broken), witness).await))
    }

    /// Why the environment has ended within `doubt` of its answer, for which the backend is given `witness`; `None` if it lives on.
    pub(crate) async fn ended_with_its_answer(&mut self, doubt: Duration, witness: Duration) -> Option<String> {
        let connection = self.connection.as_ref()?;
        let ended = async {
            tokio::select! {
                () = connection.closed() => None,
                Some(reason) = told(&mut self.aborted) => Some(reason.to_string()),
            }
        };
        match tokio::time::timeout(doubt, ended).await.ok()? {
            Some(reason) => Some(reason),
            None => Some(self.explained("it closed its connection", witness).await),
        }
    }

    /// Why the connection ended, as the backend says within `witness`, or else as it was seen from here.
    async fn explained(&mut self, seen: &str, witness: Duration) -> String {
        self.handle.send(Input::Disconnected { instance: self.instance });
        match tokio::time::timeout(witness, told(&mut self.aborted)).await {
            Ok(Some(reason)) => reason.to_string(),
            Ok(None) | Err(_) => format!("{}: {seen}", self.environment),
        }
    }

    /// Gives the environment back.
    pub(crate) fn finish(mut self, after: After) {
        self.give_back(after);
    }

    fn give_back(&mut self, after: After) {
        if let Some(connection) = self.connection.take() {
            let (instance, first_byte) = (self.instance, self.first_byte);
            self.handle.send(Input::Released { instance, connection: Some(connection), first_byte, after });
        }
    }
}

/// Why the environment is cut off; `None` where nobody is left to say so. Unlike the receiver it may be asked again after that.
async fn told(aborted: &mut oneshot::Receiver<Arc<str>>) -> Option<Arc<str>> {
    if aborted.is_terminated() { None } else { aborted.await.ok() }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(self.after_drop);
    }
}

impl Caller {
    /// The answer has come.
    pub(crate) fn answered(mut self) {
        self.waiting = false;
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.waiting {
            self.handle.send(Input::Deserted { instance: self.instance, invocation: self.invocation });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_may_ask_again_when_nobody_is_left_to_say_why() {
        let (abort, mut aborted) = oneshot::channel();
        drop(abort);
        assert_eq!(told(&mut aborted).await, None);
        assert_eq!(told(&mut aborted).await, None);
        let (abort, mut aborted) = oneshot::channel();
        abort.send(Arc::from("evicted")).unwrap();
        assert_eq!(told(&mut aborted).await.as_deref(), Some("evicted"));
    }
}
