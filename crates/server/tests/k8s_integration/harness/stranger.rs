//! Something else that listens on this host.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use super::host;

/// Listens by plain HTTP where Pods and nodes reach this host, gives everybody the same answer, and is found at this URL.
pub(crate) fn stranger(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
    let url = format!("http://{}:{}", host(), listener.local_addr().expect("a listener has an address").port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            // Whoever is refused may hang up first.
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(&answer));
        }
    });
    url
}
