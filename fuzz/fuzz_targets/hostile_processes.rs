//! Any bytes as a walk of hostile processes: the promises of the property tests hold, and everything ends.
//!
//! `cargo +nightly fuzz run hostile_processes`.
#![no_main]

#[allow(dead_code, reason = "the strategies are for the property tests")]
#[path = "../../crates/runtime-api/tests/walk/mod.rs"]
mod walk;

use fakecloud_runtime_api::Exit;
use libfuzzer_sys::fuzz_target;
use walk::Model;
use walk::steps::{SetUp, Step};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let extensions = [0, 1, 2, 11][usize::from(first & 3)];
    let mut model = Model::new(SetUp { extensions, is_snap_start: first & 4 != 0, is_json: first & 8 != 0 });
    for piece in rest.chunks_exact(3).take(400) {
        model.step(step(piece[0], usize::from(piece[1]), usize::from(piece[2])));
    }
    model.let_time_pass();
    model.assert_nothing_runs();
    model.shut_down();
    model.let_time_pass();
    model.assert_down();
});

fn step(kind: u8, first: usize, second: usize) -> Step {
    let is_odd = second % 2 == 1;
    let exit = [Exit::Status(1), Exit::Signal(9), Exit::OutOfMemory][second % 3];
    match kind % 16 {
        0 | 1 => Step::Invoke { is_streaming: is_odd, wants_tail: first % 2 == 1 },
        2 | 3 => Step::Behave,
        4 => Step::BehaveAsExtensions,
        5..=7 => Step::Call { path: first, id: second / 8, headers: u8::try_from(second).unwrap_or_default() },
        8 => Step::Body { pick: first, bytes: [10, 1_000, 70_000, 4_000_000][second % 4] },
        9 => Step::End { pick: first, with_error: is_odd },
        10 => Step::HangUp { pick: first },
        11 => Step::Exit { pick: first, exit },
        12 => Step::Print { pick: first, text: second },
        13 => Step::Deliver { pick: first, taken: is_odd },
        14 if second == 255 => Step::Shutdown,
        14 if is_odd => Step::FailSpawn { pick: first },
        14 => Step::SleepUntilDeadline,
        _ => Step::Sleep { milliseconds: 10 * second as u64 },
    }
}
