//! Time and randomness as values.

/// The time and 128 random bits, which a change needs from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch, of the wall clock; at most the year 9999.
    pub epoch_ms: u64,
    /// Fresh random bits, from which a RevisionId is made.
    pub random: u128,
}

impl Moment {
    /// A UUID from the random bits.
    pub(crate) fn uuid(&self) -> String {
        uuid(self.random)
    }

    /// Another UUID: of what a create or an update leaves behind, whose answer has the first one.
    ///
    /// AWS gives a function a new revision when a change is accepted and one more when it is carried out.
    pub(crate) fn settled_uuid(&self) -> String {
        self.nth(1).uuid()
    }

    /// The same time with other random bits, for each number others: for changes that need several.
    pub(crate) fn nth(&self, number: u64) -> Self {
        Self { random: self.random.wrapping_add(u128::from(number) << 96), ..*self }
    }

    /// AWS's form of a date: `2026-01-31T12:00:00.000+0000`.
    pub(crate) fn timestamp(&self) -> String {
        timestamp(self.epoch_ms)
    }
}

/// A version 4 UUID (RFC 9562, section 5.4) from 128 random bits, as AWS names revisions and requests.
pub fn uuid(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
    let mut text = String::with_capacity(36);
    for (index, byte) in bits.to_be_bytes().into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend([byte >> 4, byte & 0xf].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
    }
    text
}

/// AWS's form of a date in newer operations: `2026-01-31T12:00:00.000Z`.
pub(crate) fn timestamp_utc(epoch_ms: u64) -> String {
    timestamp(epoch_ms).replace("+0000", "Z")
}

/// AWS's form of a date: `2026-01-31T12:00:00.000+0000`.
pub(crate) fn timestamp(epoch_ms: u64) -> String {
    date_time(epoch_ms).strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// The time, or the latest that there is a date for.
pub(crate) fn date_time(epoch_ms: u64) -> jiff::Timestamp {
    let time = i64::try_from(epoch_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(jiff::Timestamp::MAX)
}
