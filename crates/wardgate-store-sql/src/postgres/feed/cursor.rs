//! How far the table of changes was read.
//!
//! Rows are numbered when they are written and are seen when they are committed, so a smaller number may appear after a greater
//! one. Numbers that were passed over stay open until they appear, or until no transaction can be under way any more that
//! took them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many rows are looked back at when reading starts: the most writes that may be under way then.
pub(super) const LOOK_BACK: usize = 100;

/// How many numbers may be open. Beyond that, more was missed than it is worth to find out.
const OPEN_MAX: usize = 1_000;

/// How long a number stays open. A transaction that was rolled back leaves its number unused for ever.
const OPEN_FOR: Duration = Duration::from_secs(10 * 60);

/// A place in the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The greatest number that was seen.
    last: i64,
    /// Smaller ones that were not, and since when.
    open: BTreeMap<i64, Instant>,
}

/// Rows are missing that cannot be had any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost;

impl Cursor {
    /// At the end of a table whose last rows, up to [`LOOK_BACK`] of them, have these numbers in any order.
    pub(super) fn at_end(seqs: &[i64], now: Instant) -> Self {
        let last = seqs.iter().copied().max().unwrap_or(0);
        let first = seqs.iter().copied().min().unwrap_or(0);
        let missing = (first..last).filter(|seq| !seqs.contains(seq)).rev().take(LOOK_BACK);
        Self { last, open: missing.map(|seq| (seq, now)).collect() }
    }

    /// From which number on rows are to be read. The last one that was seen is read again: it shows that none was deleted since.
    pub(super) const fn last(&self) -> i64 {
        self.last
    }

    /// Which smaller numbers are to be read as well.
    pub(super) fn open(&self) -> Vec<i64> {
        self.open.keys().copied().collect()
    }

    /// Goes on past rows that were read, with numbers ascending, and says which of them are new.
    pub(super) fn pass(&mut self, seqs: &[i64], now: Instant) -> Result<Vec<i64>, Lost> {
        let is_last_there = self.last == 0 || seqs.contains(&self.last);
        let next = seqs.iter().copied().find(|seq| *seq > self.last);
        // The newest row is never deleted. So if nothing is there from the last one on, this is another, older database; and
        // if only greater ones are, those between may have been deleted with it.
        if !is_last_there && next != Some(self.last + 1) {
            return Err(Lost);
        }
        self.open.retain(|_, since| now.saturating_duration_since(*since) < OPEN_FOR);
        let mut new = Vec::new();
        for &seq in seqs {
            if seq > self.last {
                let missing = self.last + 1..seq;
                if self.open.len() as i64 + (seq - self.last) > OPEN_MAX as i64 {
                    return Err(Lost);
                }
                self.open.extend(missing.map(|seq| (seq, now)));
                self.last = seq;
                new.push(seq);
            } else if self.open.remove(&seq).is_some() {
                new.push(seq);
            }
        }
        Ok(new)
    }

    /// Takes a number that was new for one that was not seen yet.
    pub(super) fn reopen(&mut self, seq: i64, now: Instant) {
        self.open.insert(seq, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read, and what of it is to be new.
    type Reading<'t> = (&'t [i64], Result<&'t [i64], Lost>);

    /// Passes these rows one reading after the other.
    fn check(start: &[i64], readings: &[Reading<'_>]) {
        let now = Instant::now();
        let mut cursor = Cursor::at_end(start, now);
        for (seqs, expected) in readings {
            let new = cursor.pass(seqs, now);
            assert_eq!(new.as_deref(), expected.as_ref().map(|new| &**new), "{seqs:?} after {start:?}");
        }
    }

    #[test]
    fn each_row_is_new_once() {
        check(&[], &[(&[], Ok(&[])), (&[1, 2], Ok(&[1, 2])), (&[2], Ok(&[])), (&[2, 3], Ok(&[3]))]);
    }

    #[test]
    fn rows_that_appear_late_are_new() {
        check(&[7, 5], &[(&[7, 9], Ok(&[9])), (&[8, 9], Ok(&[8])), (&[6, 9], Ok(&[6])), (&[9], Ok(&[]))]);
    }

    #[test]
    fn what_was_deleted_meanwhile_is_lost() {
        check(&[7], &[(&[20], Err(Lost))]);
        check(&[7], &[(&[], Err(Lost))]);
        check(&[7], &[(&[6], Err(Lost))]);
        // Nothing is between these.
        check(&[7], &[(&[8, 9], Ok(&[8, 9]))]);
    }

    #[test]
    fn a_number_does_not_stay_open_for_ever() {
        let start = Instant::now();
        let mut cursor = Cursor::at_end(&[1], start);
        assert_eq!(cursor.pass(&[1, 3], start), Ok(vec![3]));
        assert_eq!(cursor.open(), [2]);
        assert_eq!(cursor.pass(&[3], start + OPEN_FOR), Ok(vec![]));
        assert_eq!(cursor.open(), [0i64; 0]);
    }

    #[test]
    fn open_numbers_are_bounded() {
        check(&[1], &[(&[1, 1_000_000], Err(Lost))]);
        check(&[], &[(&[1_000_000], Err(Lost))]);
        assert_eq!(Cursor::at_end(&[1, 1_000_000], Instant::now()).open().len(), LOOK_BACK);
    }
}
