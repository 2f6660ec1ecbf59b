//! The audit log.

use super::{SqliteStore, SqliteTenant, Statement};
use crate::error::unavailable;
use crate::row::{AFTER_ALL_IDS, Cells};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, AuditEventId};
use wardgate_core::time::Timestamp;
use wardgate_store::{AuditLog, AuditQuery, Listed, StoreError};

/// Adds an entry, in the transaction of what it is about.
pub(super) async fn append(connection: &mut SqliteConnection, event: &AuditEvent) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_events (id, account_id, at, actor, address, action, object_id, object_before, object_after)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(event.id.as_bytes().as_slice())
    .bind(event.account_id.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(event.at.unix_micros())
    .bind(&event.actor)
    .bind(event.address.map(|address| address.to_string()))
    .bind(&event.action)
    .bind(&event.object_id)
    .bind(event.before.as_deref())
    .bind(event.after.as_deref())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(())
}

/// A query of the log. Whose entries, or about what, stands first and has an index.
macro_rules! log {
    ($($first:literal)?) => {
        concat!(
            "SELECT * FROM audit_events WHERE ", $($first, " AND ",)? "id < ?3 AND at BETWEEN ?5 AND ?6
                 AND (?7 IS NULL OR actor = ?7) AND (?8 IS NULL OR action = ?8 OR substr(action, 1, length(?9)) = ?9)
             ORDER BY id DESC LIMIT ?4"
        )
    };
}

const OF_ALL: &str = log!();
const OF_ACCOUNT: &str = log!("account_id = ?1");
const OF_OBJECT: &str = log!("object_id = ?2");
const OF_OBJECT_AND_ACCOUNT: &str = log!("object_id = ?2 AND account_id = ?1");

/// A page of the log, of one account or of all.
pub(super) async fn list(
    store: &SqliteStore,
    account_id: Option<AccountId>,
    query: &AuditQuery,
) -> Result<Listed<AuditEvent>, StoreError> {
    let text = match (account_id, &query.object_id) {
        (None, None) => OF_ALL,
        (Some(_), None) => OF_ACCOUNT,
        (None, Some(_)) => OF_OBJECT,
        (Some(_), Some(_)) => OF_OBJECT_AND_ACCOUNT,
    };
    let statement = bind(sqlx::query(text), account_id.as_ref(), query);
    let rows = statement.fetch_all(store.readers()).await.map_err(unavailable)?;
    Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, query.limit))
}

fn bind<'q>(statement: Statement<'q>, account_id: Option<&'q AccountId>, query: &'q AuditQuery) -> Statement<'q> {
    let prefix = query.action.as_deref().filter(|action| action.ends_with('.'));
    statement
        .bind(account_id.map(|id| id.as_bytes().as_slice()))
        .bind(query.object_id.as_deref())
        .bind(query.before.as_ref().map_or(AFTER_ALL_IDS, |id| id.as_bytes().as_slice()))
        .bind(i64::from(query.limit) + 1)
        .bind(query.start.map_or(i64::MIN, Timestamp::unix_micros))
        .bind(query.end.map_or(i64::MAX, Timestamp::unix_micros))
        .bind(query.actor.as_deref())
        .bind(query.action.as_deref())
        .bind(prefix)
}

#[async_trait]
impl AuditLog for SqliteTenant {
    async fn list_audit(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
        list(&self.store, Some(self.account_id), query).await
    }
}

fn read(row: &SqliteRow) -> Result<AuditEvent, StoreError> {
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
