//! The table of credits, and what turns a purchase into one.

use super::{SqliteTenant, audit, spending, table};
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
use wardgate_store::credits::{CreditStanding, remaining};
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

    async fn credit_standing(&self, now: Timestamp) -> Result<CreditStanding, StoreError> {
        self.credits_now(&mut *self.store.snapshot().await?, now).await
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
    /// How the credits stand.
    pub(super) async fn credits_now(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<CreditStanding, StoreError> {
        let rows = sqlx::query("SELECT * FROM credits WHERE account_id = ? ORDER BY id")
            .bind(self.account())
            .fetch_all(&mut *connection)
            .await
            .map_err(unavailable)?;
        let credits = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let rows = sqlx::query("SELECT day, nano_usd FROM spending WHERE account_id = ? AND spender_id = ? ORDER BY day")
            .bind(self.account())
            .bind(spending::CREDITS.as_slice())
            .fetch_all(connection)
            .await
            .map_err(unavailable)?;
        let day = |row: &SqliteRow| {
            let cells = Cells::new("spending", row);
            Ok((cells.time("day")?, cells.get("nano_usd").map(NanoUsd::new)?))
        };
        let days = rows.iter().map(day).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(remaining(&credits, &days, now))
    }

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
