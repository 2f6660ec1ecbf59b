//! Decides what to try after an attempt.
//!
//! Pure: time and history are arguments, and nothing here waits. A candidate is tried at most once, because a provider that
//! refused a request a second ago will most likely refuse it again, and the client is paying for the delay. The one exception
//! is a provider that itself says "in two seconds", when nothing else is left; the other one that it cannot verify reasoning in
//! the conversation, which is then left out, once in a request.

use crate::candidate::Candidate;
use crate::disposition::{Disposition, disposition};
use std::time::Duration;
use wardgate_core::fault::FaultClass;

/// The most attempts for one request.
pub const ATTEMPTS_MAX: u32 = 10;

/// The longest `Retry-After` that is waited for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// How often a request may wait.
pub const WAITS_MAX: u32 = 2;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try the candidate with this number.
    Try(usize),
    /// Try the candidate with this number again, and from now on leave out of the conversation what only the maker of reasoning
    /// can read.
    TryBare(usize),
    /// Wait this long, then try the candidate with this number again.
    WaitThenTry(usize, Duration),
    /// Give up.
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not tried.
    Fresh,
    /// Not tried, and of a backend that failed: after all fresh ones.
    Last,
    /// Tried, and asked to come back after this time.
    ComeBack(Duration),
    /// Tried, or not worth trying.
    Out,
}

/// The course of one request through its candidates.
#[derive(Debug)]
pub struct Failover<'p> {
    candidates: &'p [Candidate],
    states: Vec<State>,
    attempts: u32,
    waits: u32,
    is_bare: bool,
}

impl<'p> Failover<'p> {
    /// Before the first attempt.
    #[must_use]
    pub fn new(candidates: &'p [Candidate]) -> Self {
        Self { candidates, states: vec![State::Fresh; candidates.len()], attempts: 0, waits: 0, is_bare: false }
    }

    /// How many attempts were begun.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What to try first.
    pub fn first(&mut self) -> Next {
        self.next(Duration::ZERO)
    }

    /// What to try after the candidate `tried` failed, with `time_left` until the request's deadline.
    pub fn after(&mut self, tried: usize, class: FaultClass, retry_after: Option<Duration>, time_left: Duration) -> Next {
        let comes_back = retry_after.filter(|_| matches!(class, FaultClass::RateLimited | FaultClass::Overloaded));
        self.states[tried] = comes_back.map_or(State::Out, State::ComeBack);
        let candidate = &self.candidates[tried];
        match disposition(class) {
            Disposition::Stop => return Next::Stop,
            Disposition::NextQuota => {}
            Disposition::NextKey => self.mark(State::Out, |other| other.shares_credential(candidate)),
            Disposition::NextBackend => self.mark(State::Last, |other| other.is_same_backend(candidate)),
            Disposition::Bare => return self.bare(tried),
            Disposition::NextModel => self.mark(State::Out, |other| other.model_index == candidate.model_index),
        }
        self.next(time_left)
    }

    /// What to try in the place of the candidate `tried`, of which it turned out that it cannot be asked this. It was no
    /// attempt, and its backend is the same for every credential.
    pub fn pass_over(&mut self, tried: usize, time_left: Duration) -> Next {
        self.attempts = self.attempts.saturating_sub(1);
        self.states[tried] = State::Out;
        let candidate = &self.candidates[tried];
        self.mark(State::Out, |other| other.is_same_backend(candidate));
        self.next(time_left)
    }

    /// The same once more with less, if it had all.
    fn bare(&mut self, tried: usize) -> Next {
        if self.is_bare || self.attempts >= ATTEMPTS_MAX {
            return Next::Stop;
        }
        self.is_bare = true;
        self.attempts += 1;
        Next::TryBare(tried)
    }

    /// Gives untried candidates of a kind another state.
    fn mark(&mut self, state: State, is_meant: impl Fn(&Candidate) -> bool) {
        for (candidate, current) in self.candidates.iter().zip(&mut self.states) {
            if matches!(current, State::Fresh | State::Last) && is_meant(candidate) {
                *current = state;
            }
        }
    }

    fn next(&mut self, time_left: Duration) -> Next {
        if self.attempts >= ATTEMPTS_MAX {
            return Next::Stop;
        }
        let position = |wanted| self.states.iter().position(|state| *state == wanted);
        if let Some(index) = position(State::Fresh).or_else(|| position(State::Last)) {
            self.attempts += 1;
            return Next::Try(index);
        }
        match self.soonest() {
            Some((index, delay)) if self.waits < WAITS_MAX && delay <= RETRY_AFTER_MAX && delay < time_left => {
                self.attempts += 1;
                self.waits += 1;
                Next::WaitThenTry(index, delay)
            }
            _ => Next::Stop,
        }
    }

