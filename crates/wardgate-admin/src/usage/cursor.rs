//! The place in the ledger after which a page begins: the time and id of the event before it, as one opaque word.

use std::fmt;
use std::str::FromStr;
use wardgate_core::base62;
use wardgate_core::id::UsageEventId;
use wardgate_core::time::Timestamp;

/// The last event of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) Timestamp, pub(crate) UsageEventId);

/// A text that is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor: take it from nextPageUri as it stands")]
pub(crate) struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = i128::from(self.0.unix_micros()).to_be_bytes();
        write!(f, "{}{}", base62::encode_16(&micros), base62::encode_16(self.1.as_bytes()))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (micros, id) = text.split_at_checked(base62::WIDTH_16).ok_or(NotACursor)?;
        let micros = i128::from_be_bytes(base62::decode_16(micros).map_err(|_| NotACursor)?);
        let micros = i64::try_from(micros).map_err(|_| NotACursor)?;
        let id = base62::decode_16(id).map_err(|_| NotACursor)?;
        Ok(Self(Timestamp::from_unix_micros(micros), UsageEventId::from_bytes(id)))
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
        for bad in ["", "0", &"z".repeat(44), &"-".repeat(44), &"é".repeat(44)] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad}");
        }
    }
}
