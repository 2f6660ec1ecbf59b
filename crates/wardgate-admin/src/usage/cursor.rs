//! The place in the ledger after which a page begins: the time and id of the event before it, as one opaque word.

use std::fmt;
use std::str::FromStr;
use wardgate_core::base62;
use wardgate_core::id::UsageEventId;
use wardgate_core::time::Timestamp;

const DIGITS: usize = 33;

/// The last event of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) Timestamp, pub(crate) UsageEventId);

/// A text that is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor: take it from nextPageUri as it stands")]
pub(crate) struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0u8; 24];
        bytes[..8].copy_from_slice(&self.0.unix_micros().to_be_bytes());
        bytes[8..].copy_from_slice(self.1.as_bytes());
        f.write_str(&base62::encode(&bytes, DIGITS))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = Some(text).filter(|text| text.len() == DIGITS).and_then(|text| base62::decode::<24>(text).ok());
        let bytes = bytes.ok_or(NotACursor)?;
        let (mut micros, mut id) = ([0u8; 8], [0u8; 16]);
        micros.copy_from_slice(&bytes[..8]);
        id.copy_from_slice(&bytes[8..]);
        Ok(Self(Timestamp::from_unix_micros(i64::from_be_bytes(micros)), UsageEventId::from_bytes(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses_the_rest() {
        for micros in [0, 1_795_325_445_250_123, -1, i64::MAX, i64::MIN] {
            let cursor = Cursor(Timestamp::from_unix_micros(micros), UsageEventId::from_bytes([255; 16]));
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for bad in ["", "0", &"z".repeat(33), &"-".repeat(33), &"é".repeat(33)] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad}");
        }
    }
}
