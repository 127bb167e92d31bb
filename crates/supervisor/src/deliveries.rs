//! Batches of telemetry on their way to their subscribers, each on a thread of its own.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use fakecloud_runtime_api::Destination;

/// The time that a subscriber has for each step.
const STEP_MAX: Duration = Duration::from_secs(5);

/// Brings a batch, and tells whether it was taken.
pub(crate) fn deliver(destination: Destination, batch: Bytes, then: impl FnOnce(bool) + Send + 'static) {
    thread::spawn(move || then(bring(&destination, &batch).is_ok()));
}

fn bring(destination: &Destination, batch: &[u8]) -> io::Result<()> {
    match destination {
        Destination::Tcp { port } => connect(*port)?.write_all(batch),
        Destination::Http { port, path, method } => {
            let mut stream = connect(*port)?;
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: sandbox.localdomain:{port}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                batch.len()
            );
            stream.write_all(&[head.as_bytes(), batch].concat())?;
            let mut status = [0; 12];
            stream.read_exact(&mut status)?;
            match status[9] {
                b'2' => Ok(()),
                _ => Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), STEP_MAX)?;
    stream.set_read_timeout(Some(STEP_MAX))?;
    stream.set_write_timeout(Some(STEP_MAX))?;
    Ok(stream)
}
