//! Wires the parts together, from the settings to the end of the process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fakecloud_budget::Budget;
use fakecloud_lambda::Effect;
use fakecloud_podspec::InstanceLabel;
use fakecloud_pool::Config as PoolConfig;
use fakecloud_registry::{Registry, Token};
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::app::{App, Parts};
use crate::args::{Args, Backend, Ecr, K8sArgs};
use crate::backends::k8s::api::Cluster;
use crate::backends::k8s::backend::{self, K8s};
use crate::backends::k8s::fetch::ARCHIVES_PATH;
use crate::backends::k8s::reaper;
use crate::backends::k8s::token::Secret;
use crate::common::words::chain;
use crate::common::{logging, request_id};
use crate::connections::Door;
use crate::control::deployments::Deployments;
use crate::control::image::OwnImages;
use crate::control::provisioning;
use crate::control::provisioning::Provisioning;
use crate::control::restore::{Restored, restore};
use crate::control::{supplied_layers, sweeper};
use crate::disk::blobs::Blobs;
use crate::environments::driver::{self, Handle};
use crate::health::Health;
use crate::http::entrance::Entrance;
use crate::http::forward::Forward;
use crate::http::trust::Trust;
use crate::invocations::events;
use crate::invocations::invocation_log::InvocationLog;
use crate::invocations::waiting_bytes::Waiting;
use crate::outbound::aws_client::{AwsClient, Credentials, Endpoints};
use crate::outbound::http_client::HttpClient;
use crate::shutdown::Signals;
use crate::tls::identity::Identity;
use crate::{memory, settings, shutdown};

/// After a start that failed, the next one of the same function waits this long, then twice as long, …
const BACKOFF_MIN: Duration = Duration::from_millis(500);

/// … but never longer than this, so that a repaired quota or image is found soon.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A function without a Pod waits this long in a full house for what others leave; then the next Pod of theirs that is
/// free for a moment makes way. About what the way costs: a deletion and a cold start.
const HANDOVER_AFTER: Duration = Duration::from_secs(2);

/// A deletion the API server did not take is asked for again after this.
const STOP_RETRY: Duration = Duration::from_secs(5);

/// So many cores a thread that serves requests: the rest is for Pods and for work that blocks.
const CORES_PER_WORKER: usize = 4;

/// Shorter than any limit of an invocation, and long enough to cost nothing.
const TICK: Duration = Duration::from_secs(1);

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
    let app = app(&args, &memory, listen, settings, (driver.clone(), events), Arc::clone(&k8s), &instance)?;
    let queueing = events::restored(&args, memory.events, app.clone(), event_inputs)?;
    let mut driving = tokio::spawn(driver::run(pool_config(&args), k8s.clone(), driver.clone(), inputs));
    let mut watching = tokio::spawn(k8s.watch());
    let mut queueing = tokio::spawn(queueing);
    let mut provisioning = tokio::spawn(provisioning::run(app.clone()));
    let mut sweeping = tokio::spawn(sweeper::run(app.clone()));
    tokio::spawn(tick());
    let (stop, stopped) = oneshot::channel::<()>();
    let admission = args.connections.admission(args.lambda_max_pods.get() as usize);
    let door = Door::new(listener, Arc::clone(&app.identity.tls), Entrance::new(app.clone()), admission);
    let mut serving = tokio::spawn(door.serve(stopped.map(drop)));
    info!(%listen, %instance, namespace = %args.k8s.namespace, "fakecloud serves");
    info!(
        "whether anything but fakecloud reaches the Pods of functions depends on the cluster's network, which fakecloud cannot \
         see: where it enforces NetworkPolicies, deploy/components/networkpolicy has one"
    );
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

/// Keeps a timer set that is due soon. One that becomes the first to be due wakes the thread that waits for timers and
/// sockets, at the cost of two system calls; the limit of each invocation would be such a one.
async fn tick() {
    loop {
        tokio::time::sleep(TICK).await;
    }
}

async fn backend(backend: Backend, k8s: &K8sArgs) -> Result<Cluster> {
    match backend {
        Backend::K8s => Cluster::connect(k8s.namespace.as_str())
            .await
            .context("FAKECLOUD_LAMBDA_BACKEND=k8s but Kubernetes backend failed to initialize"),
    }
}

