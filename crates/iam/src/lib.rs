//! What AWS Lambda's clients ask of IAM and STS on the way: roles, policies and identities, without any IO.
//!
//! Terraform, SAM and their like make a function's role before the function, and ask who they are before anything else.
//! This crate answers them in AWS's query protocol and words. It keeps what it is given and enforces none of it: any
//! caller may do anything.
//!
//! 1. [`parse`] turns the parameters of a request into a [`Call`].
//! 2. [`Iam::apply`] carries it out and gives the [`Response`] with the [`Change`]s to persist.
//!
//! Time and randomness enter as a [`Moment`], the caller as a [`Caller`].

mod account;
mod actions;
mod answer;
mod call;
mod caller;
mod document;
mod error;
mod form;
mod given;
#[cfg(test)]
mod growth;
mod identity;
mod managed;
mod moment;
mod page;
mod persist;
mod policy;
mod policy_list;
mod policy_version;
mod role;
mod role_policy;
mod service;
mod session;
mod state;
mod tags;

pub use call::{Call, parse};
pub use caller::Caller;
pub use error::{Error, ErrorCode, Response};
pub use moment::Moment;
pub use persist::{Change, RestoreError};
pub use service::Service;
pub use state::{Applied, Iam};
