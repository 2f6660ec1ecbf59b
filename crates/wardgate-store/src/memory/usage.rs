//! The ledger.

use super::{MemoryStore, MemoryTenant};
use crate::usage::{GroupBy, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery, REQUEST_LASTS_MAX};
use crate::{Listed, StoreError, UsageEvents, UsageQuery};
use async_trait::async_trait;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wardgate_core::id::RequestId;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, UsageEvent};

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
        let mut buckets: BTreeMap<(Timestamp, String), OverviewBucket> = BTreeMap::new();
        let own = tables.usage.values().filter(|event| event.account_id == self.account_id);
        for event in own.filter(|event| (query.start..=query.end).contains(&event.event_time)) {
            let (day, group) = (start_of_day(event.event_time), group(query.group_by, event));
            let bucket = buckets.entry((day, group.clone())).or_insert(OverviewBucket {
                day,
                group,
                cost: NanoUsd::ZERO,
                requests: 0,
                errors: 0,
                input_tokens: 0,
                output_tokens: 0,
            });
            bucket.cost += event.cost.unwrap_or(NanoUsd::ZERO);
            bucket.input_tokens += event.usage.input();
            bucket.output_tokens += event.usage.output;
            bucket.requests += u64::from(event.is_final);
            let is_error = event.completion != Completion::Succeeded || event.status_code >= 400;
            bucket.errors += u64::from(event.is_final && is_error);
        }
        if buckets.len() > OVERVIEW_BUCKETS_MAX {
            return Err(StoreError::Full { what: "buckets in an overview", max: OVERVIEW_BUCKETS_MAX });
        }
        Ok(buckets.into_values().collect())
    }
}

fn start_of_day(at: Timestamp) -> Timestamp {
    const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
    Timestamp::from_unix_micros(at.unix_micros().div_euclid(DAY_MICROS) * DAY_MICROS)
}

fn group(by: GroupBy, event: &UsageEvent) -> String {
    match by {
        GroupBy::Provider => event.provider.to_string(),
        GroupBy::AccessKey => event.access_key_id.to_string(),
        GroupBy::Team => event.team_id.to_string(),
        GroupBy::Model => format!("{}:{}", event.provider, event.model),
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
