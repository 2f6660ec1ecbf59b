//! Durations as Go writes them: `1m30s`, `500ms`, `0.5h`.

use crate::body::{Problems, Rule};
use serde_json::{Value, json};
use std::time::Duration;

/// A duration within bounds, both of which are allowed.
#[derive(Clone, Copy)]
pub(crate) struct GoDuration {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
}

impl Rule for GoDuration {
    type Value = Duration;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<Duration> {
        let parsed = value.as_str().and_then(parse);
        let Some(duration) = parsed else {
            problems.add(path, "bad_duration", None, "must be a duration, such as \"1m30s\" or \"500ms\"");
            return None;
        };
        if duration < self.min || duration > self.max {
            let why = format!("must be from {} to {}", write(self.min), write(self.max));
            problems.add(path, "out_of_range", None, why);
            return None;
        }
        Some(duration)
    }

    fn schema(&self) -> Value {
        json!({"type": "string", "pattern": PATTERN, "examples": [write(self.max)]})
    }
}

const PATTERN: &str =
    "^(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|ms|s|m|h)(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|ms|s|m|h))*)$";

/// The units, longer names before those that they begin with; in nanoseconds.
const UNITS: [(&str, f64); 7] = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9)];

/// Reads a duration. Negative ones are none.
fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, length) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        nanos += number * length;
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(nanos / 1e9).ok())?
}

/// Writes a duration in its largest unit up to seconds.
pub(crate) fn write(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        _ if nanos.is_multiple_of(1_000_000_000) => format!("{}s", duration.as_secs()),
        _ if nanos.is_multiple_of(1_000_000) => format!("{}ms", nanos / 1_000_000),
        _ => format!("{nanos}ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let cases = [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("1m30s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            (".5s", Some(500)),
            ("120s", Some(120_000)),
            ("1h1m1s1ms", Some(3_661_001)),
            ("", None),
            ("1", None),
            ("s", None),
            ("-1s", None),
            ("1d", None),
            ("1s ", None),
            ("..s", None),
            ("99999999999999999999h", None),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text}");
        }
        for millis in [0, 1, 999, 1_000, 90_000, 86_400_000] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(&write(duration)), Some(duration));
        }
    }
}
