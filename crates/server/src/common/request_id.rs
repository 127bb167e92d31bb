//! Random numbers, and request ids made of them.

use std::cell::RefCell;

/// 128 random bits of the operating system.
pub(crate) fn random() -> u128 {
    u128::from_le_bytes(random_bytes())
}

/// 64 random bits of the operating system.
pub(crate) fn random_u64() -> u64 {
    u64::from_le_bytes(random_bytes())
}

/// So many bytes are asked for at once: a call of the operating system for each number would cost more than its use.
const ASKED_BYTES: usize = 1024;

fn random_bytes<const N: usize>() -> [u8; N] {
    thread_local!(static UNUSED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
    UNUSED.with_borrow_mut(|unused| {
        if unused.len() < N {
            unused.resize(ASKED_BYTES, 0);
            getrandom::fill(unused).expect("the operating system gave random bytes at the start");
        }
        let bytes = *unused.last_chunk().expect("more was asked for than anybody takes");
        unused.truncate(unused.len() - N);
        bytes
    })
}

/// The id of a request.
pub(crate) fn fresh() -> String {
    fakecloud_lambda::uuid(random())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_version_4_uuids_and_differ() {
        let id = fresh();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]));
        assert_ne!(id, fresh());
    }

    #[test]
    fn numbers_do_not_repeat_however_many_are_taken() {
        let numbers: BTreeSet<u128> = (0..ASKED_BYTES).map(|_| random()).collect();
        assert_eq!(numbers.len(), ASKED_BYTES);
    }
}
