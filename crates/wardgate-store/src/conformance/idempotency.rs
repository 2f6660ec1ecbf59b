//! Cases of requests that are made once.

use super::sample::{self, next_instant};
use crate::{Begun, IdempotencyKey, Store};
use std::time::Duration;
use wardgate_core::time::Timestamp;

const BODY: [u8; 32] = [9; 32];

fn done(answer: &[u8]) -> Begun {
    Begun::Done { body_digest: BODY, sealed_answer: answer.to_owned() }
}

fn after(now: Timestamp, seconds: u64) -> Timestamp {
    now.plus(Duration::from_secs(seconds))
}

/// A request runs once: until it is finished it is running, and then it is answered as before, until its time is over.
pub async fn runs_once(store: &dyn Store) {
    let now = next_instant();
    let key = IdempotencyKey { account_id: None, digest: [1; 32] };
    assert_eq!(store.begin(key, BODY, now, after(now, 10)).await.unwrap(), Begun::New);
    assert_eq!(store.begin(key, BODY, after(now, 9), after(now, 20)).await.unwrap(), Begun::Running);
    store.finish(key, &[0, 255], after(now, 100)).await.unwrap();
    for body in [BODY, [8; 32]] {
        assert_eq!(store.begin(key, body, after(now, 99), after(now, 200)).await.unwrap(), done(&[0, 255]));
    }
    assert_eq!(store.begin(key, BODY, after(now, 100), after(now, 200)).await.unwrap(), Begun::New);
    assert_eq!(store.begin(key, BODY, after(now, 101), after(now, 200)).await.unwrap(), Begun::Running);
}

/// One that began and never ended is run by whoever asks after its time, with its own body.
pub async fn what_never_ended_runs_again(store: &dyn Store) {
    let now = next_instant();
    let key = IdempotencyKey { account_id: None, digest: [1; 32] };
    assert_eq!(store.begin(key, [7; 32], now, after(now, 10)).await.unwrap(), Begun::New);
    assert_eq!(store.begin(key, BODY, after(now, 10), after(now, 20)).await.unwrap(), Begun::New);
    assert_eq!(store.begin(key, BODY, after(now, 11), after(now, 20)).await.unwrap(), Begun::Running);
    store.finish(key, b"a", after(now, 100)).await.unwrap();
    assert_eq!(store.begin(key, BODY, after(now, 12), after(now, 20)).await.unwrap(), done(b"a"));
}

/// What came to nothing may be sent again at once; what is finished stays.
pub async fn abandoned_is_forgotten(store: &dyn Store) {
    let now = next_instant();
    let key = IdempotencyKey { account_id: None, digest: [1; 32] };
    store.abandon(key).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.begin(key, BODY, now, after(now, 10)).await.unwrap(), Begun::New);
        store.abandon(key).await.unwrap();
    }
    assert_eq!(store.begin(key, BODY, now, after(now, 10)).await.unwrap(), Begun::New);
    store.finish(key, b"a", after(now, 100)).await.unwrap();
    store.abandon(key).await.unwrap();
    assert_eq!(store.begin(key, BODY, now, after(now, 10)).await.unwrap(), done(b"a"));
}

/// The same digest of another account, or of none, is another request.
pub async fn accounts_do_not_collide(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let now = next_instant();
    let of = |account_id| IdempotencyKey { account_id, digest: [1; 32] };
    for account_id in [Some(acme.id), Some(other.id), None] {
        assert_eq!(store.begin(of(account_id), BODY, now, after(now, 10)).await.unwrap(), Begun::New);
    }
    store.finish(of(Some(acme.id)), b"a", after(now, 100)).await.unwrap();
    store.abandon(of(None)).await.unwrap();
    for (account_id, expected) in [(Some(acme.id), done(b"a")), (Some(other.id), Begun::Running), (None, Begun::New)] {
        assert_eq!(store.begin(of(account_id), BODY, now, after(now, 10)).await.unwrap(), expected);
    }
}

/// What is over is deleted, so many at a time; what is not stays.
pub async fn purge_deletes_what_is_over(store: &dyn Store) {
    let now = next_instant();
    let key = |number: u8| IdempotencyKey { account_id: None, digest: [number; 32] };
    for number in 0..5 {
        store.begin(key(number), BODY, now, after(now, 10)).await.unwrap();
    }
    store.finish(key(4), b"a", after(now, 100)).await.unwrap();
    assert_eq!(store.purge_idempotency(after(now, 9), 10).await.unwrap(), 0);
    assert_eq!(store.purge_idempotency(after(now, 10), 3).await.unwrap(), 3);
    assert_eq!(store.purge_idempotency(after(now, 10), 3).await.unwrap(), 1);
    assert_eq!(store.begin(key(4), BODY, after(now, 10), after(now, 20)).await.unwrap(), done(b"a"));
    assert_eq!(store.purge_idempotency(after(now, 100), 3).await.unwrap(), 1);
}
