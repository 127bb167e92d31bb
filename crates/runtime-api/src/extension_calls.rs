//! Calls of extensions: registration, events, errors and subscriptions.

use serde::Deserialize;
use serde_json::json;

use crate::calls::{Call, Purpose};
use crate::environment::Environment;
use crate::event::{Api, Event};
use crate::extensions::{Interest, State};
use crate::id::is_uuid;
use crate::phase::{Phase, Runtime};
use crate::{Answer, CallId, Now, Request, subscription, words};

const IDENTIFIER: &str = "Lambda-Extension-Identifier";
const ERROR_TYPE: &str = "Lambda-Extension-Function-Error-Type";

/// The time that extensions have from SHUTDOWN on.
const SHUTDOWN_MS: u64 = 2_000;

#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    events: Vec<String>,
}

// === impl Environment: registration ===

impl Environment {
    pub(crate) fn register_begins(&mut self, call: CallId, request: &Request) {
        let name = request.header("Lambda-Extension-Name").unwrap_or_default().to_owned();
        if name.is_empty() {
            return self.answer(call, Answer::forbidden("Extension.InvalidExtensionName", "Empty extension name"));
        }
        let features = request.header("Lambda-Extension-Accept-Feature").unwrap_or_default();
        let wants_account = features.split(',').any(|feature| feature.trim() == "accountId");
        let purpose = Purpose::Register { name, wants_account };
        self.calls.open(call, Call::Small { purpose, body: Vec::new() });
    }

    pub(crate) fn register_ends(&mut self, call: CallId, name: &str, wants_account: bool, body: &[u8]) {
        let registered = interests(body).and_then(|events| {
            let is_open = self.is_registration_open();
            self.extensions.register(name, events, is_open, &mut self.identifiers)
        });
        match registered {
            Ok(number) => {
                let answer = self.registered(number, wants_account);
                self.answer(call, answer);
            }
            Err(refusal) => self.answer(call, refusal),
        }
    }

    /// Registration ends when the runtime has asked for its first event.
    fn is_registration_open(&self) -> bool {
        self.phase.is_init() && matches!(self.runtime, Runtime::Absent | Runtime::Started)
    }

    fn registered(&mut self, number: usize, wants_account: bool) -> Answer {
        let mut body = json!({
            "functionName": self.config.function_name,
            "functionVersion": self.config.version,
            "handler": self.config.handler.as_deref().unwrap_or_default(),
        });
        if wants_account {
            body["accountId"] = json!(self.config.account_id);
        }
        let mut answer = Answer::json(200, body.to_string());
        let identifier = self.extensions.get_mut(number).map(|it| it.identifier.clone()).unwrap_or_default();
        answer.headers.push((IDENTIFIER, identifier));
        answer
    }

    /// The number of the extension that a call is from.
    ///
    /// # Errors
    /// The answer says what is wrong with the identifier.
    fn caller(&mut self, request: &Request) -> Result<usize, Answer> {
        let Some(identifier) = request.header(IDENTIFIER).filter(|it| !it.is_empty()) else {
            let message = "Missing Lambda-Extension-Identifier header";
            return Err(Answer::forbidden("Extension.MissingHeader", message));
        };
        if !is_uuid(identifier) {
            let message = "Invalid Lambda-Extension-Identifier";
            return Err(Answer::forbidden("Extension.InvalidExtensionIdentifier", message));
        }
        match self.extensions.identified(identifier) {
            Some((number, _)) => Ok(number),
            None => {
                let message = format!("Unknown extension {identifier}");
                Err(Answer::forbidden("Extension.UnknownExtensionIdentifier", &message))
            }
        }
    }
}

// === impl Environment: events ===

impl Environment {
    pub(crate) fn event_next(&mut self, now: Now, call: CallId, request: &Request) {
        let number = match self.caller(request) {
            Ok(number) => number,
            Err(refusal) => return self.answer(call, refusal),
        };
        let Some(extension) = self.extensions.get_mut(number) else { return };
        if !matches!(extension.state, State::Registered | State::Running) {
            let refusal = Answer::wrong_extension_state(extension.state.name(), "Ready", &extension.identifier);
            return self.answer(call, refusal);
        }
        extension.state = State::Waiting(call);
        self.calls.open(call, Call::ExtensionWaits(number));
        self.give_event(now, number);
        match self.phase {
            Phase::Init(_) => self.check_initialized(now),
            Phase::Invoke => self.check_free(now),
            Phase::New | Phase::Restore { .. } | Phase::Idle | Phase::Ending(_) | Phase::Cold | Phase::Down => {}
        }
    }

