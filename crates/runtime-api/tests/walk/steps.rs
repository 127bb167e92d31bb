//! The steps of a walk.

use fakecloud_runtime_api::Exit;
use proptest::prelude::*;

/// One step of a walk. Numbers pick among what is known at that moment, so that most steps mean something, and some are
/// late, repeated or out of order.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Invoke {
        is_streaming: bool,
        wants_tail: bool,
    },
    /// A call of the runtime that fits the moment: the next event, or the answer in one chunk.
    Behave,
    /// Each extension that may register does, and each that may wait does.
    BehaveAsExtensions,
    Call {
        path: usize,
        id: usize,
        headers: u8,
    },
    Body {
        pick: usize,
        bytes: usize,
    },
    End {
        pick: usize,
        with_error: bool,
    },
    HangUp {
        pick: usize,
    },
    Exit {
        pick: usize,
        exit: Exit,
    },
    FailSpawn {
        pick: usize,
    },
    Print {
        pick: usize,
        text: usize,
    },
    Deliver {
        pick: usize,
        taken: bool,
    },
    Shutdown,
    Sleep {
        milliseconds: u64,
    },
    SleepUntilDeadline,
}

/// What an environment is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetUp {
    pub(crate) extensions: usize,
    pub(crate) is_snap_start: bool,
    pub(crate) is_json: bool,
}

pub(crate) fn walk() -> impl Strategy<Value = (SetUp, Vec<Step>)> {
    (set_up(), prop::collection::vec(step(), 1..150))
}

fn set_up() -> impl Strategy<Value = SetUp> {
    let extensions = prop_oneof![3 => Just(0_usize), 3 => 1..3_usize, 1 => Just(11_usize)];
    (extensions, any::<bool>(), any::<bool>()).prop_map(|(extensions, is_snap_start, is_json)| SetUp {
        extensions,
        is_snap_start,
        is_json,
    })
}

fn exit() -> impl Strategy<Value = Exit> {
    prop_oneof![any::<i32>().prop_map(Exit::Status), (1..65_i32).prop_map(Exit::Signal), Just(Exit::OutOfMemory)]
}

fn step() -> impl Strategy<Value = Step> {
    let pick = any::<usize>();
    let bytes = prop_oneof![30 => 0..100_usize, 2 => Just(70_000_usize), 1 => Just(4_000_000_usize)];
    prop_oneof![
        8 => (any::<bool>(), any::<bool>())
            .prop_map(|(is_streaming, wants_tail)| Step::Invoke { is_streaming, wants_tail }),
        20 => Just(Step::Behave),
        12 => Just(Step::BehaveAsExtensions),
        12 => (pick, pick, any::<u8>()).prop_map(|(path, id, headers)| Step::Call { path, id, headers }),
        6 => (pick, bytes).prop_map(|(pick, bytes)| Step::Body { pick, bytes }),
        6 => (pick, any::<bool>()).prop_map(|(pick, with_error)| Step::End { pick, with_error }),
        3 => pick.prop_map(|pick| Step::HangUp { pick }),
        4 => (pick, exit()).prop_map(|(pick, exit)| Step::Exit { pick, exit }),
        1 => pick.prop_map(|pick| Step::FailSpawn { pick }),
        4 => (pick, pick).prop_map(|(pick, text)| Step::Print { pick, text }),
        3 => (pick, any::<bool>()).prop_map(|(pick, taken)| Step::Deliver { pick, taken }),
        // Rare: little happens in a walk after it.
        1 => (0..8_u8).prop_map(|die| if die == 0 { Step::Shutdown } else { Step::SleepUntilDeadline }),
        5 => (0..2_000_u64).prop_map(|milliseconds| Step::Sleep { milliseconds }),
        3 => Just(Step::SleepUntilDeadline),
    ]
}
