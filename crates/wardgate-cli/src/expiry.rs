//! Instants as people type them.

use crate::failure::Failure;
use wardgate_core::time::Timestamp;

/// An instant in the future: `90d`, `2027-01-01`, `2027-01-01T00:00:00Z`.
pub(crate) fn future(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    match seconds(text) {
        Some(seconds) => Ok(Timestamp::from_unix_micros(now.unix_micros().saturating_add(micros(seconds)))),
        None => instant(text),
    }
}

/// An instant in the past: `24h` ago, or as [`future`].
pub(crate) fn past(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    match seconds(text) {
        Some(seconds) => Ok(Timestamp::from_unix_micros(now.unix_micros().saturating_sub(micros(seconds)))),
        None => instant(text),
    }
}

/// A length of time in whole seconds: `90d`, `12h`, `1h 30m`. `None` when it has no such form.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    millis(text).map(|millis| millis / 1_000)
}

/// A length of time in milliseconds.
pub(crate) fn millis(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let span: jiff::Span = text.parse().ok()?;
    // A day is 24 hours: what ends by the hour does not depend on where it was typed.
    let total = span.total((jiff::Unit::Millisecond, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a span has at most some 10^15 milliseconds, which a float holds exactly"
    )]
    (total >= 0.0).then_some(total as i64)
}

fn micros(seconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000)
}

fn instant(text: &str) -> Result<Timestamp, Failure> {
    let at_midnight = format!("{text}T00:00:00Z");
    Timestamp::parse(text).or_else(|| Timestamp::parse(&at_midnight)).ok_or_else(|| {
        Failure::usage(format!("{text:?} is no time"))
            .hint("write a length as 90d, 12h or 1h 30m, or an instant as 2027-01-01 or 2027-01-01T08:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let now = Timestamp::parse("2026-01-31T10:00:00Z").unwrap();
        let found = future(text, now).map_or_else(|failure| failure.text, |instant| instant.to_string());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lengths_and_instants() {
        check("90d", "2026-05-01T10:00:00Z");
        check("1h 30m", "2026-01-31T11:30:00Z");
        check("2w", "2026-02-14T10:00:00Z");
        check("2027-01-01", "2027-01-01T00:00:00Z");
        check("2027-01-01T01:00:00+01:00", "2027-01-01T00:00:00Z");
        for text in ["", "soon", "90", "-1d", "1y"] {
            check(text, &format!("{text:?} is no time"));
        }
        let now = Timestamp::parse("2026-01-31T10:00:00Z").unwrap();
        assert_eq!(past("24h", now).unwrap().to_string(), "2026-01-30T10:00:00Z");
    }
}
