//! A rate with a burst of its own size: GCRA, in exact integers.
//!
//! The usual form keeps the instant at which the bucket will be empty. This one keeps what is in it, in units so small that
//! adding (by the unit) and draining (by the nanosecond) are both whole numbers: one unit of the limit is as many grains as
//! the window has nanoseconds, and each nanosecond drains as many grains as the limit has units. Nothing is ever rounded, and
//! the contents mean the same when the limit changes. A bucket may be overfull, when something used more than it had reserved.

use super::{Reading, WINDOW};
use std::time::Duration;

/// Grains in one unit: nanoseconds of the window.
const GRAINS: u128 = WINDOW.as_nanos();

/// How many windows of debt a bucket keeps beyond its brim. A provider that reports a nonsensical usage must not lock an
/// account out for days.
pub(crate) const DEBT_WINDOWS_MAX: u64 = 10;

/// The bucket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bucket {
    grains: u128,
    at: Duration,
    limit: u64,
}

impl Bucket {
    /// What the limit says of a demand. One above the limit counts as the whole limit.
    pub(crate) fn look(&self, now: Duration, limit: u64, demand: u64) -> Reading {
        let held = self.held(now, limit);
        let brim = brim(limit);
        let filled = held + brim_of(demand, limit);
        if filled <= brim {
            return Reading { remaining: units(brim - filled), reset: draining(filled, limit), wait: None };
        }
        let wait = Some(draining(filled - brim, limit));
        Reading { remaining: units(brim.saturating_sub(held)), reset: draining(held, limit), wait }
    }

    /// Takes a demand that [`Bucket::look`] found to fit.
    pub(crate) fn take(&mut self, now: Duration, limit: u64, demand: u64) {
        let grains = self.held(now, limit) + brim_of(demand, limit);
        *self = Self { grains, at: self.at.max(now), limit };
    }

    /// Puts what was used in the place of what was taken.
    pub(crate) fn settle(&mut self, now: Duration, taken: u64, used: u64) {
        let taken = u128::from(taken) * GRAINS;
        let used = u128::from(used) * GRAINS;
        let debt_max = brim(self.limit).saturating_mul(u128::from(1 + DEBT_WINDOWS_MAX));
        let grains = (self.held(now, self.limit) + used).saturating_sub(taken).min(debt_max);
        *self = Self { grains, at: self.at.max(now), limit: self.limit };
    }

    /// Whether it would make no difference to begin with a new one.
    pub(crate) fn is_empty(&self, now: Duration) -> bool {
        self.held(now, self.limit) == 0
    }

    fn held(&self, now: Duration, limit: u64) -> u128 {
        let elapsed = now.saturating_sub(self.at).as_nanos();
        let held = self.grains.saturating_sub(elapsed.saturating_mul(u128::from(limit)));
        // What was taken under a larger limit fills a smaller one, and no more than that.
        if limit < self.limit { held.min(brim(limit)) } else { held }
    }
}

fn brim(limit: u64) -> u128 {
    u128::from(limit) * GRAINS
}

fn brim_of(demand: u64, limit: u64) -> u128 {
    brim(demand.min(limit))
}

fn units(grains: u128) -> u64 {
    u64::try_from(grains / GRAINS).unwrap_or(u64::MAX)
}

