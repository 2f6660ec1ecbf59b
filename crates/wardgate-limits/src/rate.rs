//! Which limits apply to a request, and what they say of it.
//!
//! Pure: time is an argument, and where the counts are kept is someone else's business ([`crate::local`], [`crate::shared`]).
//! A request is counted by everyone in its line of ancestry who has limits: its access key, its end user, its model, its team,
//! its account. All of them are asked before any of them takes something, so a refused request has consumed nothing anywhere.
//! The tightest limit decides, and is the one that the client hears of.

pub(crate) mod bucket;
pub(crate) mod day;
pub(crate) mod judge;

pub use judge::{Refusal, Standing, Standings};

use crate::tier::TierLimits;
use std::sync::Arc;
use std::time::Duration;
use wardgate_core::id::AccountId;
use wardgate_core::tier::TierName;
use wardgate_core::time::Timestamp;

/// The time over which rates are meant.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Whose limit it is, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// An access key.
    Key,
    /// Someone whom the client named as its own user.
    EndUser,
    /// A model, as one account uses it.
    Model,
    /// A team.
    Team,
    /// An account.
    Account,
}

impl Level {
    /// Every level, in order.
    pub const ALL: [Self; LEVELS] = [Self::Key, Self::EndUser, Self::Model, Self::Team, Self::Account];

    /// Its name in answers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::EndUser => "end_user",
            Self::Model => "model",
            Self::Team => "team",
            Self::Account => "account",
        }
    }

    /// What it is called in a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Key => "access key",
            Self::EndUser => "end user",
            Self::Model => "model",
            Self::Team => "team",
            Self::Account => "account",
        }
    }
}

/// How many levels there are, and so the most counters that one request moves.
pub const LEVELS: usize = 5;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitName {
    /// Requests a minute.
    RequestsPerMinute,
    /// Requests a day (UTC).
    RequestsPerDay,
    /// Tokens a minute, input and output together.
    TokensPerMinute,
    /// Requests that are being answered at once.
    ConcurrentRequests,
}

impl LimitName {
    /// Its name, the same as in the documents of tiers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requestsPerMinute",
            Self::RequestsPerDay => "requestsPerDay",
            Self::TokensPerMinute => "tokensPerMinute",
            Self::ConcurrentRequests => "concurrentRequests",
        }
    }

    /// What follows the number in a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests a minute",
            Self::RequestsPerDay => "requests a day",
            Self::TokensPerMinute => "tokens a minute",
            Self::ConcurrentRequests => "requests at once",
        }
    }
}

/// The limits of one subject. One that is absent does not apply.
///
/// Rates may be used at once and come back evenly: whoever was idle for a minute may take the whole limit in one burst, and
/// then gets it back at the limit's pace. So no minute sees more than twice the limit, and no hour more than 61 times it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests a minute.
    pub requests_per_minute: Option<u64>,
    /// Requests in a day (UTC).
    pub requests_per_day: Option<u64>,
    /// Tokens a minute, input and output together.
    pub tokens_per_minute: Option<u64>,
    /// Requests that are being answered at once.
    pub concurrent_requests: Option<u64>,
}

impl Rates {
    /// Whether nothing is limited.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.requests_per_minute.is_none()
            && self.requests_per_day.is_none()
            && self.tokens_per_minute.is_none()
            && self.concurrent_requests.is_none()
    }

    /// What one of several gateways may give out by itself while they cannot count together; never nothing.
    #[must_use]
    pub fn share_of(&self, gateways: u64) -> Self {
        let share = |limit: Option<u64>| limit.map(|limit| (limit / gateways.max(1)).max(1));
        Self {
            requests_per_minute: share(self.requests_per_minute),
            requests_per_day: share(self.requests_per_day),
            tokens_per_minute: share(self.tokens_per_minute),
            concurrent_requests: share(self.concurrent_requests),
        }
    }
}

impl From<&TierLimits> for Rates {
    fn from(tier: &TierLimits) -> Self {
        Self {
            requests_per_minute: tier.requests_per_minute,
            requests_per_day: tier.requests_per_day,
            tokens_per_minute: tier.tokens_per_minute,
            concurrent_requests: tier.concurrent_requests,
        }
    }
}

/// Who is counted. Two subjects are never the same text, and all subjects of one account begin alike, in braces, so that a
/// cluster of servers keeps them in one place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(Arc<str>);

/// The longest name of a model or an end user that is told apart, in bytes. Longer ones are cut, and share their counts with
/// those that begin alike.
const NAME_BYTES_MAX: usize = 256;

impl Subject {
    /// A subject of an account, by its id or name on a level.
    #[must_use]
    pub fn new(account_id: AccountId, level: Level, name: &str) -> Self {
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        Self(format!("{{{account_id}}}:{}:{name}", level.name()).into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One subject and its limits.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Who is counted.
    pub subject: Subject,
    /// On which level.
    pub level: Level,
    /// The tier that the limits come from, if from one.
    pub tier: Option<TierName>,
    /// The limits.
    pub rates: Rates,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'r> {
    /// Who has limits, at most one on each level, at its level's place.
    pub rules: [Option<&'r Rule>; LEVELS],
    /// The tokens that it will probably use. A limit that is smaller counts it as the whole limit, so that a large request is
    /// admitted when nothing else was.
    pub tokens: u64,
}

impl<'r> Demand<'r> {
    /// A demand on those rules that limit something.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = &'r Rule>, tokens: u64) -> Self {
        let mut demand = Self { rules: [None; LEVELS], tokens };
        for rule in rules.into_iter().filter(|rule| !rule.rates.is_empty()) {
            demand.rules[rule.level as usize] = Some(rule);
        }
        demand
    }

    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.iter().all(Option::is_none)
    }
}

/// An instant on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// By a clock that never goes back, from any beginning. Rates run by it, so that setting the time of day moves none.
    pub steady: Duration,
    /// By the calendar. Days end by it.
    pub wall: Timestamp,
}

/// What one limit says of a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// What is left once the demand is met, or now if it cannot be.
    pub(crate) remaining: u64,
    /// When all of it is back.
    pub(crate) reset: Duration,
    /// How long until the demand could be met; none: now.
    pub(crate) wait: Option<Duration>,
}
