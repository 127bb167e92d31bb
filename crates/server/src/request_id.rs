//! Random numbers, and request ids made of them.

/// 128 random bits of the operating system.
pub(crate) fn random() -> u128 {
    u128::from_le_bytes(random_bytes())
}

/// 64 random bits of the operating system.
pub(crate) fn random_u64() -> u64 {
    u64::from_le_bytes(random_bytes())
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gave random bytes at the start");
    bytes
}

/// The id of a request.
pub(crate) fn fresh() -> String {
    fakecloud_lambda::uuid(random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_4_uuids_and_differ() {
        let id = fresh();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]));
        assert_ne!(id, fresh());
    }
}
