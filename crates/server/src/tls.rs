//! HTTPS on the same port as HTTP: which connections are which, and whom the server says it is.

mod authority;
mod authority_terms;
pub(crate) mod identity;
mod pem;
pub(crate) mod stream;
