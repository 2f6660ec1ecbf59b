//! One file of the journal: a header, then records, each with its length and checksum in front.

use crate::record;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use wardgate_core::usage::UsageEvent;

/// What a file begins with.
const HEADER: &[u8; 8] = b"WGLEDG\0\x01";

/// How long a file without records is.
pub(crate) const EMPTY_BYTES: u64 = HEADER.len() as u64;

/// Length and CRC-32 in front of each record, little-endian.
const FRAME_BYTES: usize = 8;

/// The longest record; a length beyond it is no length.
const RECORD_BYTES_MAX: usize = 64 * 1024;

/// A file that is written.
pub(crate) struct Segment {
    file: File,
    /// How much of the file is whole records.
    bytes: u64,
    buffer: Vec<u8>,
}

impl Segment {
    /// A new file. It must not be there.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        if let Err(error) = file.write_all(HEADER) {
            // On a full disk a name costs nothing, and the next try wants the same one.
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        Ok(Self { file, bytes: EMPTY_BYTES, buffer: Vec::new() })
    }

    /// Appends an event: all of it or nothing.
    pub(crate) fn append(&mut self, event: &UsageEvent) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&[0; FRAME_BYTES]);
        record::write(event, &mut self.buffer);
        let payload = &self.buffer[FRAME_BYTES..];
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let checksum = crc32fast::hash(payload);
        self.buffer[..4].copy_from_slice(&length.to_le_bytes());
        self.buffer[4..8].copy_from_slice(&checksum.to_le_bytes());
        if let Err(error) = self.file.write_all(&self.buffer) {
            // A part of it may be there. What follows it would not be found again, so it has to go.
            self.back_to(self.bytes)?;
            return Err(error);
        }
        self.bytes += self.buffer.len() as u64;
        Ok(())
    }

    /// Drops all records.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.back_to(EMPTY_BYTES)
    }

    fn back_to(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.file.seek(SeekFrom::Start(bytes))?;
        self.bytes = bytes;
        Ok(())
    }

    /// The length of the file.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The same file, to make sure of it elsewhere.
    pub(crate) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// What a file held.
pub(crate) struct Contents {
    /// The events, up to the first that is damaged.
    pub(crate) events: Vec<UsageEvent>,
    /// Bytes after that, which are lost.
    pub(crate) bytes_lost: u64,
}

/// Reads a file. A process that was killed may have left half a record at the end.
pub(crate) fn read(path: &Path) -> io::Result<Contents> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    let mut rest = bytes.strip_prefix(HEADER.as_slice()).unwrap_or_default();
    let mut events = Vec::new();
    while let Some((event, after)) = next(rest) {
        events.push(event);
        rest = after;
    }
    let is_ours = bytes.starts_with(HEADER);
    Ok(Contents { events, bytes_lost: if is_ours { rest.len() as u64 } else { bytes.len() as u64 } })
}

fn next(bytes: &[u8]) -> Option<(UsageEvent, &[u8])> {
    let (frame, rest) = bytes.split_first_chunk::<FRAME_BYTES>()?;
    let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    let checksum = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
    let (payload, after) = rest.split_at_checked(length).filter(|_| length <= RECORD_BYTES_MAX)?;
    if crc32fast::hash(payload) != checksum {
        return None;
    }
    record::read(payload).ok().map(|event| (event, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::event;

    #[test]
    fn a_torn_end_costs_the_last_record_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.journal");
        let mut segment = Segment::create(&path).unwrap();
        for number in 0..3 {
            segment.append(&event(number)).unwrap();
        }
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(segment.bytes(), whole.len() as u64);
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let contents = read(&path).unwrap();
            let expected: Vec<_> = (0..contents.events.len() as u64).map(event).collect();
            assert!(contents.events == expected && contents.events.len() < 3, "{length}");
        }
        let mut damaged = whole;
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let contents = read(&path).unwrap();
        assert!(contents.events.len() == 2 && contents.bytes_lost > 0);
    }

    #[test]
    fn a_cleared_file_is_written_from_its_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.journal");
        let mut segment = Segment::create(&path).unwrap();
        segment.append(&event(1)).unwrap();
        segment.clear().unwrap();
        assert!(read(&path).unwrap().events.is_empty());
        segment.append(&event(2)).unwrap();
        assert_eq!(read(&path).unwrap().events, [event(2)]);
    }
}
