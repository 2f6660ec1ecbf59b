//! Prepaid money.

use super::PostgresTenant;
use super::database::Lent;
use super::id::{AFTER_ALL, Id};
use super::parts::optional_text;
use super::table::update_in;
use super::writing::{Writing, retried};
use crate::error::of_insert;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::types::Uuid;
use wardgate_core::audit::AuditEvent;
use wardgate_core::credit::{Credit, CreditCategory, Purchase};
use wardgate_core::id::{AccountId, CreditId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::credits::{CreditStanding, remaining};
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

    async fn credit_standing(&self, now: Timestamp) -> Result<CreditStanding, StoreError> {
        self.credits_now(&mut self.store.database().lend().await?, now).await
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
    /// How the credits stand.
    pub(super) async fn credits_now(&self, lent: &mut Lent, now: Timestamp) -> Result<CreditStanding, StoreError> {
        let credits = sqlx::query(
            "SELECT id, account_id, amount_nano_usd, category, note, expires_at, created_at, created_by FROM credits
             WHERE account_id = $1 ORDER BY id",
        );
        let rows = lent.rows(credits.bind(self.account_id.uuid())).await?;
        let credits = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let days = sqlx::query("SELECT day, nano_usd FROM spending WHERE account_id = $1 AND spender_id = $2 ORDER BY day");
        let rows = lent.rows(days.bind(self.account_id.uuid()).bind(Uuid::nil())).await?;
        let day = |row: &PgRow| {
            let cells = Cells::new("spending", row);
            Ok((cells.time("day")?, cells.get("nano_usd").map(NanoUsd::new)?))
        };
        let days = rows.iter().map(day).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(remaining(&credits, &days, now))
    }

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
