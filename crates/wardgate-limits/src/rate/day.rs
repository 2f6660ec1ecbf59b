//! A count that begins anew at midnight, UTC.

use super::Reading;
use std::time::Duration;
use wardgate_core::time::Timestamp;

const DAY_SECONDS: i64 = 24 * 3_600;

/// The count of one day.
#[derive(Debug, Clone, Default)]
pub(crate) struct DayCount {
    /// Days since 1970.
    day: i64,
    count: u64,
}

impl DayCount {
    /// What the limit says of one more.
    pub(crate) fn look(&self, now: Timestamp, limit: u64) -> Reading {
        let (day, count) = self.current(now);
        let reset = until_the_end_of(day, now);
        match limit.checked_sub(count + 1) {
            Some(remaining) => Reading { remaining, reset, wait: None },
            None => Reading { remaining: 0, reset, wait: Some(reset) },
        }
    }

    /// Counts one.
    pub(crate) fn take(&mut self, now: Timestamp) {
        let (day, count) = self.current(now);
        *self = Self { day, count: count + 1 };
    }

    /// Whether it would make no difference to begin with a new one.
    pub(crate) fn is_empty(&self, now: Timestamp) -> bool {
        self.current(now).1 == 0
    }

    /// A clock that is set back across midnight does not give the day's limit a second time. One that was set to another time
    /// altogether and back does not lock anyone out.
    fn current(&self, now: Timestamp) -> (i64, u64) {
        let today = now.unix_seconds().div_euclid(DAY_SECONDS);
        if self.day == today || self.day == today + 1 { (self.day, self.count) } else { (today, 0) }
    }
}

fn until_the_end_of(day: i64, now: Timestamp) -> Duration {
    Timestamp::from_unix_millis((day + 1) * DAY_SECONDS * 1_000).since(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight() {
        let at = |text: &str| Timestamp::parse(text).unwrap_or_else(|| panic!("{text}"));
        let mut count = DayCount::default();
        let evening = at("2026-11-22T23:59:30Z");
        let reset = Duration::from_secs(30);
        assert_eq!(count.look(evening, 2), Reading { remaining: 1, reset, wait: None });
        count.take(evening);
        count.take(evening);
        assert_eq!(count.look(evening, 2), Reading { remaining: 0, reset, wait: Some(reset) });
        assert_eq!(count.look(at("2026-11-23T00:00:00Z"), 2).remaining, 1);

        // Set back by a minute just after midnight, and to another year.
        let mut count = DayCount::default();
        count.take(at("2026-11-23T00:00:10Z"));
        assert_eq!(count.look(at("2026-11-22T23:59:10Z"), 2).remaining, 0);
        assert_eq!(count.look(at("2020-01-01T00:00:00Z"), 2).remaining, 1);
    }
}
