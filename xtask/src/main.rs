//! Development tasks of fakecloud, run as `cargo xtask <task>`.

mod bench;
mod ci;
mod clients;
mod cluster;
mod codegen;
mod debian;
mod demo;
mod deny;
mod deploy;
mod faketime;
mod image;
mod image_tools;
mod images;
mod k8s_test;
mod moto;
mod msrv;
mod oci;
mod paths;
mod program;
mod purity;
mod python;
mod schemas;
mod shell;
#[cfg(test)]
mod tidy;

use clap::Parser;

/// One task a run; each lives in the file of its name.
#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of fakecloud")]
enum Task {
    /// Boot, stop or describe a test cluster
    Cluster(cluster::Args),
    /// Build the test images and load them into the cluster
    Images(images::Args),
    /// Build the fakecloud image as an OCI archive
    Image(image::Args),
    /// Apply deploy/ to the cluster, with the fakecloud image loaded
    Deploy(deploy::Args),
    /// Boot a cluster, deploy fakecloud, create and invoke a function, and show its Pod
    Demo(demo::Args),
    /// Set up the cluster and run the cluster tests
    K8sTest(k8s_test::Args),
    /// Measure fakecloud beside the bare Pods it runs
    Bench(bench::Args),
    /// Write crates/lambda/src/shapes from the AWS service model
    Codegen(codegen::Args),
    /// Validate every Pod snapshot against the Kubernetes schemas
    Schemas(schemas::Args),
    /// Check that the pure crates depend on nothing that does IO
    Purity(purity::Args),
    /// Check licences, bans and sources of the dependencies, or their advisories
    Deny(deny::Args),
    /// Compile with the oldest Rust that is supported
    Msrv(msrv::Args),
    /// All that CI runs
    Ci(ci::Args),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Cluster(args) => cluster::run(args),
        Task::Images(args) => images::run(args),
        Task::Image(args) => image::run(args),
        Task::Deploy(args) => deploy::run(args),
        Task::Demo(args) => demo::run(args),
        Task::K8sTest(args) => k8s_test::run(args),
        Task::Bench(args) => bench::run(args),
        Task::Codegen(args) => codegen::run(args),
        Task::Schemas(args) => schemas::run(args),
        Task::Purity(args) => purity::run(args),
        Task::Deny(args) => deny::run(args),
        Task::Msrv(args) => msrv::run(args),
        Task::Ci(args) => ci::run(args),
    }
}
