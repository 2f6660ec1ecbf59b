//! The ledger.

use super::{MemoryStore, MemoryTenant};
use crate::usage::sums::{Span, SumKey, Sums, sums};
use crate::usage::{GroupBy, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery, REQUEST_LASTS_MAX};
use crate::{Listed, StoreError, UsageEvents, UsageQuery, UsageUpkeep};
use async_trait::async_trait;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use wardgate_core::id::{RequestId, UsageEventId};
use wardgate_core::time::Timestamp;
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

    async fn request_usage(&self, id: RequestId) -> Result<Vec<UsageEvent>, StoreError> {
        let tables = self.store.tables()?;
        let window = id.made_at()..=id.made_at().plus(REQUEST_LASTS_MAX);
        let wanted = |event: &&UsageEvent| {
            event.account_id == self.account_id && event.request_id == id && window.contains(&event.event_time)
        };
        let mut events: Vec<UsageEvent> = tables.usage.values().filter(wanted).cloned().collect();
        events.sort_by_key(|event| event.attempt_number);
        Ok(events)
    }

    async fn usage_overview(&self, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
        let tables = self.store.tables()?;
        let parts = query.parts();
        let wanted = |key: &SumKey| {
            let is_in_time = match key.span {
                Span::Hour => parts.hours_before.contains(&key.start) || parts.hours_after.contains(&key.start),
                Span::Day => parts.days.contains(&key.start),
            };
            is_in_time && query.access_key_id.is_none_or(|id| id == key.access_key_id)
        };
        let mut buckets: BTreeMap<(Timestamp, String), Sums> = BTreeMap::new();
        let own = tables.usage_sums.iter().filter(|(key, _)| key.account_id == self.account_id);
        for (key, sums) in own.filter(|(key, _)| wanted(key)) {
            let start = query.interval.start_of(query, key.start);
            *buckets.entry((start, group(query.group_by, key))).or_default() += *sums;
        }
        if buckets.len() > OVERVIEW_BUCKETS_MAX {
            return Err(StoreError::Full { what: "buckets in an overview", max: OVERVIEW_BUCKETS_MAX });
        }
        Ok(buckets.into_iter().map(|((start, group), sums)| OverviewBucket { start, group, sums }).collect())
    }
}

#[async_trait]
impl UsageUpkeep for MemoryStore {
    async fn sum_up_usage(&self, _max: u32) -> Result<u64, StoreError> {
        // There was no other version of the program.
        self.tables().map(|_| 0)
    }

    async fn make_room_for_usage(&self, _now: Timestamp) -> Result<(), StoreError> {
        self.tables().map(|_| ())
    }

    async fn delete_usage(&self, before: Timestamp, max: u32) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let old = tables.usage.values().filter(|event| event.event_time < before).map(|event| event.id);
        let old: Vec<UsageEventId> = old.take(max as usize).collect();
        for id in &old {
            tables.usage.remove(id);
        }
        Ok(old.len() == max as usize)
    }
}

fn group(by: GroupBy, key: &SumKey) -> String {
    match by {
        GroupBy::Provider => key.provider.to_string(),
        GroupBy::AccessKey => key.access_key_id.to_string(),
        GroupBy::Team => key.team_id.to_string(),
        GroupBy::Model => format!("{}:{}", key.provider, key.model),
        GroupBy::Nothing => String::new(),
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
    let mut new = 0;
    for event in events {
        if let Entry::Vacant(vacant) = tables.usage.entry(event.id) {
            vacant.insert(event.clone());
            new += 1;
            super::escrow::spend(&mut tables, event);
            for (key, added) in sums([event]) {
                *tables.usage_sums.entry(key).or_default() += added;
            }
        }
    }
    Ok(new)
}
