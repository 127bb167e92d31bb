//! One attempt to run an event, under what is configured at that moment.

use std::sync::Arc;
use std::time::Duration;

use fakecloud_events::{Attempt, EventId, Policy};
use fakecloud_lambda::{Error, EventAnswer, EventPlan, EventTarget, Invocation, InvocationKind};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{Event, Input};
use crate::app::App;
use crate::common::clock;
use crate::invocations::invocation_log::Source;
use crate::invocations::invoke::{self, Terms};

/// Runs the event and tells how it went.
pub(super) async fn run(app: &App, id: EventId, event: Arc<Event>) -> Input {
    let plan = match app.lambda().plan_event(&event.target, &clock::now()) {
        Ok(plan) => plan,
        Err(gone) => {
            warn!(request_id = event.request_id, error = %gone, "an asynchronous invocation is dropped");
            return Input::Gone { event: id };
        }
    };
    let (attempt, answer) = attempt(app, plan, &event).await;
    debug!(request_id = event.request_id, ?attempt, "an asynchronous invocation was tried");
    Input::Attempted { event: id, answer, attempt, policy: policy(app, &event.target) }
}

/// What is configured now; where the function is gone, the next attempt will notice.
pub(super) fn policy(app: &App, target: &EventTarget) -> Policy {
    let plan = app.lambda().plan_event(target, &clock::now());
    plan.map_or_else(
        |_gone| Policy::default(),
        |plan| Policy { retries_max: plan.retries_max, age_max: age_max(&plan) },
    )
}

fn age_max(plan: &EventPlan) -> Duration {
    Duration::from_secs(plan.age_max_s.into())
}

async fn attempt(app: &App, plan: EventPlan, event: &Arc<Event>) -> (Attempt, Option<EventAnswer>) {
    if plan.reserved_concurrency == Some(0) {
        return (Attempt::ZeroReservedConcurrency, None);
    }
    let wait_until = Some(Instant::now() + age_max(&plan).saturating_sub(event.age()));
    let mut invocation = Invocation {
        target: event.target.clone(),
        function: plan.function,
        reserved_concurrency: plan.reserved_concurrency,
        kind: InvocationKind::Event,
        log_tail: false,
        client_context: None,
        payload: event.payload.clone(),
        generation: plan.generation,
    };
    let running = {
        let (app, event) = (app.clone(), Arc::clone(event));
        tokio::spawn(async move {
            let terms = Terms { wait_until, ..Terms::new(Source::Event, &event.trace_id) };
            let outcome = invoke::run(&app, &mut invocation, &event.request_id, terms).await?;
            invocation.answer(outcome, None)
        })
    };
    let lost = |panic| Err(Error::service(format!("the invocation was lost: {panic}")));
    match running.await.unwrap_or_else(lost) {
        Ok(response) => {
            let answer = EventAnswer::of(&response);
            let failed = answer.is_function_error();
            (if failed { Attempt::FunctionError } else { Attempt::Succeeded }, Some(answer))
        }
        Err(error) => {
            warn!(request_id = event.request_id, %error, "an asynchronous invocation could not be run yet");
            (Attempt::Refused, Some(EventAnswer::refused(&error)))
        }
    }
}
