//! The ledger.

use super::{MemoryStore, MemoryTenant};
use crate::{Listed, StoreError, UsageEvents, UsageQuery};
use async_trait::async_trait;
use std::cmp::Reverse;
use wardgate_core::usage::UsageEvent;

#[async_trait]
impl UsageEvents for MemoryTenant {
    async fn list_usage(&self, query: &UsageQuery) -> Result<Listed<UsageEvent>, StoreError> {
        let tables = self.store.tables()?;
        let wanted = |event: &&UsageEvent| event.account_id == self.account_id && matches(query, event);
        let mut events: Vec<&UsageEvent> = tables.usage.values().filter(wanted).collect();
        events.sort_by_key(|event| Reverse((event.event_time, event.id)));
        Ok(Listed::cut(events.into_iter().take(query.limit as usize + 1).cloned().collect(), query.limit))
    }
}

fn matches(query: &UsageQuery, event: &UsageEvent) -> bool {
    (query.start..=query.end).contains(&event.event_time)
        && query.access_key_id.is_none_or(|id| id == event.access_key_id)
        && (query.include_retries || event.is_final)
        && query.after.is_none_or(|after| (event.event_time, event.id) < after)
}

pub(super) fn append(store: &MemoryStore, events: &[UsageEvent]) -> Result<u64, StoreError> {
    let mut tables = store.tables()?;
    let before = tables.usage.len();
    for event in events {
        tables.usage.entry(event.id).or_insert_with(|| event.clone());
    }
    Ok((tables.usage.len() - before) as u64)
}
