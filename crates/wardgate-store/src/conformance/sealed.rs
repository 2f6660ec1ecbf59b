//! Cases of what the master key seals.

use super::Subject;
use super::sample::{self, audit};
use crate::changes::Heard;
use crate::{Change, Collection, Store, StoreError};
use wardgate_core::account::Account;
use wardgate_core::provider_key::ManagedKey;

/// The proof is replaced only by who knows the present one.
pub async fn proof_is_replaced_by_who_knows_it(store: &dyn Store) {
    assert_eq!(store.master_key_proof().await.unwrap(), None);
    for (old, new, is_replaced) in [
        (Some(&b"a"[..]), b"b", false),
        (None, b"a", true),
        (None, b"c", false),
        (Some(b"b"), b"c", false),
        (Some(b"a"), b"b", true),
    ] {
        let present = store.master_key_proof().await.unwrap();
        assert_eq!(store.replace_master_key_proof(old, new).await.unwrap(), is_replaced);
        let expected = if is_replaced { Some(new.to_vec()) } else { present };
        assert_eq!(store.master_key_proof().await.unwrap(), expected);
    }
    assert_eq!(store.master_key_proof().await.unwrap(), Some(b"b".to_vec()));
}

/// Data keys come in pages by id and are replaced one by one, as no new version of their accounts.
pub async fn data_keys_are_replaced(store: &dyn Store) {
    let mut made = Vec::new();
    for name in ["b", "a", "c"] {
        made.push(sample::tenant(store, name).await);
    }
    let sealed = |account: &Account| (account.id, account.sealed_data_key.clone());
    let first = store.sealed_data_keys(None, 2).await.unwrap();
    assert_eq!(first, made[..2].iter().map(sealed).collect::<Vec<_>>());
    assert_eq!(store.sealed_data_keys(Some(made[1].id), 2).await.unwrap(), [sealed(&made[2])]);

    let (id, old) = sealed(&made[1]);
    let mut heard = Heard::from(store);
    assert!(!store.replace_sealed_data_key(id, b"wrong", b"new").await.unwrap());
    assert!(!store.replace_sealed_data_key(sample::account("nobody").id, &old, b"new").await.unwrap());
    assert!(store.replace_sealed_data_key(id, &old, b"new").await.unwrap());
    super::changes::expect(&mut heard, Some(Change::Account(id))).await;
    let expected = Account { sealed_data_key: b"new".to_vec(), ..made[1].clone() };
    let found: Account = Collection::get(store, id).await.unwrap().unwrap();
    assert_eq!(found.facts(), expected.facts());
    assert_eq!(store.sealed_data_keys(None, 1).await.unwrap(), [sealed(&made[0])]);
}

/// Likewise managed keys.
pub async fn managed_keys_are_replaced(store: &dyn Store) {
    let made = [sample::managed_key("openai"), sample::managed_key("openai"), sample::managed_key("openai")];
    for key in &made {
        store.create(key, &audit(None)).await.unwrap();
    }
    let sealed = |key: &ManagedKey| (key.id, key.sealed_value.clone());
    let first = store.sealed_managed_keys(None, 2).await.unwrap();
    assert_eq!(first, made[..2].iter().map(sealed).collect::<Vec<_>>());
    assert_eq!(store.sealed_managed_keys(Some(made[1].id), 2).await.unwrap(), [sealed(&made[2])]);

    let (id, old) = sealed(&made[1]);
    let mut heard = Heard::from(store);
    assert!(!store.replace_sealed_managed_key(id, b"wrong", b"new").await.unwrap());
    assert!(store.replace_sealed_managed_key(id, &old, b"new").await.unwrap());
    super::changes::expect(&mut heard, Some(Change::Everything)).await;
    let mut expected = ManagedKey { sealed_value: b"new".to_vec(), ..made[1].clone() };
    // An update that was read before must not bring the old value back.
    expected.stamp.version = expected.stamp.version.next();
    let stamp = made[1].stamp.next(sample::next_instant(), "changer");
    let late = store.update(&ManagedKey { stamp, ..made[1].clone() }, &audit(None)).await;
    assert!(matches!(late, Err(StoreError::Changed { .. })), "{late:?}");
    let found: ManagedKey = Collection::get(store, id).await.unwrap().unwrap();
    assert_eq!(found.facts(), expected.facts());
}
