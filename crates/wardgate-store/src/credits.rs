//! One account's prepaid money.

use crate::{Listed, Page, StoreError};
use async_trait::async_trait;
use std::time::Duration;
use wardgate_core::audit::AuditEvent;
use wardgate_core::credit::{Credit, Purchase};
use wardgate_core::id::CreditId;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;

/// How an account's credits stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreditStanding {
    /// What is left; less than nothing when more was spent than there was.
    pub balance: NanoUsd,
    /// What they paid for.
    pub spent: NanoUsd,
}

/// What is left of credits after what was spent on each day. A day's spending comes from the credits that were
/// there on that day, from what expires soonest first. What is left of a credit when it expires is void. What was spent beyond
/// all credits is a debt, which later ones pay.
#[must_use]
pub fn remaining(credits: &[Credit], days: &[(Timestamp, NanoUsd)], now: Timestamp) -> CreditStanding {
    let mut lots: Vec<(&Credit, NanoUsd)> = credits.iter().map(|credit| (credit, credit.amount)).collect();
    lots.sort_by_key(|(credit, _)| (credit.expires_at.is_none(), credit.expires_at, credit.id));
    let (mut debt, mut spent) = (NanoUsd::ZERO, NanoUsd::ZERO);
    let mut pay = |debt: &mut NanoUsd, from: Timestamp, until: Timestamp| {
        for (credit, left) in &mut lots {
            if credit.created_at <= until && credit.expires_at.is_none_or(|end| from < end) {
                let paid = (*left).min(*debt);
                (*left, *debt) = (*left - paid, *debt - paid);
            }
        }
    };
    // A credit pays what is owed as soon as it is there, so that it cannot expire beside a debt.
    let came = credits.iter().map(|credit| (credit.created_at, credit.created_at, NanoUsd::ZERO));
    let mut steps: Vec<_> = days.iter().map(|(day, amount)| (*day, day.plus(DAY).min(now), *amount)).chain(came).collect();
    steps.sort_by_key(|(from, ..)| *from);
    for (from, until, amount) in steps {
        debt += amount;
        spent += amount;
        pay(&mut debt, from, until);
    }
    let valid = lots.iter().filter(|(credit, _)| credit.expires_at.is_none_or(|end| now < end));
    let left: NanoUsd = valid.map(|(_, left)| *left).sum();
    CreditStanding { balance: left - debt, spent }
}

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// One account's balance and what made it.
#[async_trait]
pub trait Credits {
    /// Adds to the balance. [`StoreError::NotInAccount`] when the credit is another account's.
    async fn add_credit(&self, credit: &Credit, audit: &AuditEvent) -> Result<(), StoreError>;

    /// What was added, newest first.
    async fn list_credits(&self, page: Page<CreditId>) -> Result<Listed<Credit>, StoreError>;

    /// How the credits stand at this instant: what was added, less what is expired and what they paid for. See [`remaining`].
    async fn credit_standing(&self, now: Timestamp) -> Result<CreditStanding, StoreError>;

    /// Replaces the version before this one of a purchase, and adds the credit it was for, both or neither. Errors as
    /// [`crate::Collection::update`].
    async fn settle_purchase(&self, purchase: &Purchase, credit: Option<&Credit>, audit: &AuditEvent)
    -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::credit::CreditCategory;
    use wardgate_core::id::AccountId;
    use wardgate_core::random::Counting;

    fn day(number: u32) -> Timestamp {
        Timestamp::from_unix_micros(0).plus(DAY * number)
    }

    fn credit(amount: i64, made: u32, end: Option<u32>) -> Credit {
        Credit {
            id: CreditId::new(day(made), &Counting::default()),
            account_id: AccountId::from_bytes([1; 16]),
            amount: NanoUsd::new(amount),
            category: CreditCategory::Purchase,
            note: None,
            expires_at: end.map(day),
            created_at: day(made),
            created_by: String::new(),
        }
    }

    fn check(credits: &[Credit], days: &[(u32, i64)], now: u32, balance: i64) {
        let days: Vec<_> = days.iter().map(|(number, amount)| (day(*number), NanoUsd::new(*amount))).collect();
        let spent = days.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(remaining(credits, &days, day(now)), CreditStanding { balance: NanoUsd::new(balance), spent });
    }

    #[test]
    fn what_expires_soonest_is_spent_first() {
        let credits = [credit(100, 0, None), credit(50, 0, Some(10))];
        check(&credits, &[], 1, 150);
        check(&credits, &[(1, 30)], 2, 120);
        // Of the fifty, thirty were spent in time and twenty are void.
        check(&credits, &[(1, 30)], 10, 100);
        check(&credits, &[(1, 60)], 10, 90);
        check(&credits, &[(1, 30), (10, 30)], 11, 70);
    }

    #[test]
    fn a_debt_is_paid_by_what_comes_later() {
        let credits = [credit(10, 0, None), credit(100, 5, Some(20))];
        check(&credits[..1], &[(1, 15)], 2, -5);
        check(&credits, &[(1, 15)], 6, 95);
        check(&credits, &[(1, 15)], 20, 0);
    }
}
