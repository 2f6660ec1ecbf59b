//! Amazon's event stream: binary frames with lengths and checksums.
//!
//! Length of all (4 bytes), length of the headers (4), checksum of these eight (4), headers, payload, checksum of everything
//! before (4), all in network order. A header is its name with a length byte, a type byte, and a value that the type sizes.

use crate::sse::EVENT_BYTES_MAX;
use crate::transcode::decoder::unreadable;
use bytes::{Buf, Bytes, BytesMut};
use wardgate_core::fault::Fault;

/// Lengths, and the checksum behind them.
const PRELUDE_BYTES: usize = 12;
/// A frame without headers and payload.
const FRAME_BYTES_MIN: usize = PRELUDE_BYTES + 4;

/// Where frames go: name and payload.
type Sink<'s> = dyn FnMut(&[u8], &[u8]) -> Result<(), Fault> + 's;

/// The bytes of frames that are not whole yet.
#[derive(Default)]
pub(crate) struct Frames {
    held: BytesMut,
}

impl Frames {
    /// Takes a chunk and tells the name (the type of the event or the exception) and the payload of each whole frame.
    pub(crate) fn push(&mut self, chunk: Bytes, frame: &mut Sink<'_>) -> Result<(), Fault> {
        self.held.extend_from_slice(&chunk);
        drop(chunk);
        while let Some(length) = self.length()? {
            if self.held.len() < length {
                break;
            }
            let whole = self.held.split_to(length);
            let (name, payload) = read(&whole)?;
            frame(name, payload)?;
        }
        Ok(())
    }

    /// The first frame's length, checked, once its prelude is there.
    fn length(&self) -> Result<Option<usize>, Fault> {
        let Some(mut prelude) = self.held.get(..PRELUDE_BYTES) else { return Ok(None) };
        let checksum = crc32fast::hash(&prelude[..8]);
        let length = prelude.get_u32() as usize;
        let headers = prelude.get_u32() as usize;
        if prelude.get_u32() != checksum {
            return Err(unreadable("a frame of the provider's stream has a wrong checksum"));
        }
        if !(FRAME_BYTES_MIN..=EVENT_BYTES_MAX).contains(&length) || headers > length - FRAME_BYTES_MIN {
            return Err(unreadable("a frame of the provider's stream has a wrong length"));
        }
        Ok(Some(length))
    }
}

fn read(frame: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let (body, mut checksum) = frame.split_at(frame.len() - 4);
    if checksum.get_u32() != crc32fast::hash(body) {
        return Err(unreadable("a frame of the provider's stream has a wrong checksum"));
    }
    let mut headers_length = &body[4..8];
    let (mut headers, payload) = body[PRELUDE_BYTES..].split_at(headers_length.get_u32() as usize);
    let mut name: &[u8] = b"";
    while !headers.is_empty() {
        let (key, value) =
            header(&mut headers).ok_or_else(|| unreadable("a frame of the provider's stream has a broken header"))?;
        if matches!(key, b":event-type" | b":exception-type" | b":error-code") {
            name = value;
        }
    }
    Ok((name, payload))
}

/// Takes a header off: its name, and its value's bytes.
fn header<'f>(headers: &mut &'f [u8]) -> Option<(&'f [u8], &'f [u8])> {
    let length = take(headers, 1)?[0];
    let key = take(headers, usize::from(length))?;
    let kind = take(headers, 1)?[0];
    let length = match kind {
        // True and false have no bytes.
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        6 | 7 => usize::from(take(headers, 2)?.get_u16()),
        9 => 16,
        _ => return None,
    };
    Some((key, take(headers, length)?))
}

fn take<'f>(bytes: &mut &'f [u8], length: usize) -> Option<&'f [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Writes a frame of a kind (`event` or `exception`) with a name.
pub(crate) fn write(out: &mut Vec<u8>, kind: &str, name: &str, payload: &[u8]) {
    let mut headers = Vec::new();
    let type_header = if kind == "event" { ":event-type" } else { ":exception-type" };
    for (key, value) in [(":message-type", kind), (type_header, name), (":content-type", "application/json")] {
        let (Ok(key_length), Ok(value_length)) = (u8::try_from(key.len()), u16::try_from(value.len())) else { return };
        headers.push(key_length);
        headers.extend_from_slice(key.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&value_length.to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let from = out.len();
    let length = FRAME_BYTES_MIN + headers.len() + payload.len();
    let (Ok(length), Ok(headers_length)) = (u32::try_from(length), u32::try_from(headers.len())) else { return };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&headers_length.to_be_bytes());
    let checksum = crc32fast::hash(&out[from..]);
    out.extend_from_slice(&checksum.to_be_bytes());
    out.extend_from_slice(&headers);
    out.extend_from_slice(payload);
    let checksum = crc32fast::hash(&out[from..]);
    out.extend_from_slice(&checksum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Vec<(Vec<u8>, Vec<u8>)>;

    fn read_all(bytes: &[u8], size: usize) -> Result<Read, Fault> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for chunk in bytes.chunks(size) {
            frames.push(Bytes::copy_from_slice(chunk), &mut |name, payload| {
                found.push((name.to_vec(), payload.to_vec()));
                Ok(())
            })?;
        }
        Ok(found)
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let mut bytes = Vec::new();
        write(&mut bytes, "event", "messageStart", br#"{"role":"assistant"}"#);
        assert!(read_all(&bytes, 1).is_ok_and(|found| found.len() == 1));
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(read_all(&broken, 1_000).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn frames_come_back_however_they_are_cut(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..5), size in 1usize..70) {
            let mut bytes = Vec::new();
            payloads.iter().for_each(|payload| write(&mut bytes, "event", "x", payload));
            let found = read_all(&bytes, size).unwrap_or_default();
            prop_assert_eq!(found.into_iter().map(|(_, payload)| payload).collect::<Vec<_>>(), payloads);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_all(&bytes, 50);
        }
    }
}
