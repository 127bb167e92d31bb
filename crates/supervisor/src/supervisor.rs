//! The loop: descriptors, deadlines and notes of threads in, the machine's actions out.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use fakecloud_runtime_api::{CallId, Environment, Input, Now, SubscriberId};
use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};

use crate::assignment::{self, Programs};
use crate::link::{self, Dialled, Link};
use crate::memory::Memory;
use crate::pipes::Pipe;
use crate::poller::{Interest, Poller};
use crate::processes::Processes;
use crate::requests::Serving;
use crate::sandbox::Api;
use crate::settings::{self, Settings};

pub(crate) const LISTENER: u64 = 0;
const CHILDREN: u64 = 1;
const TERMINATION: u64 = 2;
const NOTES: u64 = 3;
pub(crate) const CONTROL: u64 = 4;
const FIRST_FREE: u64 = 16;

/// The descriptors and the processes that the function's processes may have, as on AWS.
const FUNCTION_LIMIT: u64 = 1_024;

/// The time for the last batches of the log.
const LAST_BATCHES_MAX: Duration = Duration::from_secs(2);

/// Process 1.
pub(crate) struct Supervisor {
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
    pub(crate) programs: Programs,
    pub(crate) poller: Poller,
    pub(crate) listener: TcpListener,
    children: UnixStream,
    termination: UnixStream,
    notes: Receiver<Note>,
    pub(crate) notifier: Notifier,
    /// The connections of runtime and extensions.
    pub(crate) connections: BTreeMap<u64, Api>,
    /// The connection of each open call.
    pub(crate) calls: BTreeMap<CallId, u64>,
    pub(crate) last_call: u64,
    pub(crate) pipes: BTreeMap<u64, Pipe>,
    last_token: u64,
    pub(crate) processes: Processes,
    pub(crate) memory: Memory,
    pub(crate) link: Link,
    pub(crate) control_interest: Interest,
    /// The fields that tell fakecloud how the initialisation ended.
    pub(crate) init_fields: Vec<(&'static str, String)>,
    pub(crate) serving: Option<Serving>,
    /// The lines that are not written.
    pub(crate) log: Vec<u8>,
    pub(crate) scratch: Vec<u8>,
    /// Whether a batch of the log is under way.
    pub(crate) is_shipping: bool,
    pub(crate) is_down: bool,
}

/// News of a thread.
pub(crate) enum Note {
    Delivered { subscriber: SubscriberId, taken: bool },
    Dialled(Dialled),
    Shipped { taken: bool },
}

/// The way in which threads wake the loop.
#[derive(Clone)]
pub(crate) struct Notifier {
    sender: Sender<Note>,
    wake: Arc<OwnedFd>,
}

/// Runs an environment until it has ended.
///
/// # Errors
/// The sentence says why there is no environment.
pub(crate) fn run() -> Result<(), String> {
    // The environment's token is not the function's business.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string())?;
    // Variables that are no text belong to nobody here.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let settings = settings::settings(variables)?;
    let json = link::fetch(&settings)?;
    let mut supervisor = Supervisor::new(settings, &json)?;
    supervisor.feed(Input::Initialize);
    supervisor.run().map_err(|error| error.to_string())
}

// === impl Supervisor ===

impl Supervisor {
    fn new(settings: Settings, json: &[u8]) -> Result<Self, String> {
        let words = |error: std::io::Error| error.to_string();
        let mut seed = [0; 16];
        rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty()).map_err(|error| error.to_string())?;
        let variables = settings.container_variables.clone();
        let api = settings.runtime_api.clone();
        let assignment = assignment::parse(json, variables, api, now().epoch_ms, u128::from_ne_bytes(seed))?;
        let listener = TcpListener::bind(&settings.runtime_api)
            .map_err(|error| format!("cannot listen at FAKECLOUD_RUNTIME_API={}: {error}", settings.runtime_api))?;
        listener.set_nonblocking(true).map_err(words)?;
        let poller = Poller::new().map_err(words)?;
        let children = signals(&[SIGCHLD]).map_err(words)?;
        let termination = signals(&[SIGTERM, SIGINT]).map_err(words)?;
        let (sender, notes) = channel();
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|error| error.to_string())?;
        poller.add(&listener, LISTENER).map_err(words)?;
        poller.add(&children, CHILDREN).map_err(words)?;
        poller.add(&termination, TERMINATION).map_err(words)?;
        poller.add(&wake, NOTES).map_err(words)?;
        limit(Resource::Nofile);
        let extensions = executables(&assignment.programs);
        Ok(Self {
            environment: Environment::new(assignment.configuration, extensions),
            programs: assignment.programs,
            settings,
            poller,
            listener,
            children,
            termination,
            notes,
            notifier: Notifier { sender, wake: Arc::new(wake) },
            connections: BTreeMap::new(),
            calls: BTreeMap::new(),
            last_call: 0,
            pipes: BTreeMap::new(),
            last_token: FIRST_FREE,
            processes: Processes::default(),
            memory: Memory::new(),
            link: Link::Waiting,
            control_interest: Interest { reads: true, writes: false },
            init_fields: Vec::new(),
            serving: None,
            log: Vec::new(),
            scratch: vec![0; 64 * 1024],
            is_shipping: false,
            is_down: false,
        })
    }

    fn run(&mut self) -> std::io::Result<()> {
        while !self.is_down {
            self.flush_log();
            let ready = self.poller.wait(self.time_left())?;
            let now = now();
            if self.environment.poll_timeout().is_some_and(|(deadline, _)| deadline <= now.instant) {
                self.environment.handle_timeout(now);
                self.carry_out();
            }
            self.mind_the_link(now.instant);
            ready.into_iter().for_each(|token| self.ready(token));
            // The environment may be free for a request that has come meanwhile.
            self.serve();
        }
        self.flush_log();
        self.ship_the_rest()
    }

    /// Waits for the last batches of the log, for some seconds at most.
    fn ship_the_rest(&mut self) -> std::io::Result<()> {
        let deadline = Instant::now() + LAST_BATCHES_MAX;
        while self.is_shipping && Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.poller.wait(Some(left))?.contains(&NOTES) {
                self.take_notes();
            }
        }
        Ok(())
    }

    /// Tells the machine, and does what it says.
    pub(crate) fn feed(&mut self, input: Input) {
        self.environment.handle(now(), input);
        self.carry_out();
    }

    pub(crate) fn token(&mut self) -> u64 {
        self.last_token += 1;
        self.last_token
    }

    fn ready(&mut self, token: u64) {
        match token {
            LISTENER => self.accept(),
            CHILDREN => {
                drain(&mut self.children);
                self.reap();
            }
            TERMINATION => {
                drain(&mut self.termination);
                self.feed(Input::Shutdown);
            }
            NOTES => self.take_notes(),
            CONTROL => self.control_ready(),
            token if self.pipes.contains_key(&token) => self.pipe_ready(token),
            token => self.connection_ready(token),
        }
    }

    fn take_notes(&mut self) {
        let _ = rustix::io::read(&*self.notifier.wake, &mut [0; 8]);
        while let Ok(note) = self.notes.try_recv() {
            match note {
                Note::Delivered { subscriber, taken } => self.feed(Input::Delivered { subscriber, taken }),
                Note::Dialled(dialled) => self.dialled(dialled),
                Note::Shipped { taken } => {
                    self.is_shipping = false;
                    self.feed(Input::Shipped { taken });
                }
            }
        }
    }

    fn time_left(&self) -> Option<Duration> {
        let machine = self.environment.poll_timeout().map(|(deadline, _)| deadline);
        let deadline = machine.into_iter().chain(self.link_deadline()).min()?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    fn flush_log(&mut self) {
        if !self.log.is_empty() {
            let _ = std::io::stdout().lock().write_all(&self.log);
            let _ = std::io::stdout().lock().flush();
            self.log.clear();
        }
    }
}

