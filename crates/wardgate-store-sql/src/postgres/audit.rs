//! The audit log.

use super::id::{AFTER_ALL, Id};
use super::parts::{optional_text, text};
use super::{PostgresStore, PostgresTenant, Statement};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, AuditEventId};
use wardgate_core::time::Timestamp;
use wardgate_store::{AuditLog, AuditQuery, Listed, StoreError};

/// The statement that adds an entry.
pub(super) fn append(event: &AuditEvent) -> Statement<'_> {
    sqlx::query(
        "INSERT INTO audit_events (id, account_id, at, actor, address, action, object_id, object_before, object_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(event.id.uuid())
    .bind(event.account_id.map(Id::uuid))
    .bind(event.at.unix_micros())
    .bind(text(&event.actor))
    .bind(event.address.map(|address| address.to_string()))
    .bind(text(&event.action))
    .bind(text(&event.object_id))
    .bind(optional_text(event.before.as_deref()))
    .bind(optional_text(event.after.as_deref()))
}

/// The conditions of a query but whose the entries are.
macro_rules! matching {
    ($($owner:literal)?) => {
        concat!(
            "SELECT id, account_id, at, actor, address, action, object_id, object_before, object_after FROM audit_events
             WHERE id < $1 AND at >= $3 AND at <= $4 AND ($5::text IS NULL OR actor = $5)
                 AND ($6::text IS NULL OR action = $6 OR (right($6, 1) = '.' AND starts_with(action, $6)))
                 AND ($7::text IS NULL OR object_id = $7)",
            $($owner,)?
            " ORDER BY id DESC LIMIT $2"
        )
    };
}

fn bind<'q>(statement: Statement<'q>, query: &'q AuditQuery) -> Statement<'q> {
    statement
        .bind(query.before.map_or(AFTER_ALL, Id::uuid))
        .bind(i64::from(query.limit) + 1)
        .bind(query.start.map_or(i64::MIN, Timestamp::unix_micros))
        .bind(query.end.map_or(i64::MAX, Timestamp::unix_micros))
        .bind(optional_text(query.actor.as_deref()))
        .bind(optional_text(query.action.as_deref()))
        .bind(optional_text(query.object_id.as_deref()))
}

/// The whole log.
pub(super) async fn list(store: &PostgresStore, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
    page(store, bind(sqlx::query(matching!()), query), query.limit).await
}

async fn page(store: &PostgresStore, statement: Statement<'_>, limit: u32) -> Result<Listed<AuditEvent>, StoreError> {
    let rows = store.database().rows(statement).await?;
    Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, limit))
}

#[async_trait]
impl AuditLog for PostgresTenant {
    async fn list_audit(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
        let statement = bind(sqlx::query(matching!(" AND account_id = $8")), query).bind(self.account_id.uuid());
        page(&self.store, statement, query.limit).await
    }
}

fn read(row: &PgRow) -> Result<AuditEvent, StoreError> {
    let cells = Cells::new("audit_events", row);
    let address: Option<String> = cells.get("address")?;
    Ok(AuditEvent {
        id: AuditEventId::from_bytes(cells.id("id")?),
        account_id: cells.optional_id("account_id")?.map(AccountId::from_bytes),
        at: cells.time("at")?,
        actor: cells.get("actor")?,
        address: address.map(|address| address.parse()).transpose().map_err(|error| cells.corrupt("address", error))?,
        action: cells.get("action")?,
        object_id: cells.get("object_id")?,
        before: cells.get("object_before")?,
        after: cells.get("object_after")?,
    })
}
