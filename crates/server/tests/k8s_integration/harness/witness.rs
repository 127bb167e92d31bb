//! A server on this host that Pods tell what they do, whatever becomes of their answers.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::eventually;
use super::settings::settings;

/// Collects lines; whoever connects says one and goes.
pub(crate) struct Witness {
    /// `HOST:PORT` for Pods.
    pub(crate) address: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Witness {
    /// Listens for the rest of the test.
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let witness = Self { address: format!("{}:{port}", settings().host), lines: Arc::clone(&lines) };
        let lines = Arc::downgrade(&lines);
        listener.set_nonblocking(true).expect("a listener can be asked without waiting");
        thread::spawn(move || {
            // Ends with the witness.
            while let Some(lines) = lines.upgrade() {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).expect("a stream can be waited for");
                        let mut line = String::new();
                        if BufReader::new(stream).read_line(&mut line).is_ok() {
                            lines.lock().expect("nobody panics with the lock").push(line.trim_end().to_owned());
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(10)),
                    Err(error) => panic!("the witness cannot listen: {error}"),
                }
            }
        });
        witness
    }

    /// All it was told so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics with the lock").clone()
    }

    /// Waits until it was told this.
    pub(crate) fn wait_for(&self, line: &str) {
        eventually(&format!("somebody says {line:?}"), || self.lines().iter().any(|one| one == line).then_some(()));
    }
}
