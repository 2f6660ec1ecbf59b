//! Cases of what is reckoned from the ledger: one request's attempts, and sums.

use super::sample::{self, START};
use crate::usage::sums::Span;
use crate::usage::{GroupBy, Interval, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery, REQUEST_LASTS_MAX, Sums};
use crate::{Store, StoreError, UsageQuery};
use std::collections::BTreeMap;
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

/// So many events like this one, of one time and group.
fn bucket(event: &UsageEvent, group: &dyn ToString, requests: u64, errors: u64, attempts: u64) -> OverviewBucket {
    let sums = Sums {
        cost: (0..attempts).map(|_| event.cost.unwrap_or(NanoUsd::ZERO)).sum(),
        attempts,
        unpriced: 0,
        requests,
        errors,
        input_tokens: attempts * event.usage.input(),
        cache_read_tokens: attempts * event.usage.cache_read,
        cache_write_tokens: attempts * event.usage.cache_write(),
        output_tokens: attempts * event.usage.output,
        reasoning_tokens: attempts * event.usage.reasoning,
    };
    OverviewBucket { start: Span::Day.start_of(event.event_time), group: group.to_string(), sums }
}

/// Sums are made by day and group, in the order of both, of what is in the range.
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
        let interval = Interval::Day;
        let query =
            OverviewQuery { start: first.event_time, end: next_day.event_time, group_by, interval, access_key_id: None };
        assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap(), expected, "{group_by:?}");
    }
}

/// Whatever the time, the group and the interval, the sums are those of the events in the hours from the first to the last.
pub async fn any_time_is_summed_to_the_hour(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    const HOUR: i64 = 3_600_000_000;
    let midnight = event(&acme, 0, "openai", "gpt-4o").event_time.unix_micros();
    let at = |hours: i64, micros: i64| Timestamp::from_unix_micros(midnight + hours * HOUR + micros);
    let mut events = Vec::new();
    for (index, hours) in [-25, -24, -1, 0, 0, 1, 23, 24, 30, 47, 48, 72, 73].into_iter().enumerate() {
        let offset = [0, 1, HOUR - 1][index % 3];
        let provider = ["openai", "anthropic"][index % 2];
        events.push(UsageEvent { event_time: at(hours, offset), ..event(&acme, 0, provider, "m") });
    }
    store.append_usage(&events).await.unwrap();
    let ends =
        [(-30, 0), (-25, HOUR - 1), (-24, 0), (-1, 5), (0, 0), (0, 1), (1, 0), (23, HOUR - 1), (24, 0), (48, 7), (73, 0)];
    for (first, last) in ends.iter().enumerate().flat_map(|(index, first)| ends[index..].iter().map(move |last| (first, last)))
    {
        for interval in [Interval::Hour, Interval::Day, Interval::Whole] {
            for (group_by, access_key_id) in
                [(GroupBy::Provider, None), (GroupBy::Nothing, None), (GroupBy::Nothing, Some(events[3].access_key_id))]
            {
                let is_of_key = |event: &&UsageEvent| access_key_id.is_none_or(|id| id == event.access_key_id);
                let query =
                    OverviewQuery { start: at(first.0, first.1), end: at(last.0, last.1), group_by, interval, access_key_id };
                let mut expected: BTreeMap<(Timestamp, String), Sums> = BTreeMap::new();
                for event in events.iter().filter(is_of_key).filter(|event| query.hours().contains(&event.event_time)) {
                    let group = if group_by == GroupBy::Nothing { String::new() } else { event.provider.to_string() };
                    *expected.entry((interval.start_of(&query, event.event_time), group)).or_default() += Sums::of(event);
                }
                let expected: Vec<_> =
                    expected.into_iter().map(|((start, group), sums)| OverviewBucket { start, group, sums }).collect();
                assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap(), expected, "{query:?}");
            }
        }
    }
}

/// A batch that is sent again adds nothing to the sums, and one that is half new adds the new half.
pub async fn replay_adds_nothing_to_sums(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let of = |index| event(&acme, index, "openai", "gpt-4o");
    let (first, second, third) = (of(0), of(0), of(0));
    let batches: [(&[&UsageEvent], u64); 5] = [
        (&[&first, &second], 2),
        (&[&first, &second], 2),
        (&[&second, &third, &third], 3),
        (&[&third], 3),
        (&[&first, &second, &third], 3),
    ];
    for (batch, expected) in batches {
        let batch: Vec<_> = batch.iter().copied().cloned().collect();
        store.append_usage(&batch).await.unwrap();
        for interval in [Interval::Hour, Interval::Day] {
            let query = OverviewQuery {
                start: first.event_time,
                end: first.event_time,
                group_by: GroupBy::Provider,
                interval,
                access_key_id: None,
            };
            let found = store.tenant(acme.id).usage_overview(&query).await.unwrap();
            assert_eq!(found, [bucket(&first, &"openai", expected, 0, expected)]);
        }
    }
}

/// Events that are deleted leave their sums, later ones stay, and what is asked for at once is bounded.
pub async fn deleted_events_leave_their_sums(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let mut events: Vec<_> = (0..6).map(|_| event(&acme, 0, "openai", "gpt-4o")).collect();
    events.push(event(&other, 0, "openai", "gpt-4o"));
    events.push(event(&acme, 2, "openai", "gpt-4o"));
    let last = events[7].clone();
    store.make_room_for_usage(last.event_time).await.unwrap();
    store.append_usage(&events).await.unwrap();
    let query = OverviewQuery {
        start: events[0].event_time,
        end: last.event_time,
        group_by: GroupBy::Provider,
        interval: Interval::Day,
        access_key_id: None,
    };
    let before = store.tenant(acme.id).usage_overview(&query).await.unwrap();
    assert_eq!(before.len(), 2);

    let all = UsageQuery { include_retries: true, ..super::usage::everything() };
    let left = async |owner: &Account| {
        let query = UsageQuery { end: last.event_time, ..all.clone() };
        store.tenant(owner.id).list_usage(&query).await.unwrap().items
    };
    let mut calls = 1;
    while store.delete_usage(last.event_time, 2).await.unwrap() {
        calls += 1;
        assert!(calls < 10, "it does not end");
    }
    assert_eq!((left(&acme).await, left(&other).await), (vec![last.clone()], vec![]));
    assert!(!store.delete_usage(last.event_time, 2).await.unwrap());
    assert_eq!(store.sum_up_usage(100).await.unwrap(), 0);
    assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap(), before);
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

    let query = OverviewQuery {
        start: START,
        end: unpriced.event_time,
        group_by: GroupBy::Provider,
        interval: Interval::Day,
        access_key_id: None,
    };
    let found = store.tenant(acme.id).usage_overview(&query).await.unwrap();
    let mut expected = bucket(&events[0], &"openai", 7, 5, 8);
    (expected.sums.attempts, expected.sums.unpriced) = (9, 1);
    assert_eq!(found, [expected]);
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
    let query =
        OverviewQuery { start: START, end: START, group_by: GroupBy::AccessKey, interval: Interval::Day, access_key_id: None };
    assert_eq!(store.tenant(acme.id).usage_overview(&query).await.unwrap().len(), OVERVIEW_BUCKETS_MAX);
    store.append_usage(&events[..1]).await.unwrap();
    let refused = store.tenant(acme.id).usage_overview(&query).await;
    assert!(matches!(refused, Err(StoreError::Full { max: OVERVIEW_BUCKETS_MAX, .. })), "{:?}", refused.map(|b| b.len()));
}
