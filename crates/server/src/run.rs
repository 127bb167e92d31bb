//! Wires the parts together, from the settings to the end of the process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fakecloud_podspec::InstanceLabel;
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::args::{Args, Backend, Ecr, K8sArgs};
use crate::assembly::Doors;
use crate::backends::k8s::api::Cluster;
use crate::backends::k8s::backend::{self, K8s};
use crate::backends::k8s::{reaper, token::Secret};
use crate::common::words::chain;
use crate::common::{deadline, logging, request_id};
use crate::connections::Door;
use crate::control::{provisioning, sweeper};
use crate::environments::driver;
use crate::http::entrance::Entrance;
use crate::invocations::events;
use crate::shutdown::Signals;
use crate::{assembly, memory, settings, shutdown};

/// So many cores a thread that serves requests: the rest is for Pods and for work that blocks.
const CORES_PER_WORKER: usize = 4;

/// After the last Pod is deleted, its callers' answers get this long to leave.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Runs the server; errors go to standard error, once, in words.
pub(crate) fn main(args: Args) -> ExitCode {
    let outcome = logging::init(&args).and_then(|()| {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(worker_threads()).enable_all().build()?;
        runtime.block_on(serve(args))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fakecloud: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// A worker that wakes for a request wakes another one to look for more work: on a machine that is shared with its Pods
/// this costs an invocation more than what one worker does for it.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(CORES_PER_WORKER))
}

async fn serve(args: Args) -> Result<()> {
    // 1. What can fail on its own. Signals first: as process 1 of a container it would not notice them otherwise.
    let mut signals = Signals::install().context("signals cannot be received")?;
    let secret = Secret::generate().context("the operating system gives no random bytes")?;
    let instance = InstanceLabel::new(std::process::id(), request_id::random_u64());
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("FAKECLOUD_LISTEN={}: the address cannot be listened on", args.listen))?;
    let listen = listener.local_addr()?;
    let settings = Arc::new(settings::from_args(&args, listen.port())?);
    let cluster = tokio::select! {
        cluster = backend(args.lambda_backend, &args.k8s) => cluster?,
        signal = signals.next() => {
            info!(signal, "shutting down before anything was started");
            return Ok(());
        }
    };

    // 2. The parts, each a task of its own.
    let (driver, inputs) = driver::channel();
    let k8s = K8s::new(backend::Parts {
        cluster: cluster.clone(),
        settings: Arc::clone(&settings),
        registry: settings.ecr.clone().filter(|_| args.registry.ecr == Ecr::Own),
        instance: instance.clone(),
        secret,
        unschedulable_grace: args.k8s.unschedulable_grace.0,
        driver: driver.clone(),
    });
    let (events, event_inputs) = events::channel();
    let memory = memory::Parts::of_setting(args.memory.limit);
    let doors = Doors { driver: driver.clone(), events, k8s: Arc::clone(&k8s) };
    let app = assembly::app(&args, &memory, listen, settings, doors, &instance)?;
    let queueing = events::restored(&args, memory.events, app.clone(), event_inputs)?;
    let mut driving = tokio::spawn(driver::run(settings::pool(&args), k8s.clone(), driver.clone(), inputs));
    let mut watching = tokio::spawn(k8s.watch());
    let mut queueing = tokio::spawn(queueing);
    let mut provisioning = tokio::spawn(provisioning::run(app.clone()));
    let mut sweeping = tokio::spawn(sweeper::run(app.clone()));
    tokio::spawn(deadline::tick());
    let (stop, stopped) = oneshot::channel::<()>();
    let admission = args.connections.admission(args.lambda_max_pods.get() as usize);
    let door = Door::new(listener, Arc::clone(&app.identity.tls), Entrance::new(app.clone()), admission);
    let mut serving = tokio::spawn(door.serve(stopped.map(drop)));
    say_ready(listen, &instance, &args.k8s);
    let reaping = tokio::spawn(reaper::run(cluster, instance));

    // 3. A part that ends by itself ends the process: nothing here works without the others.
    let signal = tokio::select! {
        signal = signals.next() => signal,
        ended = &mut serving => bail!("the HTTP server ended: {ended:?}"),
        ended = &mut driving => bail!("the driver ended: {ended:?}"),
        ended = &mut watching => bail!("the watch on Pods ended: {ended:?}"),
        ended = &mut queueing => bail!("the queue of asynchronous invocations ended: {ended:?}"),
        ended = &mut provisioning => bail!("what follows provisioned concurrency ended: {ended:?}"),
        ended = &mut sweeping => bail!("the sweeper ended: {ended:?}"),
    };

    // 4. The end: no new connections or events, then no Pods, then the last deliveries and answers.
    info!(signal, "shutting down");
    reaping.abort();
    drop(stop);
    app.events.send(events::Input::Shutdown);
    shutdown::delete_pods(&driver).await;
    events::close(&app, args.data_dir.is_some()).await;
    if tokio::time::timeout(LAST_ANSWERS, serving).await.is_err() {
        warn!("connections that are still open are cut");
    }
    Ok(())
}

fn say_ready(listen: SocketAddr, instance: &InstanceLabel, k8s: &K8sArgs) {
    info!(%listen, %instance, namespace = %k8s.namespace, "fakecloud serves");
    info!(
        "whether anything but fakecloud reaches the Pods of functions depends on the cluster's network, which fakecloud cannot \
         see: where it enforces NetworkPolicies, deploy/components/networkpolicy has one"
    );
}

async fn backend(backend: Backend, k8s: &K8sArgs) -> Result<Cluster> {
    match backend {
        Backend::K8s => Cluster::connect(k8s.namespace.as_str())
            .await
            .context("FAKECLOUD_LAMBDA_BACKEND=k8s but Kubernetes backend failed to initialize"),
    }
}
