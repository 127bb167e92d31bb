//! The `fakecloud` binary: AWS Lambda on the Kubernetes cluster you already have.
//!
//! The folders stand in the order in which a request comes by. Each calls those below it; ARCHITECTURE.md names the few arrows that
//! still run up.

mod app;
mod args;
mod assembly;
mod health;
mod memory;
mod run;
mod settings;
mod shutdown;

/// Connections of clients: how many there may be, how long one may do nothing, and who is let in when they are too many.
mod connections {
    mod activity;
    pub(crate) mod descriptors;
    mod door;
    mod parting;
    mod peer;
    mod reserve;
    mod slots;
    mod watch;

    pub(crate) use activity::{Activity, Busy, Held};
    pub(crate) use door::{Admission, Door};
    pub(crate) use peer::Peer;
    pub(crate) use slots::{Full, Terms};
    pub(crate) use watch::Limits;
}

/// HTTPS on the same port as HTTP: which connections are which, and whom the server says it is.
mod tls {
    mod authority;
    mod authority_terms;
    pub(crate) mod identity;
    mod pem;
    pub(crate) mod stream;
}

mod http;

/// Calls that change the control plane, and what follows its changes.
mod control {
    pub(crate) mod archive;
    pub(crate) mod calls;
    pub(crate) mod commit;
    pub(crate) mod convert;
    pub(crate) mod deployments;
    pub(crate) mod hand_over;
    pub(crate) mod iam_calls;
    pub(crate) mod image;
    pub(crate) mod provisioning;
    pub(crate) mod reset;
    pub(crate) mod restore;
    pub(crate) mod room;
    pub(crate) mod s3_object;
    pub(crate) mod supplied_layers;
    pub(crate) mod sweeper;
}

/// Invocations, whether somebody waits for them, streams them or neither: from what is asked for to the answer.
mod invocations {
    pub(crate) mod admission;
    pub(crate) mod destinations;
    pub(crate) mod events;
    mod hints;
    pub(crate) mod invocation_log;
    pub(crate) mod invoke;
    mod sent;
    pub(crate) mod streaming;
    pub(crate) mod trace_id;
    pub(crate) mod waiting_bytes;
}

/// What execution environments run on.
mod backends {
    /// Pods of a Kubernetes cluster.
    pub(crate) mod k8s {
        pub(crate) mod api;
        pub(crate) mod backend;
        pub(crate) mod fetch;
        mod fetch_failure;
        mod pod_status;
        mod pods;
        mod pull_failure;
        mod quota;
        pub(crate) mod reaper;
        mod refusal_hint;
        pub(crate) mod token;
    }
}

/// Execution environments: the driver, the one task that decides about them, and the connections to them.
mod environments {
    mod answer_reader;
    pub(crate) mod backend;
    pub(crate) mod bundle;
    pub(crate) mod connection;
    pub(crate) mod deployment;
    pub(crate) mod dialler;
    pub(crate) mod driver;
    pub(crate) mod emulator;
    pub(crate) mod environment;
    pub(crate) mod lease;
    pub(crate) mod relay;
    pub(crate) mod snapshot;
    pub(crate) mod timeline;
}

/// The data directory, which outlives the process.
mod disk {
    pub(crate) mod blobs;
    pub(crate) mod store;
    pub(crate) mod writer;
}

/// Calls of other services, of AWS or of an emulator that stands in for them.
mod outbound {
    pub(crate) mod aws_client;
    pub(crate) mod endpoint_url;
    pub(crate) mod http_client;
}

/// Facts and small tools that all of the above stand on.
mod common {
    pub(crate) mod clock;
    pub(crate) mod deadline;
    pub(crate) mod headers;
    pub(crate) mod keyed_hash;
    pub(crate) mod log_fields;
    pub(crate) mod logging;
    pub(crate) mod pieces;
    pub(crate) mod request_id;
    pub(crate) mod to_the_end;
    pub(crate) mod words;
}

fn main() -> std::process::ExitCode {
    run::main(args::Args::read())
}
