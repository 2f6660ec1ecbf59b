//! Cases of grants of managed keys.

use super::sample::{self, audit};
use super::{log, refused};
use crate::changes::Heard;
use crate::{Change, Collection, Store};
use wardgate_core::account::Account;
use wardgate_core::id::ManagedKeyId;
use wardgate_core::provider_key::ManagedKey;

async fn managed_key(store: &dyn Store) -> ManagedKeyId {
    let key = sample::managed_key("openai");
    store.create(&key, &audit(None)).await.unwrap();
    key.id
}

/// A grant is made once and ended once; each that happened is logged and told, and no other.
pub async fn made_and_ended_once(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let key = managed_key(store).await;
    let mut expected = log(store).await;
    let mut heard = Heard::from(store);
    for is_first in [true, false] {
        let entry = audit(acme.id);
        assert_eq!(store.grant(key, acme.id, &entry).await.unwrap(), is_first);
        assert_eq!(store.granted_keys(acme.id).await.unwrap(), [key]);
        if is_first {
            expected.insert(0, entry);
        }
    }
    for is_first in [true, false] {
        let entry = audit(acme.id);
        assert_eq!(store.revoke_grant(key, acme.id, &entry).await.unwrap(), is_first);
        assert!(store.granted_keys(acme.id).await.unwrap().is_empty());
        if is_first {
            expected.insert(0, entry);
        }
    }
    assert_eq!(log(store).await, expected);
    let marker = sample::tenant(store, "marker").await;
    for id in [acme.id, acme.id, marker.id] {
        super::changes::expect(&mut heard, Some(Change::Account(id))).await;
    }
}

/// Both ends must be there.
pub async fn ends_must_be_there(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let key = managed_key(store).await;
    refused!(store.grant(sample::managed_key("openai").id, acme.id, &audit(None)).await, NotInAccount);
    refused!(store.grant(key, sample::account("nobody").id, &audit(None)).await, NotInAccount);
    assert!(!store.revoke_grant(key, acme.id, &audit(None)).await.unwrap());
}

/// Accounts of a key come in pages by id, keys of an account all at once.
pub async fn listed_by_either_end(store: &dyn Store) {
    let mut accounts = Vec::new();
    for name in ["b", "a", "c"] {
        accounts.push(sample::tenant(store, name).await.id);
    }
    let (first, second) = (managed_key(store).await, managed_key(store).await);
    for at in [2, 0, 1] {
        store.grant(second, accounts[at], &audit(None)).await.unwrap();
    }
    store.grant(first, accounts[1], &audit(None)).await.unwrap();
    for (after, limit, expected) in [
        (None, 2, &accounts[..2]),
        (Some(accounts[1]), 2, &accounts[2..]),
        (Some(accounts[2]), 2, &[]),
        (None, 3, &accounts[..]),
    ] {
        assert_eq!(store.granted_accounts(second, after, limit).await.unwrap(), expected);
    }
    assert_eq!(store.granted_keys(accounts[1]).await.unwrap(), [first, second]);
    assert_eq!(store.granted_keys(accounts[0]).await.unwrap(), [second]);
}

/// With either end goes the grant.
pub async fn gone_with_either_end(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let (first, second) = (managed_key(store).await, managed_key(store).await);
    for (key, account) in [(first, acme.id), (second, acme.id), (second, other.id)] {
        store.grant(key, account, &audit(None)).await.unwrap();
    }
    assert!(Collection::<ManagedKey>::delete(store, first, None, &audit(None)).await.unwrap());
    assert_eq!(store.granted_keys(acme.id).await.unwrap(), [second]);
    assert!(Collection::<Account>::delete(store, acme.id, None, &audit(None)).await.unwrap());
    assert_eq!(store.granted_accounts(second, None, 10).await.unwrap(), [other.id]);
}
