//! The table of credits, and what turns a purchase into one.

use super::{SqliteTenant, audit, table};
use crate::error::{of_insert, unavailable};
use crate::row::{AFTER_ALL_IDS, Cells};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::audit::AuditEvent;
use wardgate_core::credit::{Credit, CreditCategory, Purchase};
use wardgate_core::id::{AccountId, CreditId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::{Credits, Listed, Page, StoreError};

#[async_trait]
impl Credits for SqliteTenant {
    async fn add_credit(&self, credit: &Credit, event: &AuditEvent) -> Result<(), StoreError> {
        let mut transaction = self.store.begin().await?;
        self.insert_credit(&mut transaction, credit).await?;
        audit::append(&mut transaction, event).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn list_credits(&self, page: Page<CreditId>) -> Result<Listed<Credit>, StoreError> {
        let rows = sqlx::query("SELECT * FROM credits WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT ?")
            .bind(self.account())
            .bind(page.before.as_ref().map_or(AFTER_ALL_IDS, |id| id.as_bytes().as_slice()))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.store.readers())
            .await
            .map_err(unavailable)?;
        Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, page.limit))
    }

    async fn credit_balance(&self, now: Timestamp) -> Result<NanoUsd, StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(sum(amount_nano_usd), 0) AS balance FROM credits
             WHERE account_id = ? AND (expires_at IS NULL OR expires_at > ?)",
        )
        .bind(self.account())
        .bind(now.unix_micros())
        .fetch_one(self.store.readers())
        .await
        .map_err(unavailable)?;
        Cells::new("credits", &row).get("balance").map(NanoUsd::new)
    }

    async fn settle_purchase(
        &self,
        purchase: &Purchase,
        credit: Option<&Credit>,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let mut transaction = self.store.begin().await?;
        table::update_in(&mut transaction, Some(self.account_id), purchase, event).await?;
        if let Some(credit) = credit {
            self.insert_credit(&mut transaction, credit).await?;
        }
        transaction.commit().await.map_err(unavailable)
    }
}

impl SqliteTenant {
    async fn insert_credit(&self, connection: &mut SqliteConnection, credit: &Credit) -> Result<(), StoreError> {
        if credit.account_id != self.account_id {
            return Err(StoreError::NotInAccount { what: "the credit" });
        }
        sqlx::query(
            "INSERT INTO credits (id, account_id, amount_nano_usd, category, note, expires_at, created_at, created_by)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(credit.id.as_bytes().as_slice())
        .bind(self.account())
        .bind(credit.amount.nano_usd())
        .bind(credit.category.name())
        .bind(credit.note.as_deref())
        .bind(credit.expires_at.map(Timestamp::unix_micros))
        .bind(credit.created_at.unix_micros())
        .bind(&credit.created_by)
        .execute(connection)
        .await
        .map_err(|error| of_insert(error, || "a credit with this id".to_owned(), "the account"))?;
        Ok(())
    }
}

fn read(row: &SqliteRow) -> Result<Credit, StoreError> {
    let cells = Cells::new("credits", row);
    Ok(Credit {
        id: CreditId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        amount: NanoUsd::new(cells.get("amount_nano_usd")?),
        category: cells.word("category", CreditCategory::from_name)?,
        note: cells.get("note")?,
        expires_at: cells.optional_time("expires_at")?,
        created_at: cells.time("created_at")?,
        created_by: cells.get("created_by")?,
    })
}
