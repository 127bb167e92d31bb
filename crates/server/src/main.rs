//! The `fakecloud` binary: AWS Lambda on the Kubernetes cluster you already have.

mod app;
mod args;
mod connections;
mod deadline;
mod headers;
mod health;
mod http;
mod invocations;
mod keyed_hash;
mod log_fields;
mod logging;
mod memory;
mod outbound;
mod pods;
mod request_id;
mod run;
mod settings;
mod shutdown;
mod state;
mod tls;
mod to_the_end;
mod words;

fn main() -> std::process::ExitCode {
    run::main(args::Args::read())
}
