//! The files of the journal: one that is written, and those that wait until the store has all that is in them.

use crate::segment::{self, Segment};
use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use wardgate_core::usage::UsageEvent;

/// The name of a file is its number and this.
const EXTENSION: &str = "journal";

/// How long a file grows before the next one is begun. All events of one file fit into memory at once.
const SEGMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The number of a file, from 1.
pub(crate) type Number = u64;

/// The journal in one directory.
pub(crate) struct Journal {
    directory: PathBuf,
    bytes_max: u64,
    next: Number,
    present: Option<Present>,
    /// Closed files whose events are in memory, and how many of these the store does not have.
    outstanding: BTreeMap<Number, u64>,
    /// Closed files whose events are not in memory, oldest first.
    unread: VecDeque<Number>,
    /// The length of all closed files.
    closed_bytes: u64,
    lengths: BTreeMap<Number, u64>,
}

/// The file that is written.
struct Present {
    number: Number,
    segment: Segment,
    /// How many of its events the store does not have.
    outstanding: u64,
    /// Whether its events are in memory as well.
    is_in_memory: bool,
}

impl Journal {
    /// Opens a directory, which is made if it is missing. Files that are there already are unread.
    pub(crate) fn open(directory: &Path, bytes_max: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut lengths = BTreeMap::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if let Some(number) = number_of(&entry.path()) {
                lengths.insert(number, entry.metadata()?.len());
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            bytes_max,
            next: lengths.last_key_value().map_or(1, |(last, _)| last + 1),
            present: None,
            outstanding: BTreeMap::new(),
            unread: lengths.keys().copied().collect(),
            closed_bytes: lengths.values().sum(),
            lengths,
        })
    }

    /// Writes an event, and says in which file it is. `is_in_memory` says whether the caller keeps it, too.
    pub(crate) fn append(&mut self, event: &UsageEvent, is_in_memory: bool) -> io::Result<Number> {
        let fits = |present: &Present| present.is_in_memory == is_in_memory && present.segment.bytes() < SEGMENT_BYTES_MAX;
        if self.present.as_ref().is_some_and(|present| !fits(present)) {
            self.close_present();
        }
        if self.present.is_none() {
            if self.closed_bytes + SEGMENT_BYTES_MAX > self.bytes_max {
                return Err(io::Error::new(io::ErrorKind::StorageFull, "the journal has reached its limit"));
            }
            let number = self.next;
            let segment = Segment::create(&self.path(number))?;
            self.next += 1;
            self.present = Some(Present { number, segment, outstanding: 0, is_in_memory });
        }
        let Some(present) = &mut self.present else {
            return Err(io::Error::other("the journal has no file"));
        };
        if let Err(error) = present.segment.append(event) {
            // The file may be damaged at its end, where the next record would be lost with it. One that has reached the length
            // that the system allows is followed by the next, and a disk that is full does not take that either.
            let had_records = present.segment.bytes() > segment::EMPTY_BYTES;
            self.close_present();
            return if had_records { self.append(event, is_in_memory) } else { Err(error) };
        }
        present.outstanding += 1;
        Ok(present.number)
    }

    /// The store has this many events of a file that were in memory.
    pub(crate) fn stored(&mut self, number: Number, count: u64) {
        if let Some(present) = self.present.as_mut().filter(|present| present.number == number) {
            present.outstanding = present.outstanding.saturating_sub(count);
            // Emptied rather than deleted: the next event needs a file anyway.
            if present.outstanding == 0
                && let Err(error) = present.segment.clear()
            {
                tracing::warn!(%error, "a file of the usage journal cannot be emptied; its events will be sent again");
                self.close_present();
            }
            return;
        }
        if let Some(left) = self.outstanding.get_mut(&number) {
            *left = left.saturating_sub(count);
            if *left == 0 {
                self.outstanding.remove(&number);
                self.delete(number);
            }
        }
    }

    /// Whether there are events that are on disk only.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty() || self.present.as_ref().is_some_and(|present| !present.is_in_memory)
    }

    /// The oldest file whose events are on disk only. Whoever asks reads it, which takes a while, and then says what was in it.
    pub(crate) fn next_unread(&mut self) -> Option<(Number, PathBuf)> {
        if self.unread.is_empty() && self.present.as_ref().is_some_and(|present| !present.is_in_memory) {
            self.close_present();
        }
        self.unread.pop_front().map(|number| (number, self.path(number)))
    }

    /// So many events of a file are in memory now, and [`Journal::stored`] will be told of them.
    pub(crate) fn was_read(&mut self, number: Number, events: u64) {
        if events == 0 {
            self.delete(number);
        } else {
            self.outstanding.insert(number, events);
        }
    }

    /// The file that is written, for making sure that it is on the disk.
    pub(crate) fn handle(&self) -> Option<io::Result<File>> {
        self.present.as_ref().map(|present| present.segment.handle())
    }

    /// Deletes the present file when the store has all of it.
    pub(crate) fn close(&mut self) {
        self.close_present();
    }

    fn close_present(&mut self) {
        let Some(present) = self.present.take() else {
            return;
        };
        let bytes = present.segment.bytes();
        self.closed_bytes += bytes;
        self.lengths.insert(present.number, bytes);
        if present.outstanding == 0 {
            self.delete(present.number);
        } else if present.is_in_memory {
            self.outstanding.insert(present.number, present.outstanding);
        } else {
            self.unread.push_back(present.number);
        }
    }

    fn delete(&mut self, number: Number) {
        self.closed_bytes -= self.lengths.remove(&number).unwrap_or(0);
        if let Err(error) = fs::remove_file(self.path(number)) {
            tracing::warn!(number, %error, "a file of the usage journal cannot be deleted; its events will be sent again");
        }
    }

    fn path(&self, number: Number) -> PathBuf {
        self.directory.join(format!("{number:016}.{EXTENSION}"))
    }
}

fn number_of(path: &Path) -> Option<Number> {
    let is_ours = path.extension().is_some_and(|extension| extension == EXTENSION);
    path.file_stem()?.to_str()?.parse().ok().filter(|_| is_ours)
}
