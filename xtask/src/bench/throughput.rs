//! Warm invocations a second: many clients through fakecloud, and as many straight to the same Pods.

use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::bare::{RIE_PORT, await_open};
use super::functions::{self, Code};
use super::http::Client;
use super::namespace::Namespace;
use super::report::{Aim, Row};
use super::samples::median;
use super::server::{Server, Setup};
use super::warm::{RIE_PATH, WARM_UP};
use crate::shell;

const FUNCTION: &str = "busy";
const CLIENTS: usize = 16;
const PODS: usize = 8;

/// The emulators that are free. Each may be sent one invocation at a time, so that clients without fakecloud have to
/// take turns as well.
struct Emulators {
    free: Mutex<Vec<Client>>,
    freed: Condvar,
}

/// Measures both ways in turns, `rounds` times for `round` each.
///
/// # Errors
/// Any answer but the event; another number of Pods than the function may have.
pub(crate) fn measure(setup: &Setup<'_>, code: &Code, rounds: usize, round: Duration) -> Result<Row> {
    shell::step(&format!("warm invocations a second, {CLIENTS} clients on {PODS} Pods: {rounds} times each way"));
    let server = Server::start_with(setup, &[("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", &PODS.to_string())])?;
    functions::create(&server, FUNCTION, code)?;
    let path = functions::invoke_path(FUNCTION);
    let mut clients = (0..CLIENTS).map(|_| server.client()).collect::<Result<Vec<_>>>()?;
    // The first invocations, which are not counted, start the Pods.
    invocations(&mut clients, Duration::from_secs(3), |client| functions::invoke(client, &path))?;
    let emulators = Emulators::connect(setup.namespace)?;

    let (mut through, mut direct) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let answered = invocations(&mut clients, round, |client| functions::invoke(client, &path))?;
        through.push(answered as f64 / round.as_secs_f64());
        let answered = invocations(&mut [(); CLIENTS], round, |()| emulators.invoke())?;
        direct.push(answered as f64 / round.as_secs_f64());
    }
    functions::delete(&server, FUNCTION)?;
    setup.namespace.settle()?;
    Ok(Row::per_second(format!("warm invokes, {CLIENTS} clients on {PODS} Pods"), median(through))
        .beside("the same clients straight to the Pods", median(direct))
        .aim(Some(Aim::RatioAtLeast(0.8))))
}

/// Lets every client invoke again and again: how many invocations were answered in `time`.
fn invocations<C: Send>(
    clients: &mut [C],
    time: Duration,
    invoke: impl Fn(&mut C) -> Result<()> + Sync,
) -> Result<usize> {
    let began = Instant::now();
    let invoke_on = |client: &mut C| -> Result<usize> {
        let mut answered = 0;
        while began.elapsed() < time {
            invoke(client)?;
            answered += usize::from(began.elapsed() < time);
        }
        Ok(answered)
    };
    thread::scope(|scope| {
        let running: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| invoke_on(client))).collect();
        running.into_iter().map(|client| client.join().expect("a measurement does not panic")).sum()
    })
}

// === impl Emulators ===

impl Emulators {
    fn connect(namespace: &Namespace<'_>) -> Result<Self> {
        let pods = namespace.pods_of(FUNCTION)?;
        ensure!(pods.len() == PODS, "{CLIENTS} clients started {} Pods instead of {PODS}: {pods:?}", pods.len());
        let connect = |pod: &String| {
            let ip = namespace.ip_of(pod)?;
            await_open(ip)?;
            Client::connect(SocketAddr::new(ip, RIE_PORT))
        };
        let mut free = pods.iter().map(connect).collect::<Result<Vec<_>>>()?;
        for _ in 0..WARM_UP {
            free.iter_mut().try_for_each(|client| functions::invoke(client, RIE_PATH))?;
        }
        Ok(Self { free: free.into(), freed: Condvar::new() })
    }

    fn invoke(&self) -> Result<()> {
        let mut free = self.free.lock().expect("nobody panics with the lock");
        let mut emulator = loop {
            match free.pop() {
                Some(emulator) => break emulator,
                None => free = self.freed.wait(free).expect("nobody panics with the lock"),
            }
        };
        drop(free);
        let answer = functions::invoke(&mut emulator, RIE_PATH);
        self.free.lock().expect("nobody panics with the lock").push(emulator);
        self.freed.notify_one();
        answer
    }
}
