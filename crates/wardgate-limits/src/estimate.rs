//! Reckoning tokens from bytes, where no provider counted them.

/// Bytes of text or JSON that make one token, on average over languages and code.
const BYTES_PER_TOKEN: u64 = 4;

/// About how many tokens a text of this many bytes has, rounded up.
#[must_use]
pub const fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}
