//! The table of purchases.

use super::Statement;
use super::parts::{bind_head, bind_stamp, read_stamp};
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, room, texts};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::credit::{Purchase, PurchaseStatus};
use wardgate_core::id::{AccountId, PurchaseId};
use wardgate_store::kinds::{PENDING_PURCHASES_MAX, PurchaseFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Purchase {
    const TEXTS: Texts = texts! {
        account, "purchases",
        columns: "id, version, account_id, created_at, updated_at, created_by, updated_by, amount_cents, status, failure_message,
            idempotency_key, expires_at",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12",
        live: "TRUE",
        filter: ("TRUE", is_if_given!("status", "?4"), is_if_given!("idempotency_key", "?5")),
        delete: "DELETE FROM purchases WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        bind_stamp(statement, &self.stamp)
            .bind(self.amount_cents)
            .bind(self.status.name())
            .bind(self.failure_message.as_deref())
            .bind(self.idempotency_key.as_deref())
            .bind(self.expires_at.unix_micros())
    }

    fn bind_filter<'q>(filter: &'q PurchaseFilter, statement: Statement<'q>) -> Statement<'q> {
        statement.bind(filter.status.map(PurchaseStatus::name)).bind(filter.idempotency_key.as_deref())
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
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

    fn taken(&self) -> String {
        "a purchase with this idempotency key".to_owned()
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting = sqlx::query("SELECT count(*) FROM purchases WHERE account_id = ? AND status = ?")
            .bind(self.account_id.as_bytes().as_slice())
            .bind(PurchaseStatus::Pending.name());
        room(connection, counting, PENDING_PURCHASES_MAX, "pending purchases").await
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfAccount for Purchase {}
