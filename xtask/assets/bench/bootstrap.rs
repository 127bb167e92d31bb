//! A custom runtime that answers with what it was sent: as little work of its own as a runtime can have, so that what
//! is measured lies outside of it. Compiled by `cargo xtask bench` with `rustc` alone.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let stream = TcpStream::connect(&api)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        write!(writer, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {api}\r\n\r\n")?;
        let (request_id, event) = read_answer(&mut reader)?;
        let mut response = format!(
            "POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1\r\nHost: {api}\r\nContent-Length: {}\r\n\r\n",
            event.len()
        )
        .into_bytes();
        response.extend(event);
        writer.write_all(&response)?;
        read_answer(&mut reader)?;
    }
}

/// The request id, where the answer is an event, and the body.
fn read_answer(reader: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let (mut request_id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            // The status line has no colon, and the empty line ends the head.
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "lambda-runtime-aws-request-id" => request_id = value.to_owned(),
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((request_id, body))
}
