//! Each rule of the queue, one claim per test.

mod ages;
mod harness;
mod keeping;
mod limits;
mod retries;
