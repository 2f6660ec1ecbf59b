//! Cases of what is reckoned from the ledger: one request's attempts, and sums.

use super::sample::{self, START};
use crate::usage::{GroupBy, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery, REQUEST_LASTS_MAX};
use crate::{Store, StoreError};
use std::time::Duration;
use wardgate_core::account::Account;
use wardgate_core::id::AccessKeyId;
use wardgate_core::money::NanoUsd;
use wardgate_core::random::Counting;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent};

/// The attempts of one request are found by it, in their order, in its own account alone.
pub async fn request_finds_its_attempts(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let beside = sample::usage_event(&acme);
    let first = UsageEvent { attempt_number: 1, is_final: false, ..sample::usage_event(&acme) };
    let attempt = |attempt_number, is_final, seconds| UsageEvent {
        request_id: first.request_id,
        attempt_number,
        is_final,
        event_time: first.event_time.plus(Duration::from_secs(seconds)),
        ..sample::usage_event(&acme)
    };
    let (second, last) = (attempt(2, false, 1), attempt(3, true, 3_600));
    let between = UsageEvent { event_time: second.event_time, ..sample::usage_event(&acme) };
    let events = [last.clone(), between, first.clone(), beside.clone(), second.clone()];
    store.append_usage(&events).await.unwrap();

    let tenant = store.tenant(acme.id);
    assert_eq!(tenant.request_usage(first.request_id).await.unwrap(), [first.clone(), second, last]);
    assert_eq!(tenant.request_usage(beside.request_id).await.unwrap(), [beside]);
    assert!(tenant.request_usage(sample::usage_event(&acme).request_id).await.unwrap().is_empty());
    assert!(store.tenant(other.id).request_usage(first.request_id).await.unwrap().is_empty());
}

/// A request whose last attempt is not in the ledger is found as far as it is; what ended too late is not looked for.
pub async fn request_is_found_unfinished(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let first = UsageEvent { attempt_number: 1, is_final: false, ..sample::usage_event(&acme) };
    let end = first.request_id.made_at().plus(REQUEST_LASTS_MAX);
    let at = |event_time, attempt_number| UsageEvent {
        request_id: first.request_id,
        event_time,
        attempt_number,
        is_final: false,
        ..sample::usage_event(&acme)
    };
    let (within, beyond) = (at(end, 2), at(end.plus(Duration::from_micros(1)), 3));
    store.append_usage(&[first.clone(), within.clone(), beyond]).await.unwrap();
    assert_eq!(store.tenant(acme.id).request_usage(first.request_id).await.unwrap(), [first, within]);
}

fn event(owner: &Account, day: u64, provider: &str, model: &str) -> UsageEvent {
    let midnight = Timestamp::parse("2026-11-23T00:00:00Z").unwrap();
    UsageEvent {
        event_time: midnight.plus(Duration::from_secs(day * 86_400)),
        provider: sample::provider_name(provider),
        model: model.into(),
        completion: Completion::Succeeded,
        status_code: 200,
        ..sample::usage_event(owner)
    }
}

fn bucket(event: &UsageEvent, group: &dyn ToString, requests: u64, errors: u64, attempts: u32) -> OverviewBucket {
    const DAY_MICROS: i64 = 86_400_000_000;
    OverviewBucket {
        day: Timestamp::from_unix_micros(event.event_time.unix_micros() / DAY_MICROS * DAY_MICROS),
        group: group.to_string(),
        cost: (0..attempts).map(|_| event.cost.unwrap_or(NanoUsd::ZERO)).sum(),
        requests,
        errors,
        input_tokens: u64::from(attempts) * event.usage.input(),
        output_tokens: u64::from(attempts) * event.usage.output,
    }
}

