//! The `fakecloud` binary: AWS Lambda on the Kubernetes cluster you already have.

mod admission;
mod app;
mod archive;
mod args;
mod artifacts;
mod aws_client;
mod blobs;
mod cluster;
mod connection;
mod control;
mod convert;
mod deployment;
mod deployments;
mod destinations;
mod driver;
mod durable;
mod endpoint_url;
mod events;
mod forward;
mod function_urls;
mod health;
mod http;
mod http_client;
mod iam_api;
mod inspect;
mod invocation_log;
mod invoke;
mod lambda_api;
mod launcher;
mod lease;
mod other_services;
mod peek;
mod pod_entry;
mod pod_status;
mod provisioning;
mod reaper;
mod refusal;
mod relay;
mod request_id;
mod reset;
mod restore;
mod run;
mod s3_object;
mod service;
mod settings;
mod shutdown;
mod store;
mod streaming;
mod sweeper;
mod timeline;
mod token;
mod trace_id;
mod words;
mod writer;

fn main() -> std::process::ExitCode {
    run::main(args::Args::read())
}
