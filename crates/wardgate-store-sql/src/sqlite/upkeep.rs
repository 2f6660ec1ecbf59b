//! The ledger while time passes: what is left to sum up, and the end of old events.

use super::{SqliteStore, sums, usage};
use crate::error::unavailable;
use async_trait::async_trait;
use sqlx::Row as _;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;
use wardgate_store::{StoreError, UsageUpkeep};

#[async_trait]
impl UsageUpkeep for SqliteStore {
    async fn sum_up_usage(&self, max: u32) -> Result<u64, StoreError> {
        const DUE: &str = "SELECT * FROM usage_events INDEXED BY usage_events_left_out WHERE is_summed = 0 LIMIT ?";
        // Looked for without holding up any writer; there is nothing left nearly always.
        let look = sqlx::query(DUE).bind(1).fetch_optional(self.readers()).await.map_err(unavailable)?;
        if look.is_none() {
            return Ok(0);
        }
        let mut transaction = self.begin().await?;
        let rows = sqlx::query(DUE).bind(max).fetch_all(&mut *transaction).await.map_err(unavailable)?;
        let events: Vec<UsageEvent> = rows.iter().map(usage::read).collect::<Result<_, _>>()?;
        sums::add(&mut transaction, &events).await?;
        for event in &events {
            sqlx::query("UPDATE usage_events SET is_summed = 1 WHERE account_id = ? AND event_time = ? AND id = ?")
                .bind(event.account_id.as_bytes().as_slice())
                .bind(event.event_time.unix_micros())
                .bind(event.id.as_bytes().as_slice())
                .execute(&mut *transaction)
                .await
                .map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(events.len() as u64)
    }

    async fn make_room_for_usage(&self, _now: Timestamp) -> Result<(), StoreError> {
        // All days are in one table.
        Ok(())
    }

    async fn delete_usage(&self, before: Timestamp, max: u32) -> Result<bool, StoreError> {
        let mut left = i64::from(max);
        // The table is in the order of accounts and then time, so each account's oldest events are beside each other.
        let mut after: Vec<u8> = Vec::new();
        while left > 0 {
            let next = "SELECT min(account_id) AS account_id FROM usage_events WHERE account_id > ?";
            let row = sqlx::query(next).bind(&after).fetch_one(self.readers()).await.map_err(unavailable)?;
            let Some(account) = row.try_get::<Option<Vec<u8>>, _>("account_id").map_err(unavailable)? else {
                return Ok(false);
            };
            let delete = sqlx::query(
                "DELETE FROM usage_events WHERE account_id = ?1 AND (event_time, id) IN (
                     SELECT event_time, id FROM usage_events
                     WHERE account_id = ?1 AND event_time < ?2 AND is_summed = 1 ORDER BY event_time LIMIT ?3)",
            );
            let done = delete.bind(&account).bind(before.unix_micros()).bind(left).execute(self.writer()).await;
            left -= i64::try_from(done.map_err(unavailable)?.rows_affected()).unwrap_or(i64::MAX);
            after = account;
        }
        Ok(true)
    }
}
