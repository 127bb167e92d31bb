//! HTTP/1.1 as a server, without blocking: the API of the sandbox, and fakecloud's requests over the connection that the
//! supervisor has dialled.

mod body;
mod connection;
mod head;
mod write;

pub(crate) use connection::{Connection, Event};
pub(crate) use head::{Head, ResponseHead, response};
pub(crate) use write::{CONTINUE, LAST_CHUNK, chunk_head, head};
