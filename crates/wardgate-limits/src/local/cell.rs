//! All counts of one subject.

use crate::rate::bucket::Bucket;
use crate::rate::day::DayCount;
use crate::rate::judge::PLACE_WAIT;
use crate::rate::{LimitName, Moment, Rates, Reading};
use std::time::Duration;

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    requests: Bucket,
    day: DayCount,
    tokens: Bucket,
    inside: u64,
}

impl Cell {
    /// Tells what each limit says of one more request.
    pub(crate) fn look(&self, rates: &Rates, tokens: u64, now: Moment, mut tell: impl FnMut(LimitName, u64, Reading)) {
        if let Some(limit) = rates.requests_per_minute {
            tell(LimitName::RequestsPerMinute, limit, self.requests.look(now.steady, limit, 1));
        }
        if let Some(limit) = rates.requests_per_day {
            tell(LimitName::RequestsPerDay, limit, self.day.look(now.wall, limit));
        }
        if let Some(limit) = rates.tokens_per_minute {
            tell(LimitName::TokensPerMinute, limit, self.tokens.look(now.steady, limit, tokens));
        }
        if let Some(limit) = rates.concurrent_requests {
            let remaining = limit.checked_sub(self.inside + 1);
            let wait = remaining.is_none().then_some(PLACE_WAIT);
            let reading = Reading { remaining: remaining.unwrap_or(0), reset: Duration::ZERO, wait };
            tell(LimitName::ConcurrentRequests, limit, reading);
        }
    }

    /// Counts a request, and says how many tokens it took. The places are counted without a limit too: one may come while
    /// requests are inside.
    pub(crate) fn take(&mut self, rates: &Rates, tokens: u64, now: Moment) -> u64 {
        if let Some(limit) = rates.requests_per_minute {
            self.requests.take(now.steady, limit, 1);
        }
        if rates.requests_per_day.is_some() {
            self.day.take(now.wall);
        }
        self.inside += 1;
        let Some(limit) = rates.tokens_per_minute else { return 0 };
        self.tokens.take(now.steady, limit, tokens);
        tokens.min(limit)
    }

    /// Tokens were used in place of those taken.
    pub(crate) fn settle(&mut self, taken: u64, used: u64, now: Moment) {
        self.tokens.settle(now.steady, taken, used);
    }

    /// A request is over.
    pub(crate) const fn leave(&mut self) {
        self.inside = self.inside.saturating_sub(1);
    }

    /// Whether it would make no difference to begin with a new one.
    pub(crate) fn is_idle(&self, now: Moment) -> bool {
        self.inside == 0
            && self.requests.is_empty(now.steady)
            && self.tokens.is_empty(now.steady)
            && self.day.is_empty(now.wall)
    }
}