/// Sums are made by day and group, in the order of both, of what is in the range, both its ends included.
pub async fn sums_by_day_and_group(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let first = event(&acme, 0, "openai", "gpt-4o");
    let mut same = event(&acme, 0, "openai", "o3");
    same.event_time = first.event_time.plus(Duration::from_micros(86_399_999_999));
    same.access_key_id = first.access_key_id;
    let mut elsewhere = event(&acme, 0, "anthropic", "claude");
    elsewhere.team_id = sample::team(&acme).id;
    let next_day = event(&acme, 1, "openai", "gpt-4o");
    let outside = event(&acme, 2, "openai", "gpt-4o");
    let foreign = event(&other, 0, "openai", "gpt-4o");
    let all = [&first, &same, &elsewhere, &next_day, &outside, &foreign];
    store.append_usage(&all.map(UsageEvent::clone)).await.unwrap();

    let mut by_key = [bucket(&first, &first.access_key_id, 2, 0, 2), bucket(&elsewhere, &elsewhere.access_key_id, 1, 0, 1)];
    by_key.sort_by(|a, b| a.group.cmp(&b.group));
    let [low, high] = by_key;
    let mut by_team = [bucket(&first, &first.team_id, 2, 0, 2), bucket(&elsewhere, &elsewhere.team_id, 1, 0, 1)];
    by_team.sort_by(|a, b| a.group.cmp(&b.group));
    let [low_team, high_team] = by_team;
    let cases = [
        (
            GroupBy::Provider,
            vec![
                bucket(&first, &"anthropic", 1, 0, 1),
                bucket(&first, &"openai", 2, 0, 2),
                bucket(&next_day, &"openai", 1, 0, 1),
            ],
        ),
        (GroupBy::AccessKey, vec![low, high, bucket(&next_day, &next_day.access_key_id, 1, 0, 1)]),
        (GroupBy::Team, vec![low_team, high_team, bucket(&next_day, &next_day.team_id, 1, 0, 1)]),
        (
            GroupBy::Model,
            vec![
                bucket(&first, &"anthropic:claude", 1, 0, 1),
                bucket(&first, &"openai:gpt-4o", 1, 0, 1),
                bucket(&first, &"openai:o3", 1, 0, 1),
                bucket(&next_day, &"openai:gpt-4o", 1, 0, 1),
            ],
        ),
    ];
    for (group_by, expected) in cases {
        let query = OverviewQuery { start: first.event_time, end: next_day.event_time, group_by };
        assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap(), expected, "{group_by:?}");
    }
    let narrow = Duration::from_micros(1);
    let query = OverviewQuery {
        start: first.event_time.plus(narrow),
        end: Timestamp::from_unix_micros(next_day.event_time.unix_micros() - 1),
        group_by: GroupBy::Provider,
    };
    let expected = vec![bucket(&same, &"openai", 1, 0, 1)];
    assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap(), expected);
}

/// Requests are final attempts, errors are those of them that failed, and tokens and cost are of all attempts.
pub async fn counts_requests_and_errors_of_final_attempts(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let of = |is_final, completion, status_code| UsageEvent {
        is_final,
        completion,
        status_code,
        ..event(&acme, 0, "openai", "gpt-4o")
    };
    let mut events = vec![of(true, Completion::Succeeded, 399), of(true, Completion::Succeeded, 400)];
    events.extend([of(false, Completion::Failed, 500), of(false, Completion::Succeeded, 200)]);
    for completion in Completion::ALL.into_iter().filter(|completion| *completion != Completion::Succeeded) {
        events.push(of(true, completion, 200));
    }
    store.append_usage(&events).await.unwrap();
    let unpriced = UsageEvent { cost: None, usage: Usage::default(), ..of(true, Completion::Succeeded, 200) };
    store.append_usage(std::slice::from_ref(&unpriced)).await.unwrap();

    let query = OverviewQuery { start: START, end: unpriced.event_time, group_by: GroupBy::Provider };
    let found = store.tenant(acme.id).usage_overview(&query).await.unwrap();
    assert_eq!(found, [bucket(&events[0], &"openai", 7, 5, 8)]);
}

/// An overview that would have more buckets than there may be is refused rather than cut.
pub async fn too_many_buckets_are_refused(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let random = Counting::default();
    let mut events = Vec::new();
    for number in 0..=OVERVIEW_BUCKETS_MAX as u64 {
        let at = START.plus(Duration::from_millis(number));
        let access_key_id = AccessKeyId::new(at, &random);
        events.push(UsageEvent { access_key_id, event_time: START, ..sample::usage_event(&acme) });
    }
    store.append_usage(&events[1..]).await.unwrap();
    let query = OverviewQuery { start: START, end: START, group_by: GroupBy::AccessKey };
    assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap().len(), OVERVIEW_BUCKETS_MAX);
    store.append_usage(&events[..1]).await.unwrap();
    let refused = store.tenant(acme.id).usage_overview(&query).await;
    assert!(matches!(refused, Err(StoreError::Full { max: OVERVIEW_BUCKETS_MAX, .. })), "{:?}", refused.map(|b| b.len()));
}
