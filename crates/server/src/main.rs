//! The `fakecloud` binary.

fn main() {}
