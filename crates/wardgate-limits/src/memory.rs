//! How much memory the bodies in flight may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A budget of bytes that bodies reserve before they are read.
#[derive(Debug)]
pub struct MemoryBudget {
    bytes_max: usize,
    bytes: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of this many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max, bytes: AtomicUsize::new(0) })
    }

    /// An empty reservation, to be grown.
    #[must_use]
    pub fn open(self: &Arc<Self>) -> Reservation {
        Reservation { budget: Arc::clone(self), bytes: 0 }
    }

    /// How much is reserved.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Acquire)
    }
}

/// Bytes taken from a budget; given back when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

impl Reservation {
    /// Takes more. `false`, and nothing taken, when the budget does not have it.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        let budget = &self.budget;
        let fits = |taken: usize| taken.checked_add(more).filter(|total| *total <= budget.bytes_max);
        let grown = budget.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok();
        if grown {
            self.bytes += more;
        }
        grown
    }

    /// What is taken.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_takes_nothing() {
        let budget = MemoryBudget::new(10);
        let mut first = budget.open();
        let mut second = budget.open();
        assert!(first.grow(6) && !second.grow(5) && second.grow(4) && !second.grow(usize::MAX));
        drop(first);
        assert!(second.grow(6));
        drop(second);
        assert_eq!(budget.bytes(), 0);
    }
}
