//! What the attempts at one backend with one credential come to.
//!
//! Two things keep it from being asked. It may ask for it: a `Retry-After` is obeyed, and of two the later one counts. Or it fails all
//! the time: then its circuit opens, for a time that doubles with each failure behind it. When that is over, one request is let through
//! to see; the others go elsewhere until it is known what became of that. One stray failure changes nothing but the order among equals.

use crate::average::Average;
use std::time::Duration;
use wardgate_core::fault::FaultClass;
use wardgate_core::health::{Class, Standing};

/// So many failures in a row open the circuit.
const FAILURES_IN_A_ROW: u32 = 5;

/// From so many answers on, a share of failures says something.
const ANSWERS_MIN: f32 = 10.0;

/// The share of failures that opens the circuit.
const SHARE_OPEN: f32 = 0.5;

/// The share of failures that makes it ill.
const SHARE_ILL: f32 = 0.2;

/// For how long after a failure it comes behind its equals.
const ILL_FOR: Duration = Duration::from_secs(30);

/// In which time what was seen loses half its weight.
const HALF_LIFE: Duration = Duration::from_secs(60);

/// How long a circuit is open at first, and at most.
const OPEN_FOR: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// The same for a credential that is refused: somebody has to do something about it.
const REFUSED_FOR: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));

/// How long a quota is left alone when the provider does not say, at first and at most.
const LIMITED_FOR: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The longest `Retry-After` that is obeyed.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// How long the result of a probe is waited for.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// How an attempt ended, as far as health cares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It was answered.
    Answered {
        /// From its start to the first token, where it streamed.
        first_token: Option<Duration>,
        /// Tokens written in a second, where that can be said.
        tokens_per_second: Option<f64>,
    },
    /// It failed.
    Failed {
        /// What was wrong.
        class: FaultClass,
        /// When the provider wants to be asked again.
        retry_after: Option<Duration>,
    },
}

/// What an outcome changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is not to be asked now.
    Out,
    /// It may be asked again.
    In,
}

/// The record. All times are read from one clock that only goes forward.
#[derive(Debug, Clone, Default)]
pub struct Record {
    answers: f32,
    failures: f32,
    weighed_at: Duration,
    failures_in_a_row: u32,
    failed_at: Option<Duration>,
    limits_in_a_row: u32,
    /// Until when it asked to be left alone.
    asked_until: Duration,
    /// How often the circuit opened since an answer came.
    opened: u32,
    open_until: Duration,
    probe_until: Duration,
    first_token: Average,
    speed: Average,
    touched_at: Duration,
}

impl Record {
    /// An attempt begins. Where the circuit was open, it is the one that tells.
    pub fn begin(&mut self, now: Duration) {
        if self.opened > 0 && now >= self.open_until && now >= self.probe_until {
            self.probe_until = now + PROBE_MAX;
        }
    }

    /// An attempt ended.
    pub fn end(&mut self, outcome: Outcome, now: Duration) -> Option<Turn> {
        let was_out = self.out_until() > now || self.opened > 0;
        self.touched_at = now;
        match outcome {
            Outcome::Answered { first_token, tokens_per_second } => {
                self.weigh(now, false);
                first_token.into_iter().for_each(|time| self.first_token.add(time.as_secs_f64()));
                tokens_per_second.into_iter().for_each(|speed| self.speed.add(speed));
                (self.failures_in_a_row, self.limits_in_a_row, self.opened) = (0, 0, 0);
                (self.open_until, self.probe_until) = (Duration::ZERO, Duration::ZERO);
                (was_out && self.asked_until <= now).then_some(Turn::In)
            }
            Outcome::Failed { class, retry_after } => {
                self.fail(class, retry_after, now);
                (!was_out && self.out_until() > now).then_some(Turn::Out)
            }
        }
    }

