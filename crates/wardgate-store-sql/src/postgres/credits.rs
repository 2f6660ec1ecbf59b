//! Prepaid money.

use super::PostgresTenant;
use super::id::{AFTER_ALL, Id};
use super::parts::optional_text;
use super::table::update_in;
use super::writing::{Writing, retried};
use crate::error::of_insert;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::audit::AuditEvent;
use wardgate_core::credit::{Credit, CreditCategory, Purchase};
use wardgate_core::id::{AccountId, CreditId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::{Credits, Listed, Page, StoreError};

#[async_trait]
impl Credits for PostgresTenant {
    async fn add_credit(&self, credit: &Credit, event: &AuditEvent) -> Result<(), StoreError> {
        retried(|| async {
            let mut writing = Writing::begin_for(&self.store, Some(self.account_id)).await?;
            let done = async {
                self.insert(&mut writing, credit).await?;
                writing.record(None, event).await
            };
            let done = done.await;
            writing.end(done).await
        })
        .await
    }

    async fn list_credits(&self, page: Page<CreditId>) -> Result<Listed<Credit>, StoreError> {
        let statement = sqlx::query(
            "SELECT id, account_id, amount_nano_usd, category, note, expires_at, created_at, created_by FROM credits
             WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(self.account_id.uuid())
        .bind(page.before.map_or(AFTER_ALL, Id::uuid))
        .bind(i64::from(page.limit) + 1);
        let rows = self.store.database().rows(statement).await?;
        Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, page.limit))
    }

    async fn credit_balance(&self, now: Timestamp) -> Result<NanoUsd, StoreError> {
        // The sum is of a wider type, so it does not overflow before it is held at the end of ours.
        let statement = sqlx::query(
            "SELECT least(coalesce(sum(amount_nano_usd), 0), 9223372036854775807)::bigint AS balance FROM credits
             WHERE account_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
        );
        let statement = statement.bind(self.account_id.uuid()).bind(now.unix_micros());
        match self.store.database().row(statement).await? {
            Some(row) => Cells::new("credits", &row).get("balance").map(NanoUsd::new),
            None => Ok(NanoUsd::ZERO),
        }
    }

    async fn settle_purchase(
        &self,
        purchase: &Purchase,
        credit: Option<&Credit>,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        if purchase.account_id != self.account_id {
            return Err(StoreError::NotInAccount { what: "the object" });
        }
        retried(|| async {
            let mut writing = Writing::begin_for(&self.store, Some(self.account_id)).await?;
            let done = async {
                if let Some(credit) = credit {
                    self.insert(&mut writing, credit).await?;
                }
                update_in(&mut writing, purchase, event).await
            };
            let done = done.await;
            writing.end(done).await
        })
        .await
    }
}

impl PostgresTenant {
    async fn insert(&self, writing: &mut Writing, credit: &Credit) -> Result<(), StoreError> {
        if credit.account_id != self.account_id {
            return Err(StoreError::NotInAccount { what: "the credit" });
        }
        let statement = sqlx::query(
            "INSERT INTO credits (id, account_id, amount_nano_usd, category, note, expires_at, created_at, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(credit.id.uuid())
        .bind(credit.account_id.uuid())
        .bind(credit.amount.nano_usd())
        .bind(credit.category.name())
        .bind(optional_text(credit.note.as_deref()))
        .bind(credit.expires_at.map(Timestamp::unix_micros))
        .bind(credit.created_at.unix_micros())
        .bind(&credit.created_by);
        let what = || "a credit with this id".to_owned();
        writing.lent().run(statement).await.map_err(|error| of_insert(error, what, "the credit"))?;
        Ok(())
    }
}

fn read(row: &PgRow) -> Result<Credit, StoreError> {
    let cells = Cells::new("credits", row);
    Ok(Credit {
        id: CreditId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        amount: cells.get("amount_nano_usd").map(NanoUsd::new)?,
        category: cells.word("category", CreditCategory::from_name)?,
        note: cells.get("note")?,
        expires_at: cells.optional_time("expires_at")?,
        created_at: cells.time("created_at")?,
        created_by: cells.get("created_by")?,
    })
}
