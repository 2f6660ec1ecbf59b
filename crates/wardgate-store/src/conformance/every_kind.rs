//! Cases that every kind of object passes alike.

use super::sample::{self, audit};
use super::{Subject, changes, log, refused};
use crate::changes::Heard;
use crate::{Collection, Page, Store};
use wardgate_core::account::Account;
use wardgate_core::stamp::Version;

/// All that a list holds, walked in pages of two.
pub(super) async fn all<T: Subject>(collection: &dyn Collection<T>, filter: &T::Filter) -> Vec<T> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = collection.list(filter, Page { before, limit: 2 }).await.unwrap();
        assert!(page.items.len() <= 2 && (page.items.len() == 2 || !page.has_more));
        before = page.items.last().map(T::id);
        found.extend(page.items);
        if !page.has_more {
            assert_eq!(collection.count(filter).await.unwrap(), found.len() as u64, "the count is another one than the list's");
            return found;
        }
    }
}

pub(super) fn ids<T: Subject>(objects: &[T]) -> Vec<T::Id> {
    objects.iter().map(T::id).collect()
}

pub(super) fn facts<'a, T: Subject>(objects: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    objects.into_iter().map(T::facts).collect()
}

async fn stored<T: Subject>(store: &dyn Store, collection: &dyn Collection<T>, owner: &Account) -> T {
    let object = T::full(store, owner).await;
    collection.create(&object, &audit(owner.id)).await.unwrap();
    object
}

/// What was stored is read back, alone and in the list, the absent as absent.
pub async fn every_field_round_trips<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    assert_eq!(tenant.account_id(), acme.id);
    let collection = T::collection(store, &*tenant);
    for is_bare in [false, true] {
        let mut object = T::full(store, &acme).await;
        if is_bare {
            object.strip();
        }
        assert!(collection.get(object.id()).await.unwrap().is_none());
        collection.create(&object, &audit(acme.id)).await.unwrap();
        assert_eq!(collection.get(object.id()).await.unwrap().unwrap().facts(), object.facts());
        let listed = collection.list(&T::Filter::default(), Page::first()).await.unwrap();
        assert_eq!(listed.items[0].facts(), object.facts());
    }
}

/// Pages hold ids descending, and the last one says so.
pub async fn pages_descend<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let mut expected = all(collection, &T::Filter::default()).await;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(T::full(store, &acme).await);
    }
    for at in [2, 0, 3, 1] {
        collection.create(&made[at], &audit(acme.id)).await.unwrap();
    }
    for object in made {
        expected.insert(0, object);
    }
    assert_eq!(facts(&all(collection, &T::Filter::default()).await), facts(&expected));
    let exactly = Page { before: None, limit: u32::try_from(expected.len()).unwrap() };
    let listed = collection.list(&T::Filter::default(), exactly).await.unwrap();
    assert_eq!((listed.items.len(), listed.has_more), (expected.len(), false));
    let after_the_oldest = Page { before: expected.last().map(T::id), limit: 2 };
    assert!(collection.list(&T::Filter::default(), after_the_oldest).await.unwrap().items.is_empty());
}

/// An id is used once, and the one that was there first stays.
pub async fn id_is_unique<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let object = stored::<T>(store, collection, &acme).await;
    for second in [object.clone(), object.edited()] {
        refused!(collection.create(&second, &audit(acme.id)).await, Conflict);
    }
    assert_eq!(collection.get(object.id()).await.unwrap().unwrap().facts(), object.facts());
}

/// An update replaces exactly the version before it, and all of it.
pub async fn update_replaces_the_version_before<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let first = stored::<T>(store, collection, &acme).await;
    let untouched = stored::<T>(store, collection, &acme).await;
    let second = first.edited();
    collection.update(&second, &audit(acme.id)).await.unwrap();
    assert_eq!(collection.get(first.id()).await.unwrap().unwrap().facts(), second.facts());

    let third = second.edited();
    let never_stored = T::full(store, &acme).await.edited();
    for stale in [&first, &second, &third.edited(), &never_stored] {
        refused!(collection.update(stale, &audit(acme.id)).await, Changed);
    }
    assert_eq!(collection.get(first.id()).await.unwrap().unwrap().facts(), second.facts());
    collection.update(&third, &audit(acme.id)).await.unwrap();
    assert_eq!(collection.get(first.id()).await.unwrap().unwrap().facts(), third.facts());
    assert_eq!(collection.get(untouched.id()).await.unwrap().unwrap().facts(), untouched.facts());
    assert!(collection.get(never_stored.id()).await.unwrap().is_none());
}

/// Deleting happens once, to the version that was named.
pub async fn delete_is_once_and_of_the_version<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let before = all(collection, &T::Filter::default()).await.len();
    let first = stored::<T>(store, collection, &acme).await;
    let second = first.edited();
    collection.update(&second, &audit(acme.id)).await.unwrap();
    for version in [Version::FIRST, Version::new(3)] {
        refused!(collection.delete(first.id(), Some(version), &audit(acme.id)).await, Changed);
    }
    assert!(collection.delete(first.id(), Some(Version::new(2)), &audit(acme.id)).await.unwrap());
    for version in [None, Some(Version::new(2))] {
        assert!(!collection.delete(first.id(), version, &audit(acme.id)).await.unwrap());
    }
    refused!(collection.update(&second.edited(), &audit(acme.id)).await, Changed);
    assert!(collection.get(first.id()).await.unwrap().is_none());

    let other = stored::<T>(store, collection, &acme).await;
    assert!(collection.delete(other.id(), None, &audit(acme.id)).await.unwrap());
    assert_eq!(all(collection, &T::Filter::default()).await.len(), before);
}

/// A write and its entry in the audit log happen both or neither.
pub async fn writes_are_logged<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let object = T::full(store, &acme).await;
    let mut expected = log(store).await;
    let entries: Vec<_> = (0..3).map(|_| audit(acme.id)).collect();

    collection.create(&object, &entries[0]).await.unwrap();
    assert!(collection.create(&object, &audit(acme.id)).await.is_err());
    assert!(collection.update(&object.edited().edited(), &audit(acme.id)).await.is_err());
    collection.update(&object.edited(), &entries[1]).await.unwrap();
    assert!(collection.delete(object.id(), Some(Version::new(7)), &audit(acme.id)).await.is_err());
    assert!(collection.delete(object.id(), None, &entries[2]).await.unwrap());
    assert!(!collection.delete(object.id(), None, &audit(acme.id)).await.unwrap());

    for entry in entries {
        expected.insert(0, entry);
    }
    assert_eq!(log(store).await, expected);
}

/// Each write is told once it can be read, and what did not happen is not news.
pub async fn writes_are_told<T: Subject>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let object = T::full(store, &acme).await;
    let marker = sample::tier();
    let mut heard = Heard::from(store);

    collection.create(&object, &audit(acme.id)).await.unwrap();
    changes::expect(&mut heard, object.told()).await;
    assert!(collection.create(&object, &audit(acme.id)).await.is_err());
    collection.update(&object.edited(), &audit(acme.id)).await.unwrap();
    changes::expect(&mut heard, object.told()).await;
    assert!(collection.update(&object.edited(), &audit(acme.id)).await.is_err());
    collection.delete(object.id(), None, &audit(acme.id)).await.unwrap();
    changes::expect(&mut heard, object.told()).await;
    assert!(!collection.delete(object.id(), None, &audit(acme.id)).await.unwrap());

    // The next thing heard is the next thing that happened.
    store.create(&marker, &audit(None)).await.unwrap();
    changes::expect(&mut heard, marker.told()).await;
}
