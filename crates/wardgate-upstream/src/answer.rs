//! Reading the head of an answer.

use http::HeaderMap;
use http::header::RETRY_AFTER;
use std::time::{Duration, SystemTime};
use wardgate_core::time::Timestamp;

/// When the provider wants to be asked again: the sooner of `retry-after-ms` and `Retry-After` in seconds or as a date; where
/// there is neither, the first of the times at which a limit begins anew.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    told(headers, now).or_else(|| RESETS.iter().filter_map(|name| span(headers.get(*name)?.to_str().ok()?.trim())).min())
}

/// Where providers say when a limit begins anew, as a span of time.
const RESETS: [&str; 4] = ["x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-ratelimit-reset", "ratelimit-reset"];

/// The longest number of seconds that is taken for a span and not for a date.
const SPAN_SECONDS_MAX: f64 = 1e8;

/// A span like `1.5`, `20ms` or `6m0s`.
fn span(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds < SPAN_SECONDS_MAX);
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let number_end = rest.find(|character: char| character.is_ascii_alphabetic())?;
        let (number, behind) = rest.split_at(number_end);
        let unit_end = behind.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        rest = behind;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// What `retry-after-ms` and `Retry-After` say.
fn told(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok());
    let precise = millis.and_then(|millis| Duration::try_from_secs_f64(millis / 1_000.0).ok());
    let coarse = text(RETRY_AFTER.as_str()).and_then(|value| seconds_or_date(value, now));
    precise.into_iter().chain(coarse).min()
}

fn seconds_or_date(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let date = Timestamp::from_unix_micros(i64::try_from(date.as_micros()).ok()?);
    Some(date.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HeaderName, HeaderValue};

    #[test]
    fn seconds_milliseconds_and_dates() {
        let now = Timestamp::from_unix_millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        let check = |name: &'static str, value: &'static str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_millis), "{name}: {value}");
        };
        check("retry-after", "3", Some(3_000));
        check("retry-after", "1.5", Some(1_500));
        check("retry-after-ms", "250", Some(250));
        check("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000));
        check("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        check("retry-after", "soon", None);
        check("retry-after", "-1", None);
        check("retry-after-ms", "-1", None);
        check("x-ratelimit-reset-requests", "6m0.5s", Some(360_500));
        check("x-ratelimit-reset-tokens", "20ms", Some(20));
        check("ratelimit-reset", "7", Some(7_000));
        // A moment, not a span.
        check("x-ratelimit-reset", "1741305600000", None);
        check("x-ratelimit-reset-tokens", "5 parsecs", None);
        check("x-other", "3", None);
    }

    #[test]
    fn the_soonest_counts_and_what_is_said_outright_counts_more() {
        let wait = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            retry_after(&headers.collect(), Timestamp::from_unix_millis(0)).map(|wait| wait.as_millis())
        };
        assert_eq!(wait(&[("retry-after", "2"), ("retry-after-ms", "1500")]), Some(1_500));
        assert_eq!(wait(&[("retry-after", "2"), ("x-ratelimit-reset-requests", "20ms")]), Some(2_000));
        assert_eq!(wait(&[("x-ratelimit-reset-requests", "20ms"), ("x-ratelimit-reset-tokens", "1s")]), Some(20));
    }
}
