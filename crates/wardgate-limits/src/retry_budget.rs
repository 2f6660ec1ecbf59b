//! How many retries the whole process may make: a share of its requests.
//!
//! When a provider falls over, every request wants a second attempt, and retries would double the load on whatever is left.
//! Each first attempt pays a fifth of a token into a bucket, each further attempt takes a whole one; besides, ten tokens a
//! second are always there, so that a quiet gateway fails over freely.

use std::sync::Mutex;
use std::time::Duration;

/// Tokens that one request pays in, in thousandths.
const DEPOSIT_MILLI: u64 = 200;

/// Tokens that are there each second whatever the traffic, in thousandths.
const FREE_PER_SECOND_MILLI: u64 = 10_000;

/// The most that the bucket holds, in thousandths: ten seconds of the free rate.
const HELD_MAX_MILLI: u64 = 10 * FREE_PER_SECOND_MILLI;

/// The bucket.
#[derive(Debug)]
pub struct RetryBudget(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    held_milli: u64,
    refilled_at: Duration,
}

impl RetryBudget {
    /// A bucket that starts with one second of the free rate. Times are read from any clock that only goes forward.
    #[must_use]
    pub const fn new(now: Duration) -> Self {
        Self(Mutex::new(Bucket { held_milli: FREE_PER_SECOND_MILLI, refilled_at: now }))
    }

    /// A request makes its first attempt.
    pub fn deposit(&self) {
        self.with(|bucket| bucket.add(DEPOSIT_MILLI));
    }

    /// A request wants another attempt. `false` when the process has no more to give.
    #[must_use]
    pub fn withdraw(&self, now: Duration) -> bool {
        self.with(|bucket| {
            let elapsed = now.saturating_sub(bucket.refilled_at);
            bucket.refilled_at = now.max(bucket.refilled_at);
            let free = elapsed.as_millis().saturating_mul(u128::from(FREE_PER_SECOND_MILLI)) / 1_000;
            bucket.add(u64::try_from(free).unwrap_or(u64::MAX));
            let has_one = bucket.held_milli >= 1_000;
            if has_one {
                bucket.held_milli -= 1_000;
            }
            has_one
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Bucket) -> T) -> T {
        // Whoever panicked while holding it left numbers that are still in range.
        change(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Bucket {
    fn add(&mut self, milli: u64) {
        self.held_milli = self.held_milli.saturating_add(milli).min(HELD_MAX_MILLI);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_gateway_may_retry_ten_times_a_second() {
        let budget = RetryBudget::new(Duration::ZERO);
        let granted = |now| (0..100).filter(|_| budget.withdraw(now)).count();
        assert_eq!(granted(Duration::ZERO), 10);
        assert_eq!(granted(Duration::from_millis(500)), 5);
        assert_eq!(granted(Duration::from_secs(3_600)), 100);
    }

    #[test]
    fn a_busy_gateway_may_retry_a_fifth_of_its_requests() {
        let budget = RetryBudget::new(Duration::ZERO);
        (0..10).for_each(|_| assert!(budget.withdraw(Duration::ZERO)));
        (0..100).for_each(|_| budget.deposit());
        assert_eq!((0..100).filter(|_| budget.withdraw(Duration::ZERO)).count(), 20);
    }
}
