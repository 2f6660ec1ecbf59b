//! How a caller's limits stand, in the headers that its SDK reads.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use wardgate_core::format::{Family, Format};
use wardgate_core::time::{Clock, Timestamp};
use wardgate_limits::rate::{LimitName, Standing, Standings};

/// The names of one dialect for one kind of limit: the limit, what is left, and when all of it is back.
struct Names {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

static OPENAI: [Names; 2] = [
    Names {
        limit: HeaderName::from_static("x-ratelimit-limit-requests"),
        remaining: HeaderName::from_static("x-ratelimit-remaining-requests"),
        reset: HeaderName::from_static("x-ratelimit-reset-requests"),
    },
    Names {
        limit: HeaderName::from_static("x-ratelimit-limit-tokens"),
        remaining: HeaderName::from_static("x-ratelimit-remaining-tokens"),
        reset: HeaderName::from_static("x-ratelimit-reset-tokens"),
    },
];

static ANTHROPIC: [Names; 2] = [
    Names {
        limit: HeaderName::from_static("anthropic-ratelimit-requests-limit"),
        remaining: HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
        reset: HeaderName::from_static("anthropic-ratelimit-requests-reset"),
    },
    Names {
        limit: HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
        remaining: HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
        reset: HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
    },
];

/// Of an admitted request, whatever became of it.
pub(crate) fn add(headers: &mut HeaderMap, format: Format, standings: &Standings, clock: &dyn Clock) {
    for standing in [&standings.requests, &standings.tokens].into_iter().flatten() {
        add_one(headers, format, standing, clock.now());
    }
}

/// Of one limit.
pub(crate) fn add_one(headers: &mut HeaderMap, format: Format, standing: &Standing, now: Timestamp) {
    let kind = match standing.name {
        LimitName::RequestsPerMinute | LimitName::RequestsPerDay => 0,
        LimitName::TokensPerMinute => 1,
        // No SDK knows a header for it.
        LimitName::ConcurrentRequests => return,
    };
    let (names, reset) = match format.family() {
        Family::Anthropic => (&ANTHROPIC[kind], whole_second(now.plus(standing.reset)).to_string()),
        // Google's clients know none, so people get those that most know.
        Family::OpenAi | Family::Google | Family::Cohere | Family::Bedrock => (&OPENAI[kind], in_words(standing.reset)),
    };
    headers.insert(names.limit.clone(), HeaderValue::from(standing.limit));
    headers.insert(names.remaining.clone(), HeaderValue::from(standing.remaining));
    if let Ok(reset) = HeaderValue::from_str(&reset) {
        headers.insert(names.reset.clone(), reset);
    }
}

/// The next whole second, which every reader of RFC 3339 understands.
fn whole_second(instant: Timestamp) -> Timestamp {
    let seconds = instant.unix_micros().div_euclid(1_000_000) + i64::from(instant.unix_micros().rem_euclid(1_000_000) > 0);
    Timestamp::from_unix_millis(seconds * 1_000)
}

/// As OpenAI writes durations: `6m0s`, `1.5s`, `120ms`.
fn in_words(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let seconds = match (millis / 1_000, millis % 1_000) {
        (seconds, 0) => format!("{seconds}s"),
        (seconds, millis) => format!("{}s", format!("{seconds}.{millis:03}").trim_end_matches('0')),
    };
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, minutes) => format!("{minutes}m{seconds}"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::time::ManualClock;
    use wardgate_limits::rate::Level;

    fn check(format: Format, reset: Duration, expected: &[&str]) {
        let name = LimitName::TokensPerMinute;
        let standing = Standing { name, level: Level::Team, limit: 500, remaining: 7, reset };
        let standings = Standings { requests: None, tokens: Some(standing) };
        let now = Timestamp::parse("2026-11-22T05:30:45.25Z").unwrap_or_else(|| panic!("it is a time"));
        let mut headers = HeaderMap::new();
        add(&mut headers, format, &standings, &ManualClock::new(now));
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default())).collect();
        lines.sort_unstable();
        assert_eq!(lines, expected);
    }

    #[test]
    fn each_dialect_has_its_own() {
        check(
            Format::OpenAiChat,
            Duration::from_secs(90),
            &["x-ratelimit-limit-tokens: 500", "x-ratelimit-remaining-tokens: 7", "x-ratelimit-reset-tokens: 1m30s"],
        );
        check(
            Format::AnthropicMessages,
            Duration::from_secs(90),
            &[
                "anthropic-ratelimit-tokens-limit: 500",
                "anthropic-ratelimit-tokens-remaining: 7",
                "anthropic-ratelimit-tokens-reset: 2026-11-22T05:32:16Z",
            ],
        );
    }

    #[test]
    fn durations_are_written_as_openai_does() {
        for (millis, text) in
            [(0, "0ms"), (120, "120ms"), (1_500, "1.5s"), (60_000, "1m0s"), (59_001, "59.001s"), (3_661_000, "1h1m1s")]
        {
            assert_eq!(in_words(Duration::from_millis(millis)), text);
        }
    }
}
