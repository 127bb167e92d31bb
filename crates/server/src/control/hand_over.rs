//! Aliases with provisioned concurrency that move: their invocations go over when the Pods of the new version are ready.

use std::future::{pending, ready};
use std::pin::pin;

use fakecloud_lambda::HandOver;
use fakecloud_pool::DeployId;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::oneshot;
use tracing::info;

use crate::app::App;
use crate::control::commit::Records;
use crate::environments::driver::{Input, Settled};

/// Waits until one of the aliases need not wait any more. The pool knows already what it is to provision.
pub(crate) async fn next_settled(app: &App) -> (HandOver, Settled) {
    let hand_overs = app.lambda().hand_overs();
    let waiting: FuturesUnordered<_> = hand_overs.into_iter().map(|hand_over| settled(app, hand_over)).collect();
    match pin!(waiting.filter_map(ready)).next().await {
        Some(settled) => settled,
        None => pending().await,
    }
}

/// From now on, invocations of the alias run its new version.
pub(crate) async fn complete(app: &App, hand_over: &HandOver, settled: Settled) {
    let records = {
        let mut lambda = app.lambda();
        // Without a change, somebody moved or deleted the alias meanwhile.
        let Some(changes) = lambda.hand_over(hand_over) else { return };
        let from = hand_over.from.arn();
        let is_wanted = || lambda.provisioned().iter().any(|version| version.record.arn() == from);
        if settled == Settled::NoRoom && !is_wanted() {
            // While the state is locked, so that no invocation of the new version finds these Pods in its place.
            app.provisioning.unprovision(&app.driver, &from);
        }
        Records::of(app, changes)
    };
    info!(
        version = hand_over.to.arn(),
        "the invocations of an alias with provisioned concurrency go to its new version"
    );
    // The log says what is not kept; nobody else waits for it.
    drop(records.kept().await);
}

/// `None` where nothing is provisioned, since the version cannot be deployed or is gone.
async fn settled(app: &App, hand_over: HandOver) -> Option<(HandOver, Settled)> {
    let deploy: DeployId = app.deployments.of(&hand_over.to).await.ok()?.id.clone();
    let (reply, settled) = oneshot::channel();
    app.driver.send(Input::AwaitProvisioned { deploy, reply });
    settled.await.ok().map(|settled| (hand_over, settled))
}
