//! The ECR API: AWS's protocol of JSON bodies, over the same repositories that clients push to and pull from.
//!
//! A call is read and checked against the service model ([`shape`], [`inputs`]), then decided on by one function of a
//! resource's file, which gets the catalog and gives the answer with the changes that carry it out.

mod authorization;
mod batch_delete;
mod batch_get;
mod body;
mod call;
mod decode;
mod encryption;
mod error;
mod image_id;
mod images;
mod inputs;
mod layer_uploads;
mod layers;
mod lifecycle_policy;
mod mutability;
mod operation;
mod page;
mod policies;
mod put_image;
mod referrers;
mod repositories;
mod repository_policy;
mod shape;
mod tags;
mod upstream;

use axum::body::Body;
use axum::response::Response;
use fakecloud_budget::Peer;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use serde_json::Value;
use tracing::{trace, warn};

use self::call::{Answer, Call, Caller};
use self::error::{Error, ErrorCode};
use self::operation::Operation;
use crate::catalog::UnixMillis;
use crate::registry::{ChangeError, Registry};
use crate::scope::Scope;

/// How an operation is carried out.
enum Way {
    /// By a look at the catalog.
    Reads(fn(Call<'_>, Value) -> Result<Answer, Error>),
    /// By changes of the catalog that nothing comes between.
    Changes(fn(Call<'_>, Value) -> Result<Answer, Error>),
    /// By what needs no repository.
    Registry(fn(&Registry, &Caller, Value) -> Result<Answer, Error>),
    /// By content that goes to the disk or comes from it.
    Moves(for<'a> fn(&'a Registry, &'a Caller, Value) -> BoxFuture<'a, Result<Value, Error>>),
}

impl Registry {
    /// Answers a call of the ECR API, whatever it is, in the form of its protocol.
    ///
    /// `scope` is the caller's account and region. `origin` is scheme, host and port by which the caller reached this
    /// server, such as `http://localhost:4566`: addresses in answers begin with it. `peer` is whose memory the body takes.
    pub async fn ecr(&self, scope: Scope, origin: String, peer: Peer, request: Request<Body>) -> Response {
        let caller = Caller { scope, origin, now: UnixMillis::now() };
        let answered = self.answer(caller, peer, request).await;
        let (status, body) = match answered {
            Ok(body) => (http::StatusCode::OK, body),
            Err(error) => {
                if error.code() == ErrorCode::Server {
                    warn!(%error, "a call of ECR failed");
                }
                (error.code().status(), error.body())
            }
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        response
    }

    async fn answer(&self, caller: Caller, peer: Peer, request: Request<Body>) -> Result<Value, Error> {
        let (head, body) = request.into_parts();
        // Before anything is refused: a connection whose request was not read cannot be used again.
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let asked = Operation::of_target(target);
        let limit = body::limit(asked.as_ref().ok().map(|(operation, _)| *operation));
        let (bytes, _turn) = body::read(body, limit, self.config().bodies.share(peer)).await?;
        let (operation, members) = asked?;
        authorization::admit(self, operation)?;
        let reading = body::work(bytes.len(), move || {
            let request = decode::parse(members, &bytes)?;
            shape::check(members, request.as_object().expect("bodies are read as objects"))?;
            Ok(request)
        });
        let request = reading.await?;
        trace!(?operation, scope = %caller.scope, "called");
        match way(operation) {
            Way::Reads(decide) => Ok(decide(Call { caller: &caller, catalog: &self.catalog() }, request)?.body),
            Way::Moves(run) => run(self, &caller, request).await,
            Way::Registry(decide) => Ok(decide(self, &caller, request)?.body),
            Way::Changes(decide) => {
                let change = self.change(move |catalog| {
                    let Answer { body, changes } = decide(Call { caller: &caller, catalog }, request)?;
                    Ok((body, changes))
                });
                change.await.map_err(|error| match error {
                    ChangeError::Refused(error) => error,
                    ChangeError::Disk(cause) => Error::disk("the change could not be written", &cause),
                })
            }
        }
    }
}

fn way(operation: Operation) -> Way {
    match operation {
        Operation::BatchCheckLayerAvailability => Way::Reads(layers::check),
        Operation::BatchDeleteImage => Way::Changes(batch_delete::delete),
        Operation::BatchGetImage => Way::Moves(|registry, caller, it| Box::pin(batch_get::get(registry, caller, it))),
        Operation::CompleteLayerUpload => {
            Way::Moves(|registry, caller, it| Box::pin(layer_uploads::complete(registry, caller, it)))
        }
        Operation::CreateRepository => Way::Changes(repositories::create),
        Operation::DeleteLifecyclePolicy => Way::Changes(policies::delete_lifecycle_policy),
        Operation::DeleteRepository => Way::Changes(repositories::delete),
        Operation::DeleteRepositoryPolicy => Way::Changes(policies::delete_repository_policy),
        Operation::DescribeImages => Way::Reads(images::describe),
        Operation::DescribeRegistry => Way::Reads(repositories::describe_registry),
        Operation::DescribeRepositories => Way::Reads(repositories::describe),
        Operation::GetAuthorizationToken => Way::Registry(authorization::token),
        Operation::GetDownloadUrlForLayer => Way::Reads(layers::download_url),
        Operation::GetLifecyclePolicy => Way::Reads(policies::get_lifecycle_policy),
        Operation::GetRepositoryPolicy => Way::Reads(policies::get_repository_policy),
        Operation::InitiateLayerUpload => {
            Way::Moves(|registry, caller, it| Box::pin(layer_uploads::initiate(registry, caller, it)))
        }
        Operation::ListImageReferrers => Way::Reads(referrers::list),
        Operation::ListImages => Way::Reads(images::list),
        Operation::ListTagsForResource => Way::Reads(tags::list),
        Operation::PutImage => Way::Moves(|registry, caller, it| Box::pin(put_image::put(registry, caller, it))),
        Operation::PutImageScanningConfiguration => Way::Changes(policies::put_scanning),
        Operation::PutImageTagMutability => Way::Changes(mutability::put),
        Operation::PutLifecyclePolicy => Way::Changes(policies::put_lifecycle_policy),
        Operation::SetRepositoryPolicy => Way::Changes(policies::set_repository_policy),
        Operation::TagResource => Way::Changes(tags::tag),
        Operation::UntagResource => Way::Changes(tags::untag),
        Operation::UploadLayerPart => {
            Way::Moves(|registry, caller, it| Box::pin(layer_uploads::part(registry, caller, it)))
        }
    }
}

#[cfg(test)]
mod tests;
