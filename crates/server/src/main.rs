//! The `fakecloud` binary: AWS Lambda on the Kubernetes cluster you already have.

mod app;
mod args;
mod artifacts;
mod blobs;
mod cluster;
mod connection;
mod control;
mod convert;
mod deployment;
mod deployments;
mod driver;
mod durable;
mod health;
mod http;
mod invoke;
mod launcher;
mod lease;
mod pod_entry;
mod pod_status;
mod reaper;
mod request_id;
mod run;
mod settings;
mod shutdown;
mod store;
mod sweeper;
mod token;
mod words;
mod writer;

fn main() -> std::process::ExitCode {
    run::main(args::Args::read())
}
