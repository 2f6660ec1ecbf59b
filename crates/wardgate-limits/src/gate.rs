//! How many requests may be in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count with a limit.
#[derive(Debug)]
pub struct Gate {
    in_flight_max: usize,
    in_flight: AtomicUsize,
}

impl Gate {
    /// A gate for at most this many at once.
    #[must_use]
    pub fn new(in_flight_max: usize) -> Arc<Self> {
        Arc::new(Self { in_flight_max, in_flight: AtomicUsize::new(0) })
    }

    /// Enters, or is refused at once; nobody queues here. A refused caller has taken nothing.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Option<Permit> {
        let entered = self
            .in_flight
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| (count < self.in_flight_max).then_some(count + 1));
        entered.is_ok().then(|| Permit(Arc::clone(self)))
    }

    /// How many are inside.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// The limit.
    #[must_use]
    pub const fn in_flight_max(&self) -> usize {
        self.in_flight_max
    }
}

/// The right to be in flight; given back when it is dropped, however the request ended.
#[derive(Debug)]
pub struct Permit(Arc<Gate>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_permit_is_dropped() {
        let gate = Gate::new(2);
        let first = gate.enter();
        let second = gate.enter();
        assert!(first.is_some() && second.is_some() && gate.enter().is_none());
        drop(first);
        assert!(gate.enter().is_some());
        drop(second);
        assert_eq!(gate.in_flight(), 0);
    }
}
