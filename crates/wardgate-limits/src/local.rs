//! Counts of this process alone.
//!
//! Why not governor, whose algorithm this is: its limiters decide and count in one step, so that several of them cannot be
//! asked first and moved together afterwards; they neither give back nor charge later; and their state means nothing under
//! another limit. What is left without all that is the arithmetic in [`crate::rate::bucket`], which the shared counters need
//! a second time in any case.
//!
//! All counts of a subject lie in one cell with one lock. An admission locks the cells of its subjects in the order of their
//! levels, asks each limit, and counts only if all agree. A subject has one level, and of two on one level that of the team comes
//! before that of its account; so everyone locks in the same order.

mod cell;
mod cells;

pub use cells::CELLS_MAX;

use crate::rate::judge::Judge;
use crate::rate::{Demand, Moment, Rates, Refusal, SLOTS, Standings, Used};
use cell::Cell;
use cells::Cells;
use std::array;
use std::sync::{Arc, Mutex, PoisonError};

/// The counts.
pub struct Local {
    cells: Cells,
    gateways: u64,
}

impl Local {
    /// No counts yet. With more than one gateway each limit is cut to this one's share.
    #[must_use]
    pub fn new(gateways: u64) -> Self {
        Self { cells: Cells::new(), gateways: gateways.max(1) }
    }

    /// Counts a request if all its limits admit it.
    ///
    /// # Errors
    /// With the limit that refuses it. Nothing was counted then.
    pub fn admit(&self, demand: &Demand<'_>, now: Moment) -> Result<(LocalHold, Standings), Refusal> {
        let mut hold = LocalHold {
            cells: array::from_fn(|slot| demand.rules[slot].map(|rule| self.cells.get(&rule.subject, now))),
            taken: [0; SLOTS],
            is_inside: false,
        };
        let mut locked = hold.cells.each_ref().map(|cell| cell.as_deref().map(lock));
        let mut judge = Judge::default();
        let rates: [Rates; SLOTS] = array::from_fn(|slot| self.share(demand, slot));
        for (slot, cell) in locked.iter().enumerate() {
            if let (Some(cell), Some(rule)) = (cell, demand.rules[slot]) {
                cell.look(&rates[slot], demand.tokens, now, |name, limit, reading| judge.hear(rule, name, limit, reading));
            }
        }
        let standings = judge.verdict()?;
        let mut taken = [0; SLOTS];
        for (slot, cell) in locked.iter_mut().enumerate() {
            if let Some(cell) = cell {
                taken[slot] = cell.take(&rates[slot], demand.tokens, now);
            }
        }
        drop(locked);
        (hold.taken, hold.is_inside) = (taken, true);
        Ok((hold, standings))
    }

    /// How many subjects are remembered.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.cells.len()
    }

    fn share(&self, demand: &Demand<'_>, slot: usize) -> Rates {
        let rates = demand.rules[slot].map(|rule| rule.rates).unwrap_or_default();
        if self.gateways == 1 { rates } else { rates.share_of(self.gateways) }
    }
}

/// What an admitted request holds. Dropped, its places are free; what it reserved of tokens stays used unless it is settled.
pub struct LocalHold {
    cells: [Option<Arc<Mutex<Cell>>>; SLOTS],
    taken: [u64; SLOTS],
    is_inside: bool,
}

impl LocalHold {
    /// Puts the tokens that were used in the place of those that were reserved, and leaves.
    pub fn settle(mut self, used: impl Into<Used>, now: Moment) {
        let used = used.into();
        for (slot, (cell, taken)) in self.cells.iter().zip(self.taken).enumerate() {
            if let Some(cell) = cell {
                let mut cell = lock(cell);
                cell.settle(taken, used.at(slot), now);
                cell.leave();
            }
        }
        self.is_inside = false;
    }
}

impl Drop for LocalHold {
    fn drop(&mut self) {
        if self.is_inside {
            self.cells.iter().flatten().for_each(|cell| lock(cell).leave());
        }
    }
}

/// Whoever panicked while holding it left numbers that are still in range.
fn lock(cell: &Mutex<Cell>) -> std::sync::MutexGuard<'_, Cell> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
