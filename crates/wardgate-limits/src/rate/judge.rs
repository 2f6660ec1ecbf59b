//! From what each limit says to one answer.

use super::{Level, LimitName, Reading, Rule, Subject};
use std::time::Duration;
use wardgate_core::tier::TierName;

/// How long whoever found no free place is told to wait: nobody knows when one of those inside is done.
pub(crate) const PLACE_WAIT: Duration = Duration::from_secs(1);

/// How a limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What is limited.
    pub name: LimitName,
    /// Whose limit it is.
    pub level: Level,
    /// The limit.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When all of it is back.
    pub reset: Duration,
}

/// The tightest limits of an admitted request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standings {
    /// Of its limits on requests, a minute or a day, the one with the least left.
    pub requests: Option<Standing>,
    /// Of its limits on tokens, the one with the least left.
    pub tokens: Option<Standing>,
}

/// Why a request was refused: of the limits that it met, the one that lasts longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The limit.
    pub standing: Standing,
    /// Who is counted.
    pub subject: Subject,
    /// The tier that it comes from, if from one.
    pub tier: Option<TierName>,
    /// When the same request could be admitted.
    pub retry_after: Duration,
}

/// Hears every limit, and then has the answer.
#[derive(Default)]
pub(crate) struct Judge<'r> {
    standings: Standings,
    refused: Option<(Standing, Duration, &'r Rule)>,
}

impl<'r> Judge<'r> {
    /// One limit's word. Where two are equally tight, the first one counts.
    pub(crate) fn hear(&mut self, rule: &'r Rule, name: LimitName, limit: u64, reading: Reading) {
        let standing = Standing { name, level: rule.level, limit, remaining: reading.remaining, reset: reading.reset };
        if let Some(wait) = reading.wait {
            if self.refused.is_none_or(|(_, longest, _)| wait > longest) {
                self.refused = Some((standing, wait, rule));
            }
            return;
        }
        let tightest = match name {
            LimitName::RequestsPerMinute | LimitName::RequestsPerDay => &mut self.standings.requests,
            LimitName::TokensPerMinute => &mut self.standings.tokens,
            LimitName::ConcurrentRequests => return,
        };
        if tightest.is_none_or(|tightest| standing.remaining < tightest.remaining) {
            *tightest = Some(standing);
        }
    }

    /// The answer.
    pub(crate) fn verdict(self) -> Result<Standings, Refusal> {
        match self.refused {
            None => Ok(self.standings),
            Some((standing, retry_after, rule)) => {
                Err(Refusal { standing, subject: rule.subject.clone(), tier: rule.tier.clone(), retry_after })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::Rates;
    use wardgate_core::id::AccountId;

    fn rule(level: Level) -> Rule {
        let subject = Subject::new(AccountId::from_bytes([1; 16]), level, "x");
        Rule { subject, level, tier: TierName::new("free").ok(), rates: Rates::default() }
    }

    fn reading(remaining: u64, wait: Option<u64>) -> Reading {
        Reading { remaining, reset: Duration::from_secs(9), wait: wait.map(Duration::from_secs) }
    }

    #[test]
    fn the_tightest_is_reported() {
        let (key, account) = (rule(Level::Key), rule(Level::Account));
        let mut judge = Judge::default();
        judge.hear(&key, LimitName::RequestsPerMinute, 20, reading(7, None));
        judge.hear(&key, LimitName::TokensPerMinute, 100, reading(5, None));
        judge.hear(&account, LimitName::RequestsPerMinute, 50, reading(7, None));
        judge.hear(&account, LimitName::RequestsPerDay, 90, reading(3, None));
        let standings = judge.verdict().unwrap_or_default();
        let told = |standing: Option<Standing>| standing.map(|standing| (standing.name, standing.level, standing.remaining));
        assert_eq!(told(standings.requests), Some((LimitName::RequestsPerDay, Level::Account, 3)));
        assert_eq!(told(standings.tokens), Some((LimitName::TokensPerMinute, Level::Key, 5)));
    }

    #[test]
    fn the_refusal_that_lasts_longest_is_reported() {
        let (key, team) = (rule(Level::Key), rule(Level::Team));
        let mut judge = Judge::default();
        judge.hear(&key, LimitName::RequestsPerMinute, 20, reading(0, Some(3)));
        judge.hear(&team, LimitName::RequestsPerDay, 90, reading(0, Some(600)));
        judge.hear(&team, LimitName::ConcurrentRequests, 1, reading(0, Some(1)));
        let refusal = judge.verdict().err().unwrap_or_else(|| panic!("it is refused"));
        assert_eq!((refusal.standing.name, refusal.standing.level), (LimitName::RequestsPerDay, Level::Team));
        assert_eq!(refusal.retry_after, Duration::from_secs(600));
        assert_eq!(refusal.tier.as_ref().map(TierName::as_str), Some("free"));
    }
}