fn draining(grains: u128, limit: u64) -> Duration {
    let nanos = grains.div_ceil(u128::from(limit.max(1)));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn admit(bucket: &mut Bucket, now: Duration, limit: u64, demand: u64) -> bool {
        let fits = bucket.look(now, limit, demand).wait.is_none();
        if fits {
            bucket.take(now, limit, demand);
        }
        fits
    }

    #[test]
    fn the_whole_limit_at_once_and_then_its_pace() {
        let mut bucket = Bucket::default();
        let taken = (0..30).filter(|_| admit(&mut bucket, at(0), 20, 1)).count();
        assert_eq!(taken, 20);
        let full = bucket.look(at(0), 20, 1);
        assert_eq!(full, Reading { remaining: 0, reset: at(60_000), wait: Some(at(3_000)) });
        assert!(!admit(&mut bucket, at(2_999), 20, 1) && admit(&mut bucket, at(3_000), 20, 1));
        assert_eq!(bucket.look(at(33_000), 20, 1), Reading { remaining: 9, reset: at(33_000), wait: None });
    }

    #[test]
    fn a_limit_that_divides_nothing_is_met_exactly() {
        let mut bucket = Bucket::default();
        assert_eq!((0..100).filter(|_| admit(&mut bucket, at(0), 7, 1)).count(), 7);
        assert_eq!((0..100).filter(|_| admit(&mut bucket, at(60_000), 7, 1)).count(), 7);
    }

    #[test]
    fn settling_refunds_or_makes_a_debt_that_has_an_end() {
        let mut bucket = Bucket::default();
        assert!(admit(&mut bucket, at(0), 1_000, 400));
        bucket.settle(at(0), 400, 100);
        assert_eq!(bucket.look(at(0), 1_000, 1).remaining, 899);
        bucket.settle(at(0), 0, 1_900);
        assert_eq!(bucket.look(at(0), 1_000, 1).wait, Some(at(60_060)));
        bucket.settle(at(0), 0, u64::MAX);
        assert_eq!(bucket.look(at(0), 1_000, 1).wait, Some(at(600_060)));
    }

    #[test]
    fn a_demand_above_the_limit_needs_it_whole() {
        let mut bucket = Bucket::default();
        assert!(admit(&mut bucket, at(0), 10, 1));
        assert!(!admit(&mut bucket, at(5_999), 10, 50) && admit(&mut bucket, at(6_000), 10, 50));
    }

    #[test]
    fn a_limit_may_change_while_it_is_in_use() {
        let mut bucket = Bucket::default();
        (0..100).for_each(|_| assert!(admit(&mut bucket, at(0), 100, 1)));
        assert_eq!(bucket.look(at(0), 300, 1).remaining, 199);
        assert_eq!(bucket.look(at(0), 10, 1).wait, Some(at(6_000)));
    }

    proptest! {
        /// In no window more than the limit and its burst, whatever is asked when.
        #[test]
        fn no_window_sees_more_than_limit_and_burst(
            limit in 1_u64..500,
            asked in proptest::collection::vec((0_u64..8_000, 1_u64..40), 1..300),
        ) {
            let (mut bucket, mut now, mut taken) = (Bucket::default(), 0, Vec::new());
            for (pause, demand) in asked {
                now += pause;
                if admit(&mut bucket, at(now), limit, demand) {
                    taken.push((now, demand.min(limit)));
                }
            }
            for (start, _) in &taken {
                let window = taken.iter().filter(|(when, _)| (*start..*start + 60_000).contains(when));
                let sum: u64 = window.map(|(_, demand)| demand).sum();
                prop_assert!(sum <= 2 * limit, "{sum} in a minute with a limit of {limit}");
            }
        }

        /// Waiting never makes a demand fit less, and the wait that was told is enough and not too long.
        #[test]
        fn waiting_helps_and_the_wait_is_true(
            limit in 1_u64..5_000,
            asked in proptest::collection::vec((0_u64..2_000, 1_u64..100), 1..100),
            demand in 1_u64..200,
        ) {
            let (mut bucket, mut now) = (Bucket::default(), 0);
            for (pause, demand) in asked {
                now += pause;
                admit(&mut bucket, at(now), limit, demand);
            }
            let remaining: Vec<u64> = (0..50).map(|step| bucket.look(at(now + step * 997), limit, 0).remaining).collect();
            prop_assert!(remaining.is_sorted());
            if let Some(wait) = bucket.look(at(now), limit, demand).wait {
                prop_assert_eq!(bucket.look(at(now) + wait, limit, demand).wait, None);
                let sooner = at(now) + wait.saturating_sub(Duration::from_nanos(1));
                prop_assert!(bucket.look(sooner, limit, demand).wait.is_some());
            }
        }
    }
}