    fn fail(&mut self, class: FaultClass, retry_after: Option<Duration>, now: Duration) {
        use FaultClass::{
            ContentPolicy, ContextLength, CredentialRefused, CreditExhausted, InvalidRequest, Network, NotFound, Overloaded,
            RateLimited, ReasoningRefused, Server, Timeout, TooLarge, Truncated, Unreadable,
        };
        match class {
            // These are about the request.
            InvalidRequest | ContextLength | ContentPolicy | ReasoningRefused | NotFound | TooLarge => {}
            RateLimited => {
                self.limits_in_a_row += 1;
                let wait = retry_after.unwrap_or_else(|| doubled(LIMITED_FOR, self.limits_in_a_row));
                self.ask_for(wait, now);
            }
            CredentialRefused | CreditExhausted => {
                self.weigh(now, true);
                self.open(REFUSED_FOR, now);
            }
            Overloaded | Timeout | Server | Network | Unreadable | Truncated => {
                self.weigh(now, true);
                self.failed_at = Some(now);
                self.failures_in_a_row += 1;
                retry_after.into_iter().for_each(|wait| self.ask_for(wait, now));
                let share = self.failures / self.answers.max(1.0);
                let is_bad = self.failures_in_a_row >= FAILURES_IN_A_ROW || self.answers >= ANSWERS_MIN && share >= SHARE_OPEN;
                // A probe that failed is enough.
                if is_bad || self.opened > 0 {
                    self.open(OPEN_FOR, now);
                }
            }
        }
    }

    /// Of two times the later one counts.
    fn ask_for(&mut self, wait: Duration, now: Duration) {
        self.asked_until = self.asked_until.max(now + wait.min(RETRY_AFTER_MAX));
    }

    fn open(&mut self, times: (Duration, Duration), now: Duration) {
        // Requests that were under way when it opened say nothing new.
        if self.open_until > now {
            return;
        }
        self.opened += 1;
        self.probe_until = Duration::ZERO;
        self.open_until = now + doubled(times, self.opened);
    }

    fn weigh(&mut self, now: Duration, is_failure: bool) {
        let kept = self.kept(now);
        self.answers = self.answers * kept + 1.0;
        self.failures = self.failures * kept + f32::from(u8::from(is_failure));
        self.weighed_at = now;
    }

    /// What is left of the weights by now.
    fn kept(&self, now: Duration) -> f32 {
        let since = now.saturating_sub(self.weighed_at);
        (-since.as_secs_f32() / HALF_LIFE.as_secs_f32()).exp2()
    }

    /// Until when it is not asked, but for a probe.
    fn out_until(&self) -> Duration {
        let open = if self.opened > 0 { self.open_until.max(self.probe_until) } else { Duration::ZERO };
        self.asked_until.max(open)
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, now: Duration) -> Standing {
        let out_for = self.out_until().checked_sub(now).filter(|out_for| !out_for.is_zero());
        let (answers, failures) = (self.answers * self.kept(now), self.failures * self.kept(now));
        let failure_share = if answers > 0.0 { failures / answers } else { 0.0 };
        let has_just_failed = self.failed_at.is_some_and(|at| now.saturating_sub(at) < ILL_FOR) && self.failures_in_a_row > 0;
        let class = if out_for.is_some() {
            Class::Out
        } else if has_just_failed || answers >= ANSWERS_MIN && failure_share >= SHARE_ILL {
            Class::Ill
        } else {
            Class::Well
        };
        Standing {
            class,
            out_for,
            failure_share,
            first_token_seconds: self.first_token.measure(),
            tokens_per_second: self.speed.measure(),
        }
    }

    /// For how long nothing was learned.
    #[must_use]
    pub fn idle_for(&self, now: Duration) -> Duration {
        now.saturating_sub(self.touched_at.max(self.out_until()))
    }
}

