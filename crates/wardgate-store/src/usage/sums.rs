//! What is added up as events are stored: per hour and per day, each team, key, provider and model.
//!
//! Hours answer a question to the hour, and days keep a question about a year as cheap as one about a week. Both are written
//! in the transaction that writes the events, so whoever reads a sum reads of exactly the events that are stored.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::{ModelName, ProviderName};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, UsageEvent};

/// A length of time that is summed up, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// From one full hour to the next.
    Hour,
    /// From one midnight to the next.
    Day,
}

impl Span {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// How many hours it has, by which stores name it.
    #[must_use]
    pub const fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }

    /// How many microseconds it has.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.hours() * 3_600_000_000
    }

    /// The start of the span that an instant is in.
    #[must_use]
    pub const fn start_of(self, at: Timestamp) -> Timestamp {
        let micros = at.unix_micros();
        Timestamp::from_unix_micros(micros.saturating_sub(micros.rem_euclid(self.micros())))
    }
}

/// What one sum is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SumKey {
    /// Whose usage.
    pub account_id: AccountId,
    /// Of how long.
    pub span: Span,
    /// From when.
    pub start: Timestamp,
    /// Who was asked.
    pub provider: ProviderName,
    /// For what.
    pub model: ModelName,
    /// With which access key.
    pub access_key_id: AccessKeyId,
    /// Of which team. A key that moves to another team leaves what it used where it was.
    pub team_id: TeamId,
}

/// Sums of events. Each is held at the end of its type's range rather than wrapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of all attempts whose cost is known.
    pub cost: NanoUsd,
    /// How many attempts.
    pub attempts: u64,
    /// How many of these have a cost that is not known, and so none in `cost`.
    pub unpriced: u64,
    /// How many requests, which is final attempts.
    pub requests: u64,
    /// How many of these failed: any completion but [`Completion::Succeeded`], or a status of 400 or more.
    pub errors: u64,
    /// Input tokens of all attempts.
    pub input_tokens: u64,
    /// The part of them that was read from caches.
    pub cache_read_tokens: u64,
    /// The part of them that was written to caches.
    pub cache_write_tokens: u64,
    /// Output tokens of all attempts.
    pub output_tokens: u64,
    /// The part of them that was reasoning.
    pub reasoning_tokens: u64,
}

impl Sums {
    /// One event.
    #[must_use]
    pub fn of(event: &UsageEvent) -> Self {
        let is_error = event.completion != Completion::Succeeded || event.status_code >= 400;
        Self {
            cost: event.cost.unwrap_or(NanoUsd::ZERO),
            attempts: 1,
            unpriced: event.cost.is_none().into(),
            requests: event.is_final.into(),
            errors: (event.is_final && is_error).into(),
            input_tokens: event.usage.input(),
            cache_read_tokens: event.usage.cache_read,
            cache_write_tokens: event.usage.cache_write(),
            output_tokens: event.usage.output,
            reasoning_tokens: event.usage.reasoning,
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.cost += other.cost;
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(other.cache_read_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(other.cache_write_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.reasoning_tokens = self.reasoning_tokens.saturating_add(other.reasoning_tokens);
    }
}

/// What these events add to the sums, of both spans.
#[must_use]
pub fn sums<'e>(events: impl IntoIterator<Item = &'e UsageEvent>) -> BTreeMap<SumKey, Sums> {
    let mut sums: BTreeMap<SumKey, Sums> = BTreeMap::new();
    for event in events {
        for span in Span::ALL {
            let key = SumKey {
                account_id: event.account_id,
                span,
                start: span.start_of(event.event_time),
                provider: event.provider.clone(),
                model: event.model.clone(),
                access_key_id: event.access_key_id,
                team_id: event.team_id,
            };
            *sums.entry(key).or_default() += Sums::of(event);
        }
    }
    sums
}
