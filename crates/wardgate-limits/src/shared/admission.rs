//! What the script `admit.lua` is asked, and what it answers.

use super::ending::LEASE;
use super::keys;
use super::link::Link;
use crate::rate::judge::Judge;
use crate::rate::{Demand, LimitName, Rates, Reading, Refusal, Standings};
use redis::Cmd;
use std::time::Duration;

/// What is told of each limit: what remains, when all is back, and how long to wait.
const NUMBERS: usize = 3;

/// The limits in the order in which the script takes and tells them.
fn limits(rates: &Rates) -> [(LimitName, Option<u64>); 4] {
    [
        (LimitName::RequestsPerMinute, rates.requests_per_minute),
        (LimitName::RequestsPerDay, rates.requests_per_day),
        (LimitName::TokensPerMinute, rates.tokens_per_minute),
        (LimitName::ConcurrentRequests, rates.concurrent_requests),
    ]
}

pub(super) fn call(link: &Link, demand: &Demand<'_>, lease: &str) -> Cmd {
    let rules = || demand.rules.iter().flatten();
    let mut call = link.scripts.admit.call(2 * rules().count());
    for rule in rules() {
        call.arg(&keys(link, &rule.subject));
    }
    call.arg(lease).arg(millis(LEASE)).arg(demand.tokens);
    for (_, limit) in rules().flat_map(|rule| limits(&rule.rates)) {
        call.arg(limit.unwrap_or(0));
    }
    call
}

/// What the answer means; none when it is no answer to this demand.
pub(super) fn verdict(demand: &Demand<'_>, answer: &[i64]) -> Option<Result<Standings, Refusal>> {
    let (is_admitted, mut told) = answer.split_first()?;
    let mut judge = Judge::default();
    for rule in demand.rules.iter().flatten() {
        for (name, limit) in limits(&rule.rates) {
            let (numbers, rest) = told.split_at_checked(NUMBERS)?;
            told = rest;
            if let Some(limit) = limit {
                judge.hear(rule, name, limit, reading(numbers)?);
            }
        }
    }
    let verdict = judge.verdict();
    (verdict.is_ok() == (*is_admitted == 1)).then_some(verdict)
}

fn reading(numbers: &[i64]) -> Option<Reading> {
    let [remaining, reset, wait] = numbers else { return None };
    Some(Reading {
        remaining: u64::try_from(*remaining).ok()?,
        reset: Duration::from_millis(u64::try_from(*reset).ok()?),
        wait: u64::try_from(*wait).ok().map(Duration::from_millis),
    })
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
