//! What may be spent in a window of time.

use crate::id::{AccessKeyId, AccountId, BudgetId, TeamId};
use crate::label::Label;
use crate::money::NanoUsd;
use crate::stamp::Stamp;
use crate::time::Timestamp;
use jiff::tz::TimeZone;

/// An amount that an account, one of its teams or one of its access keys may spend in each window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Its texts. Its name is always there and unique within the account.
    pub label: Label,
    /// Whose spending counts.
    pub owner: BudgetOwner,
    /// When it begins anew.
    pub window: BudgetWindow,
    /// What is never exceeded; more than zero. There is this, [`Budget::soft`], or both.
    pub hard: Option<NanoUsd>,
    /// From what on someone is told; more than zero, and no more than the hard one.
    pub soft: Option<NanoUsd>,
    /// When and by whom.
    pub stamp: Stamp,
}

/// Whose spending a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetOwner {
    /// All of the account.
    Account,
    /// All keys of a team.
    Team(TeamId),
    /// One key.
    AccessKey(AccessKeyId),
}

impl BudgetOwner {
    /// Its name in errors, metrics and stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Team(_) => "team",
            Self::AccessKey(_) => "key",
        }
    }

    /// The team, if it is one.
    #[must_use]
    pub const fn team_id(self) -> Option<TeamId> {
        match self {
            Self::Team(id) => Some(id),
            _ => None,
        }
    }

    /// The access key, if it is one.
    #[must_use]
    pub const fn access_key_id(self) -> Option<AccessKeyId> {
        match self {
            Self::AccessKey(id) => Some(id),
            _ => None,
        }
    }
}

/// When a budget begins anew. All of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetWindow {
    /// Each midnight.
    Day,
    /// Each Monday.
    Week,
    /// Each first of a month.
    Month,
    /// Never: it counts from the day on which it was made.
    Total,
}

/// A stretch of time: from its start, inclusive, to its end, exclusive, both at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first instant of it.
    pub start: Timestamp,
    /// The first instant after it; none: it does not end.
    pub end: Option<Timestamp>,
}

impl Span {
    /// Whether an instant is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }
}

impl BudgetWindow {
    /// Every window.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Total];

    /// Its name in the API and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The window with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.name() == name)
    }

    /// The window that an instant is in, of a budget that was made at `made_at`.
    #[must_use]
    pub fn span(self, at: Timestamp, made_at: Timestamp) -> Span {
        let day = at.day_start();
        let days = |count: i64| Timestamp::from_unix_micros(day.unix_micros().saturating_add(count * DAY_MICROS));
        match self {
            Self::Day => Span { start: day, end: Some(days(1)) },
            Self::Week => {
                // The first of January 1970 was a Thursday.
                let since_monday = (day.unix_micros().div_euclid(DAY_MICROS) + 3).rem_euclid(7);
                Span { start: days(-since_monday), end: Some(days(7 - since_monday)) }
            }
            Self::Month => {
                let (day_of_month, days_in_month) = place_in_month(at);
                Span { start: days(1 - day_of_month), end: Some(days(1 - day_of_month + days_in_month)) }
            }
            Self::Total => Span { start: made_at.day_start(), end: None },
        }
    }
}

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The day of the month, from 1, and how many the month has.
fn place_in_month(at: Timestamp) -> (i64, i64) {
    match jiff::Timestamp::from_microsecond(at.unix_micros()) {
        Ok(instant) => {
            let date = TimeZone::UTC.to_datetime(instant).date();
            (i64::from(date.day()), i64::from(date.days_in_month()))
        }
        // Beyond the year 9999 there are no months.
        Err(_) => (1, 30),
    }
}

impl Budget {
    /// Its window that an instant is in.
    #[must_use]
    pub fn span(&self, at: Timestamp) -> Span {
        self.window.span(at, self.stamp.created_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn windows_begin_at_midnight_utc() {
        let check = |window: BudgetWindow, now: &str, start: &str, end: Option<&str>| {
            let span = window.span(at(now), at("2024-02-10T08:00:00Z"));
            assert_eq!((span.start, span.end), (at(start), end.map(at)), "{window:?} {now}");
            assert!(span.contains(at(now)) && span.end.is_none_or(|end| !span.contains(end)));
        };
        check(BudgetWindow::Day, "2026-11-22T23:59:59.999999Z", "2026-11-22T00:00:00Z", Some("2026-11-23T00:00:00Z"));
        check(BudgetWindow::Day, "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", Some("2026-11-24T00:00:00Z"));
        check(BudgetWindow::Week, "2026-11-22T12:00:00Z", "2026-11-16T00:00:00Z", Some("2026-11-23T00:00:00Z"));
        check(BudgetWindow::Week, "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", Some("2026-11-30T00:00:00Z"));
        check(BudgetWindow::Month, "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", Some("2024-03-01T00:00:00Z"));
        check(BudgetWindow::Month, "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", Some("2027-01-01T00:00:00Z"));
        check(BudgetWindow::Total, "2026-12-01T07:00:00Z", "2024-02-10T00:00:00Z", None);
    }
}
