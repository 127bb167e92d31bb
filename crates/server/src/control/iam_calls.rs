//! Calls of IAM and STS: change the state, persist the change, answer.

use fakecloud_iam::{Call, Caller, Error, ErrorCode, Moment, Response};

use crate::app::App;
use crate::common::clock;
use crate::control::commit::Records;
use crate::control::room;

/// Changes the state and queues the records in one step, and answers once they are on disk.
pub(crate) async fn apply(app: &App, caller: &Caller, call: &Call, request_id: &str) -> Result<Response, Error> {
    let room = room::for_operation(app, call.action()).await;
    room.map_err(|reached| Error::new(ErrorCode::LimitExceeded, reached.to_string()))?;
    let (response, records) = {
        let mut iam = app.iam();
        let applied = iam.apply(caller, &moment(), call, request_id)?;
        (applied.response, Records::of(app, applied.changes))
    };
    let kept = records.kept().await;
    kept.map(|()| response).map_err(|error| Error::new(ErrorCode::ServiceFailure, error.to_string()))
}

fn moment() -> Moment {
    let fakecloud_lambda::Moment { epoch_ms, random } = clock::now();
    Moment { epoch_ms, random }
}