    fn soonest(&self) -> Option<(usize, Duration)> {
        let waiting = self.states.iter().enumerate().filter_map(|(index, state)| match state {
            State::ComeBack(delay) => Some((index, *delay)),
            _ => None,
        });
        waiting.min_by_key(|(_, delay)| *delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Setting;
    use FaultClass::*;
    use proptest::prelude::*;
    use wardgate_core::format::Surface;

    const LONG: Duration = Duration::from_secs(60);

    fn candidates() -> Vec<Candidate> {
        // 0, 1: openai with keys 1 and 2; 2, 3: groq with keys 3 and 4
        let setting = Setting::new(&[("openai", 1), ("openai", 2), ("groq", 3), ("groq", 4)]);
        match setting.plan(&["gpt-4o", "openai/gpt-oss-120b"], Surface::ChatCompletions) {
            Ok(plan) => plan.candidates,
            Err(dropped) => panic!("{dropped:?}"),
        }
    }

    /// The order of attempts when attempt n fails with the n-th fault, and the last one succeeds or nothing is left.
    fn course(faults: &[(FaultClass, Option<u64>)]) -> String {
        let candidates = candidates();
        let mut failover = Failover::new(&candidates);
        let mut next = failover.first();
        let mut course = String::new();
        for (class, retry_after) in faults {
            let tried = match next {
                Next::Try(index) => {
                    course.push_str(&format!("{index} "));
                    index
                }
                Next::TryBare(index) => {
                    course.push_str(&format!("(bare) {index} "));
                    index
                }
                Next::WaitThenTry(index, delay) => {
                    course.push_str(&format!("(wait {}) {index} ", delay.as_secs()));
                    index
                }
                Next::Stop => break,
            };
            next = failover.after(tried, *class, retry_after.map(Duration::from_secs), LONG);
        }
        match next {
            Next::Try(index) => course.push_str(&index.to_string()),
            Next::TryBare(index) => course.push_str(&format!("(bare) {index}")),
            Next::WaitThenTry(index, delay) => course.push_str(&format!("(wait {}) {index}", delay.as_secs())),
            Next::Stop => course.push_str("stop"),
        }
        course
    }

    fn check(faults: &[FaultClass], expected: &str) {
        let faults: Vec<_> = faults.iter().map(|class| (*class, None)).collect();
        assert_eq!(course(&faults), expected);
    }

    #[test]
    fn a_refused_credential_gives_way_to_the_next_one() {
        check(&[CredentialRefused], "0 1");
        check(&[CredentialRefused, CreditExhausted, CredentialRefused, CredentialRefused], "0 1 2 3 stop");
    }

    #[test]
    fn a_used_up_quota_moves_to_the_next_key_then_the_next_model() {
        check(&[RateLimited, RateLimited], "0 1 2");
    }

    #[test]
    fn an_ill_backend_is_left_and_its_other_keys_come_last() {
        check(&[Server], "0 2");
        check(&[Timeout, Server, Network, Overloaded], "0 2 1 3 stop");
    }

    #[test]
    fn a_model_that_is_too_small_is_left_with_all_its_keys() {
        check(&[ContextLength, ContentPolicy], "0 2 stop");
    }

    #[test]
    fn a_wrong_request_is_wrong_everywhere() {
        for class in [InvalidRequest, NotFound, TooLarge] {
            check(&[class], "0 stop");
        }
    }

    #[test]
    fn reasoning_that_is_refused_is_left_out_once() {
        check(&[ReasoningRefused], "0 (bare) 0");
        check(&[ReasoningRefused, ReasoningRefused], "0 (bare) 0 stop");
        check(&[Server, ReasoningRefused, Server, ReasoningRefused], "0 2 (bare) 2 1 stop");
    }

    #[test]
    fn a_backend_that_cannot_be_asked_is_passed_over_and_was_no_attempt() {
        let candidates = candidates();
        let mut failover = Failover::new(&candidates);
        assert_eq!(failover.first(), Next::Try(0));
        assert_eq!((failover.pass_over(0, LONG), failover.attempts()), (Next::Try(2), 1));
        assert_eq!((failover.pass_over(2, LONG), failover.attempts()), (Next::Stop, 0));
    }

    #[test]
    fn short_waits_are_taken_twice_when_nothing_else_is_left() {
        let limited = |seconds| (RateLimited, Some(seconds));
        assert_eq!(
            course(&[limited(4), limited(2), limited(3), limited(9), limited(2), limited(2)]),
            "0 1 2 3 (wait 2) 1 (wait 2) 1 stop"
        );
        assert_eq!(course(&[limited(6), limited(6), limited(6), limited(6)]), "0 1 2 3 stop");
    }

    proptest! {
        #[test]
        fn it_ends_within_the_bound_and_tries_nothing_twice_unasked(
            faults in proptest::collection::vec((0usize..15, proptest::option::of(0u64..8)), 40),
        ) {
            let classes = [
                InvalidRequest, ContextLength, ContentPolicy, NotFound, TooLarge, CredentialRefused, CreditExhausted,
                RateLimited, Overloaded, Timeout, Server, Network, Unreadable, Truncated, ReasoningRefused,
            ];
            let candidates = candidates();
            let mut failover = Failover::new(&candidates);
            let mut next = failover.first();
            let mut tried = Vec::new();
            let mut is_bare = false;
            for (class, retry_after) in faults {
                let index = match next {
                    Next::Try(index) => {
                        prop_assert!(!tried.contains(&index));
                        index
                    }
                    Next::TryBare(index) => {
                        prop_assert!(!std::mem::replace(&mut is_bare, true) && tried.last() == Some(&index));
                        index
                    }
                    Next::WaitThenTry(index, delay) => {
                        prop_assert!(delay <= RETRY_AFTER_MAX);
                        index
                    }
                    Next::Stop => break,
                };
                tried.push(index);
                next = failover.after(index, classes[class], retry_after.map(Duration::from_secs), LONG);
            }
            prop_assert!(tried.len() <= ATTEMPTS_MAX as usize && next == Next::Stop);
        }
    }
}
