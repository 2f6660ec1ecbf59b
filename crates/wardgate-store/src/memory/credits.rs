//! Prepaid money.

use super::escrow::Spender;
use super::{MemoryTenant, Tables, audit, table};
use crate::credits::{CreditStanding, remaining};
use crate::{Credits, Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::credit::{Credit, Purchase};
use wardgate_core::id::{AccountId, CreditId};
use wardgate_core::time::Timestamp;

/// How an account's credits stand.
pub(super) fn standing(tables: &Tables, account_id: AccountId, now: Timestamp) -> CreditStanding {
    let own = tables.credits.values().filter(|credit| credit.account_id == account_id);
    let credits: Vec<Credit> = own.cloned().collect();
    let paid = tables.spending.iter().filter(|((of, by, _), _)| *of == account_id && *by == Spender::Credits);
    let days: Vec<_> = paid.map(|((.., day), amount)| (*day, *amount)).collect();
    remaining(&credits, &days, now)
}

impl MemoryTenant {
    fn check_credit(&self, tables: &Tables, credit: &Credit) -> Result<(), StoreError> {
        if credit.account_id != self.account_id || !tables.accounts.contains_key(&self.account_id) {
            return Err(StoreError::NotInAccount { what: "the credit" });
        }
        if tables.credits.contains_key(&credit.id) {
            return Err(StoreError::Conflict { what: "a credit with this id".to_owned() });
        }
        Ok(())
    }
}

#[async_trait]
impl Credits for MemoryTenant {
    async fn add_credit(&self, credit: &Credit, event: &AuditEvent) -> Result<(), StoreError> {
        let mut tables = self.store.tables()?;
        self.check_credit(&tables, credit)?;
        tables.credits.insert(credit.id, credit.clone());
        audit::append(&mut tables, event);
        Ok(())
    }

    async fn list_credits(&self, page: Page<CreditId>) -> Result<Listed<Credit>, StoreError> {
        let tables = self.store.tables()?;
        let older = tables.credits.values().rev().filter(|credit| page.before.is_none_or(|before| credit.id < before));
        let own = older.filter(|credit| credit.account_id == self.account_id);
        Ok(Listed::cut(own.take(page.limit as usize + 1).cloned().collect(), page.limit))
    }

    async fn credit_standing(&self, now: Timestamp) -> Result<CreditStanding, StoreError> {
        Ok(standing(&*self.store.tables()?, self.account_id, now))
    }

    async fn settle_purchase(
        &self,
        purchase: &Purchase,
        credit: Option<&Credit>,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let mut tables = self.store.tables()?;
        if let Some(credit) = credit {
            self.check_credit(&tables, credit)?;
        }
        table::update_of(&mut tables, self.account_id, purchase, event)?;
        if let Some(credit) = credit {
            tables.credits.insert(credit.id, credit.clone());
        }
        Ok(())
    }
}
