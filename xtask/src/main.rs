//! Development tasks of fakecloud, run as `cargo xtask <task>`.

fn main() {}
