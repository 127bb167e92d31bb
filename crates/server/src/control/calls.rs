//! Calls of the control plane: store what they bring, change the state, persist the change, answer.

use std::sync::Arc;

use fakecloud_lambda::{Call, Code, Error, FunctionRecord, Origin, Response, Scope};
use tracing::warn;

use crate::app::App;
use crate::common::clock;
use crate::common::to_the_end::ToTheEnd;
use crate::common::words::chain;
use crate::control::archive;
use crate::control::commit::Records;
use crate::control::deployments::Superseded;
use crate::control::provisioning;
use crate::control::room;
use crate::disk::blobs::Hold;
use crate::environments::deployment::{Deployment, SharedDeployment};
use crate::environments::driver::Input;

/// Runs one call of the control plane to its end, whether its client stays or not: half a change helps nobody.
pub(crate) async fn apply(app: &App, scope: Scope, call: Call) -> Result<Response, Error> {
    let app = app.clone();
    ToTheEnd::new(async move { run(&app, &scope, call).await }).await
}

async fn run(app: &App, scope: &Scope, call: Call) -> Result<Response, Error> {
    room::for_operation(app, call.operation().name()).await.map_err(Error::storage_full)?;
    // Until its record is there, nothing else needs the archive.
    let (code, _hold) = code(app, scope, &call).await?;
    provisioning::refresh(app, call.operation()).await;
    let (response, superseded, records) = change(app, scope, &call, code)?;
    let kept = records.kept().await;
    superseded.into_iter().for_each(|superseded| redeploy(app, superseded));
    room::after_operation(app, call.operation().name());
    kept.map(|()| response).map_err(|error| Error::service(error.to_string()))
}

/// Gets hold of the code that a call brings or names.
async fn code(app: &App, scope: &Scope, call: &Call) -> Result<(Option<Code>, Option<Hold>), Error> {
    if let Some(archive) = call.archive() {
        app.lambda().check(scope, &clock::now(), call)?;
        let (stored, hold) = archive::store(app, scope, archive).await?;
        return Ok((Some(Code::Archive(stored)), Some(hold)));
    }
    let (Some(uri), Some(images)) = (call.image(), &app.own_images) else { return Ok((None, None)) };
    Ok((images.find(uri, call.origin().map(Origin::authority)).await.map(Code::Image), None))
}

/// Changes the state, lets deployments follow and queues the records, all in one step.
fn change(
    app: &App,
    scope: &Scope,
    call: &Call,
    code: Option<Code>,
) -> Result<(Response, Vec<Superseded>, Records), Error> {
    let mut lambda = app.lambda();
    let applied = lambda.apply(scope, &clock::now(), call, code)?;
    let superseded = app.deployments.follow(applied.effects);
    if !applied.changes.is_empty() {
        app.provisioning.changed();
    }
    Ok((applied.response, superseded, Records::of(app, applied.changes)))
}

/// Retires the Pods of what a version ran before, unless they would be the same again. New Pods start on demand.
fn redeploy(app: &App, superseded: Superseded) {
    let Superseded { old, new } = superseded;
    match (old, new) {
        (Some(old), None) => retire(app, &old),
        (Some(old), Some(record)) => drop(tokio::spawn(replace(app.clone(), old, record))),
        (None, Some(_) | None) => {}
    }
}

async fn replace(app: App, old: SharedDeployment, record: Arc<FunctionRecord>) {
    let new = app.deployments.of(&record).await;
    if let Err(error) = &new {
        warn!(function = %record.arn(), error = %chain(error), "the new configuration cannot be deployed");
    }
    if new.map_or(true, |new| new.id != old.id) {
        retire(&app, &old);
    }
}

/// Drains the Pods of a deployment, whichever tenant they are for.
pub(crate) fn retire(app: &App, old: &Deployment) {
    app.driver.send(Input::Retire { family: old.family.clone() });
    // It may be what a version has gone back to meanwhile.
    app.provisioning.retired(&old.family);
}
