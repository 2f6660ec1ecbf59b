//! Which limits apply to a request, and what they say of it.
//!
//! Pure: time is an argument, and where the counts are kept is someone else's business ([`crate::local`], [`crate::shared`]).
//! A request is counted by everyone in its line of ancestry who has limits: its access key, its end user, its model, its team,
//! its account. Of the first three there may be two counts each: one by the tier of the team, one by that of the account. All of them are asked before any of them takes something, so a refused request has consumed nothing anywhere.
//! The tightest limit decides, and is the one that the client hears of.

pub(crate) mod bucket;
pub(crate) mod day;
pub(crate) mod judge;

pub use judge::{Refusal, Standing, Standings};

use crate::tier::TierLimits;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use wardgate_core::id::{AccountId, TeamId};
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

impl Level {
    /// The places of its rules in a demand: two where a team's tier and its account's may both speak of it.
    const fn slots(self) -> Range<usize> {
        match self {
            Self::Key => 0..2,
            Self::EndUser => 2..4,
            Self::Model => 4..6,
            Self::Team => 6..7,
            Self::Account => 7..8,
        }
    }
}

/// The most subjects that one request counts for.
pub const SLOTS: usize = 8;

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

    /// The tightest of both in everything.
    #[must_use]
    pub fn tightest(&self, other: &Self) -> Self {
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        Self {
            requests_per_minute: least(self.requests_per_minute, other.requests_per_minute),
            requests_per_day: least(self.requests_per_day, other.requests_per_day),
            tokens_per_minute: least(self.tokens_per_minute, other.tokens_per_minute),
            concurrent_requests: least(self.concurrent_requests, other.concurrent_requests),
        }
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
pub struct Subject {
    text: Arc<str>,
    level: Level,
    /// Where in it the name begins.
    name_at: usize,
}

/// The longest name of a model or an end user that is told apart, in bytes. Longer ones are cut, and share their counts with
/// those that begin alike.
const NAME_BYTES_MAX: usize = 256;

impl Subject {
    /// A subject of an account, by its id or name on a level.
    #[must_use]
    pub fn new(account_id: AccountId, level: Level, name: &str) -> Self {
        Holder::account(account_id).subject(level, name)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its name is that of a person, whom whoever keeps the counts need not know.
    pub(crate) fn is_a_person(&self) -> bool {
        self.level == Level::EndUser
    }

    /// Its text up to its name.
    pub(crate) fn before_name(&self) -> &str {
        &self.text[..self.name_at]
    }

    /// The id or name on its level.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[self.name_at..]
    }
}

/// Whose tier it is that someone is counted by. Made once, since it takes time to write an id.
#[derive(Debug, Clone)]
pub struct Holder(Box<str>);

impl Holder {
    /// An account.
    #[must_use]
    pub fn account(id: AccountId) -> Self {
        Self(format!("{{{id}}}:").into())
    }

    /// A team of an account.
    #[must_use]
    pub fn team(account_id: AccountId, id: TeamId) -> Self {
        Self(format!("{{{account_id}}}:{id}:").into())
    }

    /// Someone beneath it, or itself, by the id or name on a level.
    #[must_use]
    pub fn subject(&self, level: Level, name: &str) -> Subject {
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        let name_at = self.0.len() + level.name().len() + 1;
        let mut text = String::with_capacity(name_at + name.len());
        for part in [&*self.0, level.name(), ":", name] {
            text.push_str(part);
        }
        Subject { text: text.into(), level, name_at }
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
    /// Who has limits, each at one of its level's places.
    pub rules: [Option<&'r Rule>; SLOTS],
    /// The tokens that it will probably use. A limit that is smaller counts it as the whole limit, so that a large request is
    /// admitted when nothing else was.
    pub tokens: u64,
}

impl<'r> Demand<'r> {
    /// A demand on those rules that limit something. Of two rules on one level that of the team comes first; a third one has no
    /// place and is left out.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = &'r Rule>, tokens: u64) -> Self {
        let mut demand = Self { rules: [None; SLOTS], tokens };
        for rule in rules.into_iter().filter(|rule| !rule.rates.is_empty()) {
            if let Some(free) = demand.rules[rule.level.slots()].iter_mut().find(|slot| slot.is_none()) {
                *free = Some(rule);
            }
        }
        demand
    }

    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.iter().all(Option::is_none)
    }
}

/// The tokens that a request used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// By all its attempts.
    pub all: u64,
    /// By attempts at the model that it counted for.
    pub of_model: u64,
}

impl Used {
    /// What counts at a place in a demand.
    pub(crate) fn at(self, slot: usize) -> u64 {
        if Level::Model.slots().contains(&slot) { self.of_model } else { self.all }
    }
}

impl From<u64> for Used {
    fn from(tokens: u64) -> Self {
        Self { all: tokens, of_model: tokens }
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
