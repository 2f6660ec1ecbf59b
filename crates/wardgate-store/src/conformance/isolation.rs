//! Cases that every kind of object passes that belongs to accounts.

use super::every_kind::{all, ids};
use super::sample::{self, audit};
use super::{Owned, log, refused};
use crate::Store;

/// Another account's object is neither read, listed, counted, changed nor deleted, and the attempt is in no log.
pub async fn another_accounts_is_out_of_reach<T: Owned>(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let (tenant, stranger) = (store.tenant(acme.id), store.tenant(other.id));
    let object = T::full(store, &acme).await;
    T::collection(store, &*tenant).create(&object, &audit(acme.id)).await.unwrap();
    let logged = log(store).await;
    let outside = T::collection(store, &*stranger);

    assert!(outside.get(object.id()).await.unwrap().is_none());
    assert!(!ids(&all(outside, &T::Filter::default()).await).contains(&object.id()));
    for version in [None, Some(object.stamp().version)] {
        assert!(!outside.delete(object.id(), version, &audit(other.id)).await.unwrap());
    }
    refused!(outside.update(&object.edited(), &audit(other.id)).await, NotInAccount);
    let mut stolen = object.edited();
    stolen.move_to(&other);
    refused!(outside.update(&stolen, &audit(other.id)).await, Changed);
    refused!(outside.create(&stolen, &audit(other.id)).await, Conflict);

    assert_eq!(T::collection(store, &*tenant).get(object.id()).await.unwrap().unwrap().facts(), object.facts());
    assert_eq!(log(store).await, logged);
}

/// A handle does not store what names another account, nor anything of an account that is not there.
pub async fn another_accounts_is_refused<T: Owned>(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let nobody = sample::account("nobody");
    let object = T::full(store, &acme).await;
    let mut of_nobody = object.clone();
    of_nobody.move_to(&nobody);
    for (handle, object) in [(&other, &object), (&nobody, &object), (&nobody, &of_nobody), (&acme, &of_nobody)] {
        let tenant = store.tenant(handle.id);
        refused!(T::collection(store, &*tenant).create(object, &audit(handle.id)).await, NotInAccount);
    }
    let tenant = store.tenant(acme.id);
    let own = T::collection(store, &*tenant);
    assert!(own.get(object.id()).await.unwrap().is_none());
    own.create(&object, &audit(acme.id)).await.unwrap();
}
