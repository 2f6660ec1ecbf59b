//! Sums of one account's usage over a time.

use super::sums::{Span, Sums};
use std::ops::Range;
use wardgate_core::id::AccessKeyId;
use wardgate_core::time::Timestamp;

/// What an overview adds up by, beside the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// By provider.
    Provider,
    /// By access key.
    AccessKey,
    /// By team.
    Team,
    /// By provider and model, as `provider:model`.
    Model,
    /// By the time alone.
    Nothing,
}

/// How long the time of one bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
    /// All of the query's time.
    Whole,
}

/// Which sums to make. The time is widened to full hours.
#[derive(Debug, Clone)]
pub struct OverviewQuery {
    /// From the hour of this instant, inclusive.
    pub start: Timestamp,
    /// To the hour of this instant, inclusive.
    pub end: Timestamp,
    /// One bucket for each of these.
    pub group_by: GroupBy,
    /// And of each of these.
    pub interval: Interval,
    /// Only of this key.
    pub access_key_id: Option<AccessKeyId>,
}

/// The sums of one time and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewBucket {
    /// The start of the time.
    pub start: Timestamp,
    /// The id of the access key or team, the provider's id, `provider:model`, or empty where nothing is grouped by.
    pub group: String,
    /// What was used.
    pub sums: Sums,
}

/// The most buckets that an overview has; beyond it [`crate::StoreError::Full`], since cutting would falsify the sums.
pub const OVERVIEW_BUCKETS_MAX: usize = 50_000;

/// The sums that an overview is made of: of these spans, from the start of a range up to its end, which is exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Hours before the first full day.
    pub hours_before: Range<Timestamp>,
    /// Full days.
    pub days: Range<Timestamp>,
    /// Hours after the last full day.
    pub hours_after: Range<Timestamp>,
}

impl OverviewQuery {
    /// The time that is told of, in full hours; its end is exclusive.
    #[must_use]
    pub fn hours(&self) -> Range<Timestamp> {
        let start = Span::Hour.start_of(self.start);
        if self.end < self.start {
            return start..start;
        }
        let end = Span::Hour.start_of(self.end).unix_micros().saturating_add(Span::Hour.micros());
        start..Timestamp::from_unix_micros(end)
    }

    /// Which sums to read. As many days as there are in the time, and hours at its ends.
    #[must_use]
    pub fn parts(&self) -> Parts {
        let hours = self.hours();
        let day = Span::Day.micros();
        let first = Span::Day.start_of(Timestamp::from_unix_micros(hours.start.unix_micros().saturating_add(day - 1)));
        let last = Span::Day.start_of(hours.end);
        let nothing = hours.end..hours.end;
        if self.interval == Interval::Hour || first >= last {
            return Parts { hours_before: hours, days: nothing.clone(), hours_after: nothing };
        }
        Parts { hours_before: hours.start..first, days: first..last, hours_after: last..hours.end }
    }
}

impl Interval {
    /// The start of the bucket that a sum belongs to.
    #[must_use]
    pub fn start_of(self, query: &OverviewQuery, at: Timestamp) -> Timestamp {
        match self {
            Self::Hour => Span::Hour.start_of(at),
            Self::Day => Span::Day.start_of(at),
            Self::Whole => query.hours().start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &str, end: &str, interval: Interval, expected: [(&str, &str); 3]) {
        let at = |text: &str| Timestamp::parse(&format!("2026-11-{text}Z")).unwrap();
        let query = OverviewQuery { start: at(start), end: at(end), group_by: GroupBy::Nothing, interval, access_key_id: None };
        let parts = query.parts();
        let found = [parts.hours_before, parts.days, parts.hours_after];
        let is_as_expected = found.iter().zip(expected).all(|(found, (start, end))| match (start, end) {
            ("", "") => found.is_empty(),
            _ => *found == (at(start)..at(end)),
        });
        assert!(is_as_expected, "{found:?}");
    }

    #[test]
    fn days_are_read_where_they_are_whole_and_hours_at_the_ends() {
        let none = ("", "");
        let midnight = "T00:00:00";
        let at = |day: &str| format!("{day}{midnight}");
        let (d20, d22, d23) = (at("20"), at("22"), at("23"));
        check("19T05:30:00", "22T07:00:00", Interval::Day, [("19T05:00:00", &d20), (&d20, &d22), (&d22, "22T08:00:00")]);
        check(&d22, "22T23:59:59.999999", Interval::Whole, [none, (&d22, &d23), none]);
        check("22T10:00:00", "22T10:00:00", Interval::Day, [("22T10:00:00", "22T11:00:00"), none, none]);
        check("21T23:59:00", "22T00:01:00", Interval::Day, [("21T23:00:00", "22T01:00:00"), none, none]);
        check(&d20, &d22, Interval::Hour, [(&d20, "22T01:00:00"), none, none]);
        check("22T10:00:00", "22T09:00:00", Interval::Day, [none, none, none]);
    }

    #[test]
    fn no_time_is_too_long() {
        for (start, end) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (i64::MIN, i64::MIN)] {
            let at = Timestamp::from_unix_micros;
            let query = OverviewQuery {
                start: at(start),
                end: at(end),
                group_by: GroupBy::Nothing,
                interval: Interval::Day,
                access_key_id: None,
            };
            let parts = query.parts();
            assert!(parts.hours_before.end <= parts.days.end && parts.days.end <= parts.hours_after.end);
        }
    }
}
