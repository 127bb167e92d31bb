//! Tells the destinations and the dead letter queue of a function how an asynchronous invocation ended.

use std::sync::Arc;
use std::time::Duration;

use fakecloud_events::Condition;
use fakecloud_lambda::{
    Delivery, DeliveryService, Error, EventAnswer, EventPlan, EventRecord, Generation, Scope, ServiceRequest,
    dead_letter, destination,
};
use http_body_util::{BodyExt, Limited};
use tracing::{debug, warn};

use crate::app::App;
use crate::common::clock;
use crate::common::request_id;
use crate::common::words::chain;
use crate::invocations::events::{self, Event};
use crate::outbound::aws_client::{AwsError, AwsRequest, AwsService, Reach};

/// The times between attempts at a delivery; after the last one it is given up.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// More of a service's answer is not read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A service that has begun to answer ends within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How an asynchronous invocation ended.
pub(crate) struct End {
    pub(crate) event: Arc<Event>,
    pub(crate) condition: Condition,
    /// How often the function ran.
    pub(crate) runs: u32,
    /// How the last attempt was answered.
    pub(crate) answer: Option<EventAnswer>,
}

/// Why a destination was not told.
struct Fault {
    why: String,
    /// Whether asking again may help.
    may_pass: bool,
}

/// Tells whoever is configured now; ends when they know, or cannot be told.
pub(crate) async fn tell(app: &App, end: End) {
    let now = clock::now();
    let plan = match app.lambda().plan_event(&end.event.target, &now) {
        Ok(plan) => plan,
        Err(gone) => {
            debug!(request_id = end.event.request_id, error = %gone, "no destinations are left");
            return;
        }
    };
    let condition = end.condition.to_string();
    let record = EventRecord {
        epoch_ms: now.epoch_ms,
        request_id: &end.event.request_id,
        target: &end.event.target,
        condition: &condition,
        invoke_count: end.runs,
        payload: &end.event.payload,
        answer: end.answer.as_ref(),
    };
    let event = &*end.event;
    let succeeded = end.condition == Condition::Success;
    let deliveries = deliveries(&plan, &record, succeeded, now.random);
    if !succeeded {
        warn!(
            request_id = record.request_id, function = %plan.function.arn(), condition, runs = end.runs,
            destinations = deliveries.len(), "an asynchronous invocation was given up"
        );
    }
    futures_util::future::join_all(deliveries.into_iter().map(|(arn, delivery)| async move {
        match delivery {
            Ok(delivery) => deliver(app, &arn, &delivery, plan.generation, event).await,
            Err(error) => warn!(request_id = record.request_id, destination = arn, %error, "nothing can be sent there"),
        }
    }))
    .await;
}

/// What goes where. A failure goes to the destination and to the dead letter queue, if there are both.
fn deliveries(
    plan: &EventPlan,
    record: &EventRecord<'_>,
    succeeded: bool,
    random: u128,
) -> Vec<(String, Result<Delivery, Error>)> {
    let (told, letter) = match succeeded {
        true => (&plan.on_success, &None),
        false => (&plan.on_failure, &plan.dead_letter),
    };
    let told = told.iter().map(|arn| (arn.clone(), destination(arn, record, random)));
    let letter = letter.iter().map(|arn| (arn.clone(), dead_letter(arn, record)));
    told.chain(letter).collect()
}

async fn deliver(app: &App, arn: &str, delivery: &Delivery, generation: Generation, event: &Event) {
    let request_id = &event.request_id;
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(Fault { why: error, may_pass }) = attempt(app, delivery, generation, event).await else {
            debug!(request_id, destination = arn, "a destination was told");
            return;
        };
        let Some(pause) = pauses.next().filter(|_| may_pass) else {
            warn!(request_id, destination = arn, error, "a destination was not told of an asynchronous invocation");
            return;
        };
        debug!(request_id, destination = arn, error, "a destination could not be told yet");
        tokio::time::sleep(pause).await;
    }
}

async fn attempt(app: &App, delivery: &Delivery, generation: Generation, event: &Event) -> Result<(), Fault> {
    match delivery {
        Delivery::Function { target, payload } => {
            let next = Event {
                request_id: request_id::fresh(),
                trace_id: event.trace_id.clone(),
                target: target.clone(),
                payload: payload.clone(),
                accepted_ms: clock::epoch_ms(),
                generation,
            };
            events::accept(app, next).await.map_err(|error| Fault::from(error.to_string()))
        }
        Delivery::Service(request) => call(app, request).await,
    }
}

/// Sends a request to another service, and makes sure that it was taken.
async fn call(app: &App, request: &ServiceRequest) -> Result<(), Fault> {
    let ServiceRequest { service, account, region, method, path, headers, body } = request.clone();
    let scope = Scope::new(&account, &region).ok_or_else(|| format!("{account} in {region:?} is no account of AWS"))?;
    let service = match service {
        DeliveryService::EventBridge => AwsService::EventBridge,
        DeliveryService::S3 => AwsService::S3,
        DeliveryService::Sns => AwsService::Sns,
        DeliveryService::Sqs => AwsService::Sqs,
    };
    let call = AwsRequest { service, reach: Reach::Configured, scope: &scope, method, target: &path, headers, body };
    let answer = app.aws.send(call).await.map_err(|error| {
        let may_pass = !matches!(error, AwsError::NoEndpoint(_));
        Fault { why: chain(&error), may_pass }
    })?;
    let status = answer.status().as_u16();
    let reading = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
    let text = match tokio::time::timeout(ANSWER_TIMEOUT, reading).await {
        Ok(Ok(text)) => text.to_bytes(),
        Ok(Err(error)) => return Err(format!("{service} answered HTTP {status} and broke off: {error}").into()),
        Err(_elapsed) => return Err(format!("{service} did not end its answer within {ANSWER_TIMEOUT:?}").into()),
    };
    Ok(request.check(status, &text)?)
}

// === impl End ===

impl End {
    /// Whether anybody is configured to be told.
    pub(crate) fn concerns_anybody(&self, app: &App) -> bool {
        let plan = app.lambda().plan_event(&self.event.target, &clock::now());
        plan.is_ok_and(|plan| match self.condition {
            Condition::Success => plan.on_success.is_some(),
            Condition::RetriesExhausted | Condition::EventAgeExceeded | Condition::ZeroReservedConcurrency => {
                plan.on_failure.is_some() || plan.dead_letter.is_some()
            }
        })
    }
}

// === impl Fault ===

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self { why, may_pass: true }
    }
}
