//! The table of purchases.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_stamp, optional_text, read_stamp, version};
use super::table::{OfAccount, Table, Texts, room, texts};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::credit::{Purchase, PurchaseStatus};
use wardgate_core::id::{AccountId, PurchaseId};
use wardgate_store::kinds::{PENDING_PURCHASES_MAX, PurchaseFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Purchase {
    const TEXTS: Texts = texts!(
        account, "purchases",
        columns: "id, version, account_id, amount_cents, status, failure_message, idempotency_key, expires_at, created_at,
            updated_at, created_by, updated_by",
        values: "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12",
        live: "TRUE",
        filter: ("($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR idempotency_key = $5)"),
        delete: "DELETE FROM purchases WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.account_id.uuid())
            .bind(i64::from(self.amount_cents))
            .bind(self.status.name())
            .bind(optional_text(self.failure_message.as_deref()))
            .bind(optional_text(self.idempotency_key.as_deref()))
            .bind(self.expires_at.unix_micros());
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q PurchaseFilter, statement: Statement<'q>) -> Statement<'q> {
        statement.bind(filter.status.map(PurchaseStatus::name)).bind(optional_text(filter.idempotency_key.as_deref()))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("purchases", row);
        Ok(Self {
            id: PurchaseId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            amount_cents: cells.number("amount_cents")?,
            status: cells.word("status", PurchaseStatus::from_name)?,
            failure_message: cells.get("failure_message")?,
            idempotency_key: cells.get("idempotency_key")?,
            expires_at: cells.time("expires_at")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        let what = || "a purchase with this idempotency key".to_owned();
        (constraint == "purchases_idempotency_key").then(|| StoreError::Conflict { what: what() })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM purchases WHERE account_id = $1 AND status = $2");
        let there = there.bind(self.account_id.uuid()).bind(PurchaseStatus::Pending.name());
        room(lent, there, PENDING_PURCHASES_MAX, "pending purchases").await
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfAccount for Purchase {}
