//! The cells of all subjects, within a bound.
//!
//! Names of end users come from clients, so anyone with a key can make new subjects. Each new one makes two old ones be looked
//! at, and those that are idle are forgotten, so that the number follows the traffic without a task of its own. At the bound a
//! cell is forgotten that is not idle: its limits begin anew, which errs for the client.

use super::cell::Cell;
use super::lock;
use crate::rate::{Moment, Subject};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Subjects remembered at once. Those that have a request inside are never forgotten and may go beyond it; how many they are
/// is bounded by the requests in flight.
pub const CELLS_MAX: usize = 200_000;

const SHARDS: usize = 16;

/// Old cells that are looked at for each new one.
const LOOKS: usize = 2;

/// The same at the bound.
const LOOKS_WHEN_FULL: usize = 64;

/// Seeded at random in each process, so that nobody can make subjects that fall on one shard.
type Hasher = foldhash::fast::RandomState;

/// The cells.
pub(crate) struct Cells {
    shards: [Mutex<Shard>; SHARDS],
    hasher: Hasher,
    shard_max: usize,
}

#[derive(Default)]
struct Shard {
    index: HashMap<Subject, usize, Hasher>,
    cells: Vec<(Subject, Arc<Mutex<Cell>>)>,
    /// Which cell is looked at next.
    hand: usize,
}

impl Cells {
    pub(crate) fn new() -> Self {
        Self::with_max(CELLS_MAX)
    }

    fn with_max(cells_max: usize) -> Self {
        Self { shards: Default::default(), hasher: Hasher::default(), shard_max: cells_max.div_ceil(SHARDS) }
    }

    /// The subject's cell.
    pub(crate) fn get(&self, subject: &Subject, now: Moment) -> Arc<Mutex<Cell>> {
        let shard = usize::try_from(self.hasher.hash_one(subject) >> 32).unwrap_or(0) % SHARDS;
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = shard.index.get(subject) {
            return Arc::clone(&shard.cells[*place].1);
        }
        shard.make_room(self.shard_max, now);
        let (cell, place) = (Arc::default(), shard.cells.len());
        shard.cells.push((subject.clone(), Arc::clone(&cell)));
        shard.index.insert(subject.clone(), place);
        cell
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards.map(|shard: MutexGuard<'_, Shard>| shard.cells.len()).sum()
    }
}

impl Shard {
    fn make_room(&mut self, shard_max: usize, now: Moment) {
        let is_full = self.cells.len() >= shard_max;
        let mut unused = None;
        for _ in 0..if is_full { LOOKS_WHEN_FULL } else { LOOKS } {
            if self.cells.is_empty() {
                return;
            }
            self.hand %= self.cells.len();
            let cell = &self.cells[self.hand].1;
            // Whoever has it took it from here, under this lock; so nobody can get it meanwhile.
            if Arc::strong_count(cell) > 1 {
                self.hand += 1;
            } else if lock(cell).is_idle(now) {
                self.forget(self.hand);
                if is_full {
                    return;
                }
            } else {
                unused.get_or_insert(self.hand);
                self.hand += 1;
            }
        }
        if let Some(place) = unused.filter(|_| is_full) {
            self.forget(place);
        }
    }

    fn forget(&mut self, place: usize) {
        let (subject, _) = self.cells.swap_remove(place);
        self.index.remove(&subject);
        if let Some((moved, _)) = self.cells.get(place)
            && let Some(index) = self.index.get_mut(moved)
        {
            *index = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::{Level, Rates};
    use std::time::Duration;
    use wardgate_core::id::AccountId;
    use wardgate_core::time::Timestamp;

    const RATES: Rates =
        Rates { requests_per_minute: Some(1), requests_per_day: None, tokens_per_minute: None, concurrent_requests: None };

    fn at(seconds: u64) -> Moment {
        let steady = Duration::from_secs(seconds);
        Moment { steady, wall: Timestamp::from_unix_millis(0).plus(steady) }
    }

    fn subject(number: usize) -> Subject {
        Subject::new(AccountId::from_bytes([1; 16]), Level::EndUser, &number.to_string())
    }

    fn use_one(cells: &Cells, number: usize, now: Moment) {
        let cell = cells.get(&subject(number), now);
        let mut cell = lock(&cell);
        cell.take(&RATES, 0, now);
        cell.leave();
    }

    #[test]
    fn idle_ones_go_as_others_come() {
        let cells = Cells::with_max(100_000);
        (0..1_000).for_each(|number| use_one(&cells, number, at(0)));
        assert_eq!(cells.len(), 1_000);
        // Four newcomers for each old one, since subjects fall on shards by chance.
        (1_000..5_000).for_each(|number| use_one(&cells, number, at(61)));
        assert_eq!(cells.len(), 4_000);
    }

    #[test]
    fn the_bound_holds_and_those_in_use_stay() {
        let cells = Cells::with_max(160);
        let held: Vec<_> = (0..20).map(|number| cells.get(&subject(number), at(0))).collect();
        for cell in &held {
            lock(cell).take(&RATES, 0, at(0));
        }
        (20..20_000).for_each(|number| use_one(&cells, number, at(0)));
        assert!(cells.len() <= 160, "{}", cells.len());
        for (number, cell) in held.iter().enumerate() {
            assert!(Arc::ptr_eq(cell, &cells.get(&subject(number), at(0))), "{number}");
        }
    }
}