    /// Gives an extension the event that it is owed, if it waits for one.
    pub(crate) fn give_event(&mut self, now: Now, number: usize) {
        let Some(extension) = self.extensions.get_mut(number) else { return };
        let (State::Waiting(call), Some(event)) = (extension.state, extension.owed) else { return };
        extension.state = State::Running;
        extension.owed = None;
        let body = match (event, &self.running) {
            (Interest::Invoke, Some(running)) => json!({
                "eventType": "INVOKE",
                "deadlineMs": running.deadline_ms,
                "requestId": running.invocation.id,
                "invokedFunctionArn": running.invocation.function_arn,
                "tracing": { "type": "X-Amzn-Trace-Id", "value": running.trace_id },
            }),
            (Interest::Invoke | Interest::Shutdown, _) => json!({
                "eventType": "SHUTDOWN",
                "shutdownReason": self.phase.ending_reason().name(),
                "deadlineMs": now.epoch_ms.saturating_add(SHUTDOWN_MS),
            }),
        };
        let mut answer = Answer::json(200, body.to_string());
        answer.headers.push(("Lambda-Extension-Event-Identifier", self.identifiers.uuid()));
        self.answer(call, answer);
    }
}

// === impl Environment: errors ===

impl Environment {
    /// An error that an extension tells; `told` is the state that the extension has from then on.
    pub(crate) fn extension_error_begins(&mut self, call: CallId, request: &Request, told: State) {
        let number = match self.caller(request) {
            Ok(number) => number,
            Err(refusal) => return self.answer(call, refusal),
        };
        let Some(kind) = request.header(ERROR_TYPE).filter(|it| !it.is_empty()) else {
            let message = format!("{ERROR_TYPE} not found");
            return self.answer(call, Answer::forbidden("Extension.MissingHeader", &message));
        };
        let kind = kind.to_owned();
        let purpose = Purpose::ExtensionError { extension: number, told, kind };
        self.calls.open(call, Call::Small { purpose, body: Vec::new() });
    }

    pub(crate) fn extension_error_ends(&mut self, now: Now, call: CallId, number: usize, told: State, kind: &str) {
        let Some(extension) = self.extensions.get_mut(number) else { return };
        let may_tell = match extension.state {
            State::Registered => true,
            State::Waiting(_) | State::Running => told == State::ExitError,
            State::Started | State::InitError | State::ExitError | State::Gone => false,
        };
        if !may_tell {
            let refusal = Answer::wrong_extension_state(extension.state.name(), told.name(), &extension.identifier);
            return self.answer(call, refusal);
        }
        if let State::Waiting(waiting) = extension.state {
            self.calls.remove(waiting);
        }
        extension.state = told;
        let name = extension.name.clone();
        self.answer(call, Answer::accepted());
        let fatal_kind = if told == State::InitError { "Extension.InitError" } else { "Extension.ExitError" };
        let fatal = words::extension_failed(fatal_kind, self.request_id().as_deref(), &name, kind);
        self.fail(now, fatal);
    }
}

// === impl Environment: subscriptions ===

impl Environment {
    pub(crate) fn subscribe_begins(&mut self, call: CallId, request: &Request, api: Api) {
        match self.caller(request) {
            Ok(extension) if self.phase.is_init() => {
                let purpose = Purpose::Subscribe { extension, api };
                self.calls.open(call, Call::Small { purpose, body: Vec::new() });
            }
            Ok(_) => self.answer(call, subscriptions_closed(api)),
            Err(refusal) => self.answer(call, refusal),
        }
    }

    pub(crate) fn subscribe_ends(&mut self, now: Now, call: CallId, number: usize, api: Api, body: &[u8]) {
        if !self.phase.is_init() {
            return self.answer(call, subscriptions_closed(api));
        }
        let own_port = self.config.runtime_api.rsplit(':').next().and_then(|port| port.parse().ok());
        let subscription = match subscription::parse(api, body, own_port) {
            Ok(subscription) => subscription,
            Err(message) => return self.answer(call, Answer::error(400, "ValidationError", &message)),
        };
        let name = self.extensions.get_mut(number).map(|it| it.name.clone()).unwrap_or_default();
        let kinds = subscription.kinds.clone();
        self.telemetry.subscribe(now, number, subscription, &self.config);
        self.answer(call, Answer::subscribed());
        self.tell(now, Event::Subscription { api, name, kinds });
    }
}

fn subscriptions_closed(api: Api) -> Answer {
    match api {
        Api::Telemetry => {
            Answer::forbidden("Telemetry.SubscriptionClosed", "Telemetry API subscription is closed already")
        }
        Api::Logs => Answer::forbidden("Logs.SubscriptionClosed", "Logs API subscription is closed already"),
    }
}

/// The events of a registration's body, each once. No body registers for none.
fn interests(body: &[u8]) -> Result<Vec<Interest>, Answer> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let registration: Registration =
        serde_json::from_slice(body).map_err(|error| Answer::forbidden("InvalidRequestFormat", &error.to_string()))?;
    let mut events = Vec::new();
    for name in registration.events {
        let Some(event) = Interest::named(&name) else {
            let message = format!("{name}: no such event");
            return Err(Answer::forbidden("Extension.InvalidEventType", &message));
        };
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(events)
}