fn pool_config(args: &Args) -> PoolConfig {
    PoolConfig {
        max_concurrency: args.lambda_max_concurrency,
        max_instances: args.lambda_max_pods,
        handover_after: HANDOVER_AFTER,
        idle_ttl: args.lambda_idle_ttl.0,
        start_timeout: args.lambda_start_timeout.0,
        queue_limit: args.lambda_queue_limit,
        starts_min: args.starts.min,
        starts_max: args.starts.max,
        start_wait: args.starts.wait.0,
        stop_timeout: STOP_RETRY,
        backoff_min: BACKOFF_MIN,
        backoff_max: BACKOFF_MAX,
    }
}

fn app(
    args: &Args,
    memory: &memory::Parts,
    listen: SocketAddr,
    settings: Arc<fakecloud_podspec::Cluster>,
    (driver, events): (Handle, events::Handle),
    k8s: Arc<K8s>,
    instance: &InstanceLabel,
) -> Result<App> {
    let data_dir = args.data_dir.as_deref();
    let place = || match data_dir {
        Some(dir) => format!("FAKECLOUD_DATA_DIR={}: the directory cannot be used", dir.display()),
        None => {
            "no temporary directory can be made: set FAKECLOUD_DATA_DIR or TMPDIR to one that is writable".to_owned()
        }
    };
    let blobs = Arc::new(Blobs::open(data_dir, args.data.limit.0).with_context(place)?);
    let bodies = Budget::new(memory.bodies, memory::LARGEST_BODY_BYTES);
    let registry = Registry::open(registry_config(args, &blobs, Arc::clone(&bodies))).with_context(place)?;
    let lambda_config = fakecloud_lambda::Config {
        self_url: settings.self_url.to_string(),
        archives_path: format!("{ARCHIVES_PATH}/"),
        foreign_layers: supplied_layers::load(&args.layers, &blobs)?,
    };
    let Restored { lambda, iam, writer } = restore(data_dir, blobs.quota(), lambda_config).with_context(place)?;
    let names = settings::server_names(args, &settings);
    let identity = Identity::of_args(&args.tls, data_dir, &names)?;
    let trust = Trust::new(&args.trust, names);
    let http = HttpClient::new();
    let forward_url = settings::forward_url(&args.aws, listen, &settings.self_url)?;
    let endpoints = Endpoints::from_args(&args.aws, listen, &settings.self_url);
    let aws = AwsClient::new(http.clone(), endpoints, Credentials::from_args(&args.aws));
    let forward = forward_url.map(|url| Forward::new(http, url, instance.as_str()));
    let own_images = match args.registry.ecr {
        Ecr::Own => Some(OwnImages::new(registry.clone(), &settings)),
        Ecr::External => None,
    };
    let deployments = Deployments::new(settings, args.tags.rules(), Arc::clone(&blobs));
    deployments.follow(lambda.functions().cloned().map(Effect::Deployed).collect());
    Ok(App::new(Parts {
        lambda: lambda.into(),
        iam: iam.into(),
        bodies,
        payloads: Waiting::new(memory.payloads),
        writer,
        deployments,
        provisioning: Provisioning::default(),
        blobs,
        registry,
        own_images,
        driver,
        events,
        k8s,
        aws,
        forward,
        trust,
        health: Health::serving(instance.as_str()),
        identity,
        invocations: AtomicU64::new(1),
        invocation_log: InvocationLog::default(),
    }))
}

fn registry_config(args: &Args, blobs: &Blobs, bodies: Arc<Budget>) -> fakecloud_registry::Config {
    fakecloud_registry::Config {
        folder: blobs.root().join("registry"),
        quota: blobs.quota().clone(),
        durable: args.data_dir.is_some(),
        token: args.registry.token.clone().and_then(|token| Token::new(token.0)),
        auto_create: args.registry.auto_create,
        upstreams: args.registry.upstreams.clone().map(|upstreams| upstreams.0).unwrap_or_default(),
        bodies,
    }
}
