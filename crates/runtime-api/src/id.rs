//! The names of calls, processes and subscribers, and identifiers without a source of randomness.

/// A call of the HTTP API. The shell never uses a number twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// A process of the environment. A process that is started again has a new generation, and so another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process {
    /// The part that the process plays.
    pub role: Role,
    /// The number of the initialisation that started the process, counted from 1.
    pub generation: u32,
}

/// The part that a process plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The runtime, which runs the function's code.
    Runtime,
    /// An external extension, by its place in the list that the environment was made with.
    Extension(usize),
}

/// A subscriber of telemetry. A number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(pub u64);

/// Identifiers in the form of a UUID that follow from a seed. Nobody outside the sandbox ever sees them, so that it is
/// enough if two environments do not share them.
#[derive(Debug, Clone)]
pub(crate) struct Identifiers {
    state: u64,
}

impl Identifiers {
    pub(crate) fn new(seed: u128) -> Self {
        let bytes = seed.to_be_bytes();
        let half = |from: usize| bytes[from..from + 8].iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        Self { state: half(0) ^ half(8).rotate_left(32) }
    }

    /// The next identifier, such as `a1b2c3d4-0000-4000-8000-000000000000`.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            0x8000 | low >> 48 & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }

    /// The next 24 hexadecimal digits, for the root of a trace.
    pub(crate) fn trace(&mut self) -> String {
        format!("{:08x}{:016x}", self.next() >> 32, self.next())
    }

    /// SplitMix64: every state gives another number (Steele, Lea and Flood, 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

/// Whether a text has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_have_the_form_of_a_uuid_and_differ() {
        let mut identifiers = Identifiers::new(7);
        let many: BTreeSet<String> = (0..1_000).map(|_| identifiers.uuid()).collect();
        assert_eq!(many.len(), 1_000);
        assert!(many.iter().all(|it| is_uuid(it) && it.as_bytes()[14] == b'4'), "{many:?}");
    }

    #[test]
    fn same_seed_gives_the_same_identifiers() {
        assert_eq!(Identifiers::new(7).uuid(), Identifiers::new(7).uuid());
        assert_ne!(Identifiers::new(7).uuid(), Identifiers::new(8).uuid());
        assert_ne!(Identifiers::new(7).uuid(), Identifiers::new(7 << 64).uuid());
    }

    #[test]
    fn text_of_another_form_is_no_uuid() {
        for text in ["", "a", "a1b2c3d4_0000-4000-8000-000000000000", "g1b2c3d4-0000-4000-8000-000000000000", "ä"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
