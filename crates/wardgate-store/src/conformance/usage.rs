//! Cases of the ledger.

use super::sample::{self, START};
use crate::{Store, UsageQuery};
use std::time::Duration;
use wardgate_core::account::Account;
use wardgate_core::id::UsageEventId;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};

/// Everything that an account has.
pub(super) fn everything() -> UsageQuery {
    UsageQuery {
        start: Timestamp::from_unix_micros(0),
        end: START.plus(Duration::from_secs(86_400)),
        access_key_id: None,
        include_retries: true,
        after: None,
        limit: 100,
    }
}

async fn listed(store: &dyn Store, owner: &Account, query: &UsageQuery) -> (Vec<UsageEventId>, bool) {
    let listed = store.tenant(owner.id).list_usage(query).await.unwrap();
    (listed.items.iter().map(|event| event.id).collect(), listed.has_more)
}

/// What was appended is read back, the absent as absent.
pub async fn every_field_round_trips(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let full = sample::usage_event(&acme);
    let empty = UsageEvent {
        virtual_model: None,
        provider_key_id: None,
        managed_key_id: None,
        provider_key_redacted: None,
        is_final: false,
        status_code: 0,
        is_streaming: false,
        stop_reason: None,
        usage: Usage::default(),
        usage_source: UsageSource::None,
        cost: None,
        first_token_us: None,
        ..sample::usage_event(&acme)
    };
    let mut events = vec![full, empty];
    for completion in Completion::ALL {
        events.push(UsageEvent { completion, usage_source: UsageSource::Provider, ..sample::usage_event(&acme) });
    }
    assert_eq!(store.append_usage(&events).await.unwrap(), events.len() as u64);
    let found = store.tenant(acme.id).list_usage(&everything()).await.unwrap();
    assert_eq!(found.items.into_iter().rev().collect::<Vec<_>>(), events);
}

/// A batch that was sent before adds nothing and changes nothing; a half-new one adds the new half.
pub async fn replay_inserts_nothing(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let (first, second) = (sample::usage_event(&acme), sample::usage_event(&acme));
    assert_eq!(store.append_usage(&[]).await.unwrap(), 0);
    assert_eq!(store.append_usage(std::slice::from_ref(&first)).await.unwrap(), 1);
    let changed = UsageEvent { cost: None, ..first.clone() };
    assert_eq!(store.append_usage(&[changed, second.clone(), second.clone()]).await.unwrap(), 1);
    assert_eq!(store.append_usage(&[first.clone(), second.clone()]).await.unwrap(), 0);
    let found = store.tenant(acme.id).list_usage(&everything()).await.unwrap();
    assert_eq!(found.items, [second, first]);
}

/// Both ends of the range belong to it.
pub async fn range_is_inclusive(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let events: Vec<_> = (0..5).map(|_| sample::usage_event(&acme)).collect();
    store.append_usage(&events).await.unwrap();
    let query = UsageQuery { start: events[1].event_time, end: events[3].event_time, ..everything() };
    assert_eq!(listed(store, &acme, &query).await, (vec![events[3].id, events[2].id, events[1].id], false));
}

/// Only one key's events, and only final attempts, where asked for.
pub async fn filters_apply(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let last = sample::usage_event(&acme);
    let retried = UsageEvent { is_final: false, access_key_id: last.access_key_id, ..sample::usage_event(&acme) };
    let other = sample::usage_event(&acme);
    store.append_usage(&[last.clone(), retried.clone(), other.clone()]).await.unwrap();
    let cases = [
        (None, true, vec![other.id, retried.id, last.id]),
        (None, false, vec![other.id, last.id]),
        (Some(last.access_key_id), true, vec![retried.id, last.id]),
        (Some(last.access_key_id), false, vec![last.id]),
        (Some(sample::access_key(&acme).id), true, vec![]),
    ];
    for (access_key_id, include_retries, expected) in cases {
        let query = UsageQuery { access_key_id, include_retries, ..everything() };
        assert_eq!(listed(store, &acme, &query).await, (expected, false));
    }
}

/// Events of one instant are ordered by id, and a cursor between them loses none and repeats none.
pub async fn cursor_passes_equal_times(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let mut events: Vec<_> = (0..7).map(|_| sample::usage_event(&acme)).collect();
    let shared = events[3].event_time;
    for event in &mut events[1..5] {
        event.event_time = shared;
    }
    store.append_usage(&events).await.unwrap();
    let mut query = UsageQuery { limit: 2, ..everything() };
    let mut found = Vec::new();
    loop {
        let page = store.tenant(acme.id).list_usage(&query).await.unwrap();
        query.after = page.items.last().map(|event| (event.event_time, event.id));
        found.extend(page.items.iter().map(|event| event.id));
        if !page.has_more {
            break;
        }
    }
    assert_eq!(found, events.iter().rev().map(|event| event.id).collect::<Vec<_>>());
}

/// Another account's events are not listed, whatever is asked for.
pub async fn another_accounts_is_not_listed(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let event = sample::usage_event(&acme);
    store.append_usage(std::slice::from_ref(&event)).await.unwrap();
    for access_key_id in [None, Some(event.access_key_id)] {
        let query = UsageQuery { access_key_id, ..everything() };
        assert_eq!(listed(store, &other, &query).await, (vec![], false));
    }
}