/// The first time, doubled for each after the first, up to the second.
fn doubled((first, max): (Duration, Duration), count: u32) -> Duration {
    first.saturating_mul(1 << count.saturating_sub(1).min(16)).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn failed(class: FaultClass, retry_after: Option<u64>) -> Outcome {
        Outcome::Failed { class, retry_after: retry_after.map(Duration::from_secs) }
    }

    const ANSWERED: Outcome = Outcome::Answered { first_token: None, tokens_per_second: None };

    /// Plays outcomes at seconds, and tells the standing after each.
    fn check(course: &[(u64, Outcome)], expected: &Expect) {
        let mut record = Record::default();
        let mut told = String::new();
        for (at, outcome) in course {
            // A clock that starts at nought never runs in earnest.
            let now = seconds(1_000 + at);
            record.begin(now);
            let turn = record.end(*outcome, now);
            let standing = record.standing(now);
            let out = standing.out_for.map(|time| format!(" for {time:?}")).unwrap_or_default();
            let turned = turn.map(|turn| format!(" ({turn:?})")).unwrap_or_default();
            told += &format!("{at}: {}{out}{turned}\n", standing.class.name());
        }
        expected.assert_eq(&told);
    }

    #[test]
    fn one_stray_failure_only_moves_it_behind_its_equals() {
        use FaultClass::{InvalidRequest, Server};
        check(
            &[(0, ANSWERED), (1, failed(Server, None)), (2, ANSWERED), (3, failed(InvalidRequest, None)), (60, ANSWERED)],
            &expect![[r#"
                0: well
                1: ill
                2: well
                3: well
                60: well
            "#]],
        );
    }

    #[test]
    fn a_circuit_opens_is_probed_and_opens_for_longer() {
        let ill = failed(FaultClass::Timeout, None);
        check(
            &[(0, ill), (0, ill), (0, ill), (0, ill), (0, ill), (0, ill), (5, ill), (15, ill), (35, ANSWERED), (36, ill)],
            &expect![[r#"
                0: ill
                0: ill
                0: ill
                0: ill
                0: out for 5s (Out)
                0: out for 5s
                5: out for 10s
                15: out for 20s
                35: well (In)
                36: ill
            "#]],
        );
    }

    #[test]
    fn a_time_that_is_asked_for_is_kept_and_the_later_one_counts() {
        use FaultClass::{Overloaded, RateLimited};
        check(
            &[
                (0, failed(RateLimited, Some(30))),
                (1, failed(RateLimited, Some(10))),
                (2, ANSWERED),
                (31, ANSWERED),
                (32, failed(RateLimited, None)),
                (34, failed(RateLimited, None)),
                (40, failed(Overloaded, Some(86_400))),
            ],
            &expect![[r#"
                0: out for 30s (Out)
                1: out for 29s
                2: out for 28s
                31: well
                32: out for 1s (Out)
                34: out for 2s (Out)
                40: out for 3600s (Out)
            "#]],
        );
    }

    #[test]
    fn a_refused_credential_is_left_alone_at_once() {
        check(
            &[
                (0, failed(FaultClass::CredentialRefused, None)),
                (30, failed(FaultClass::CreditExhausted, None)),
                (90, ANSWERED),
            ],
            &expect![[r#"
                0: out for 30s (Out)
                30: out for 60s
                90: well (In)
            "#]],
        );
    }

    #[test]
    fn one_request_probes_and_the_others_wait_for_it() {
        let mut record = Record::default();
        (0..FAILURES_IN_A_ROW).for_each(|_| {
            record.end(failed(FaultClass::Server, None), seconds(100));
        });
        let class = |record: &Record, at| record.standing(seconds(at)).class;
        assert_eq!((class(&record, 104), class(&record, 105)), (Class::Out, Class::Ill));
        record.begin(seconds(105));
        assert_eq!(class(&record, 106), Class::Out, "while it is probed");
        record.begin(seconds(106));
        assert_eq!(class(&record, 135), Class::Well, "when the probe was never heard of again");
        record.begin(seconds(135));
        assert_eq!(record.end(ANSWERED, seconds(136)), Some(Turn::In));
        assert_eq!(class(&record, 136), Class::Well);
    }

    #[test]
    fn many_failures_among_answers_open_it_too() {
        let mut record = Record::default();
        let mut turn = None;
        for number in 0..20 {
            let outcome = if number % 2 == 0 { ANSWERED } else { failed(FaultClass::Server, None) };
            turn = turn.or(record.end(outcome, seconds(1_000)));
        }
        assert_eq!(turn, Some(Turn::Out));
    }

    proptest! {
        #[test]
        fn it_never_stays_out_for_long(course in proptest::collection::vec((0u64..100, 0usize..5, proptest::option::of(0u64..1_000_000)), 0..200)) {
            use FaultClass::{CredentialRefused, InvalidRequest, RateLimited, Server};
            let mut record = Record::default();
            let mut now = seconds(1_000);
            for (wait, what, retry_after) in course {
                now += seconds(wait);
                record.begin(now);
                let outcome = [InvalidRequest, RateLimited, Server, CredentialRefused].get(what).map_or(ANSWERED, |class| failed(*class, retry_after));
                record.end(outcome, now);
                let standing = record.standing(now);
                prop_assert!(standing.out_for.is_none_or(|time| time <= RETRY_AFTER_MAX));
                prop_assert!((0.0..=1.0).contains(&standing.failure_share));
                prop_assert_eq!(record.standing(now + RETRY_AFTER_MAX).out_for, None);
            }
        }
    }
}
