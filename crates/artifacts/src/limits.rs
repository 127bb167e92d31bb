//! How large an archive may be, before and after unpacking.

/// Bytes that a function's code and all its layers may unpack to: 250 MiB.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const UNZIPPED_BYTES_MAX: u64 = 262_144_000;

/// Entries that one archive may list. Lambda names no such limit; this one bounds memory.
pub const ENTRIES_MAX: u64 = 100_000;

/// How many times its own size an archive may unpack to, once that exceeds [`RATIO_FREE_BYTES`].
///
/// Real code stays below 30. DEFLATE reaches 1,032, for nothing but zeros.
pub const RATIO_MAX: u64 = 500;

/// Unzipped bytes up to which no ratio is too high: 16 MiB harm nobody.
pub const RATIO_FREE_BYTES: u64 = 16 * 1024 * 1024;

/// What an archive may cost. [`Limits::default`] is what Lambda allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that all entries together may unpack to. For [`write_layer_tar`](crate::write_layer_tar)
    /// this is the sum over all layers, replaced files included, as Lambda counts.
    /// A caller that has other archives to count passes what these leave.
    pub unzipped_bytes_max: u64,
    /// Entries per archive, directories included.
    pub entries_max: u64,
    /// Unzipped bytes per byte of the archive, once they exceed [`RATIO_FREE_BYTES`].
    pub ratio_max: u64,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self { unzipped_bytes_max: UNZIPPED_BYTES_MAX, entries_max: ENTRIES_MAX, ratio_max: RATIO_MAX }
    }
}
