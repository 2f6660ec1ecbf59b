//! What the client is told when nothing answered.

use std::time::Duration;
use wardgate_core::fault::FaultClass;

/// One failed attempt, as far as the verdict cares.
#[derive(Debug, Clone, Copy)]
pub struct Failed {
    /// What was wrong.
    pub class: FaultClass,
    /// When the provider wants to be asked again.
    pub retry_after: Option<Duration>,
}

/// What it all comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The last provider found the request wrong: its own status and words.
    Refused,
    /// Every quota is used up: 429, and when to come back.
    RateLimited {
        /// The soonest that any of them named; a second when none did.
        retry_after: Duration,
    },
    /// Everything took too long: 504.
    TimedOut,
    /// Every credential was refused: 502, and never a 401, which the client would take for its own key's.
    CredentialsRefused,
    /// Everything is short of capacity: 503.
    Overloaded {
        /// The soonest that any of them named; a second when none did.
        retry_after: Duration,
    },
    /// Anything else: 502.
    Failed,
}

/// Judges a request's failed attempts, at least one, in order.
#[must_use]
pub fn verdict(attempts: &[Failed]) -> Verdict {
    use FaultClass::{
        ContentPolicy, ContextLength, CredentialRefused, CreditExhausted, InvalidRequest, NotFound, Overloaded, RateLimited,
        ReasoningRefused, Timeout, TooLarge,
    };
    let all = |classes: &[FaultClass]| attempts.iter().all(|attempt| classes.contains(&attempt.class));
    let soonest = attempts.iter().filter_map(|attempt| attempt.retry_after).min();
    let retry_after = soonest.unwrap_or_default().max(Duration::from_secs(1));
    match attempts.last().map(|attempt| attempt.class) {
        Some(InvalidRequest | ContextLength | ContentPolicy | ReasoningRefused | NotFound | TooLarge) => Verdict::Refused,
        _ if all(&[RateLimited]) => Verdict::RateLimited { retry_after },
        _ if all(&[Timeout]) => Verdict::TimedOut,
        _ if all(&[CredentialRefused, CreditExhausted]) => Verdict::CredentialsRefused,
        _ if all(&[Overloaded, RateLimited]) => Verdict::Overloaded { retry_after },
        _ => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultClass::*;

    fn check(attempts: &[(FaultClass, Option<u64>)], expected: Verdict) {
        let attempts: Vec<_> = attempts
            .iter()
            .map(|(class, seconds)| Failed { class: *class, retry_after: seconds.map(Duration::from_secs) })
            .collect();
        assert_eq!(verdict(&attempts), expected);
    }

    #[test]
    fn the_soonest_retry_after_is_told() {
        let seconds = Duration::from_secs;
        check(
            &[(RateLimited, Some(30)), (RateLimited, Some(7)), (RateLimited, None)],
            Verdict::RateLimited { retry_after: seconds(7) },
        );
        check(&[(RateLimited, None)], Verdict::RateLimited { retry_after: seconds(1) });
        check(&[(RateLimited, Some(9)), (Overloaded, None)], Verdict::Overloaded { retry_after: seconds(9) });
    }

    #[test]
    fn each_kind_of_end() {
        check(&[(Server, None), (InvalidRequest, None)], Verdict::Refused);
        check(&[(Timeout, None), (Timeout, None)], Verdict::TimedOut);
        check(&[(CredentialRefused, None), (CreditExhausted, None)], Verdict::CredentialsRefused);
        check(&[(Timeout, None), (Server, None)], Verdict::Failed);
    }
}
