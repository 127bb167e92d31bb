//! HTTPS on the same port as HTTP: which connections are which, and whom the server says it is.

mod authority;
pub(crate) mod identity;
pub(crate) mod listener;
mod pem;
mod stream;