// === impl Notifier ===

impl Notifier {
    pub(crate) fn tell(&self, note: Note) {
        if self.sender.send(note).is_ok() {
            let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
        }
    }
}

/// This moment on both clocks.
pub(crate) fn now() -> Now {
    let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Now { instant: Instant::now(), epoch_ms: u64::try_from(epoch.as_millis()).unwrap_or(u64::MAX) }
}

/// A stream that becomes readable with each of these signals.
fn signals(numbers: &[i32]) -> std::io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    read.set_nonblocking(true)?;
    for number in numbers {
        signal_hook::low_level::pipe::register(*number, write.try_clone()?)?;
    }
    Ok(read)
}

fn drain(stream: &mut UnixStream) {
    let mut bytes = [0; 64];
    while matches!(stream.read(&mut bytes), Ok(read) if read > 0) {}
}

/// Lowers the limit that the function's processes inherit. The supervisor's own descriptors are fewer.
fn limit(resource: Resource) {
    let limit = Rlimit { current: Some(FUNCTION_LIMIT), maximum: Some(FUNCTION_LIMIT) };
    let _ = setrlimit(resource, limit);
}

/// The names of the executables of extensions, in their order.
fn executables(programs: &Programs) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(entries) = std::fs::read_dir(&programs.extensions) else { return Vec::new() };
    let is_executable = |entry: &std::fs::DirEntry| {
        std::fs::metadata(entry.path()).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    let mut names: Vec<String> =
        entries.flatten().filter(is_executable).filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
