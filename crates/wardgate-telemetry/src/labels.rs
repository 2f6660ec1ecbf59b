//! Label values with a bound, since some of them come from clients.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// What stands for every value beyond the bound.
pub const OTHER: &str = "other";

/// A set of label values that stops growing.
#[derive(Debug)]
pub struct BoundedLabel {
    values_max: usize,
    known: RwLock<HashSet<Arc<str>>>,
}

impl BoundedLabel {
    /// A label that takes at most this many values.
    #[must_use]
    pub fn new(values_max: usize) -> Self {
        Self { values_max, known: RwLock::default() }
    }

    /// The value itself, or [`OTHER`] once there are too many.
    #[must_use]
    pub fn admit<'v>(&self, value: &'v str) -> &'v str {
        if self.known.read().unwrap_or_else(PoisonError::into_inner).contains(value) {
            return value;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.values_max && !known.contains(value) {
            return OTHER;
        }
        known.insert(value.into());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_bound_become_other() {
        let label = BoundedLabel::new(2);
        assert_eq!(["a", "b", "c", "a"].map(|value| label.admit(value)), ["a", "b", OTHER, "a"]);
    }
}
