//! Cases of prepaid money.

use super::every_kind::{all, ids};
use super::sample::{self, audit, next_instant};
use super::{Subject, log, refused};
use crate::kinds::{PENDING_PURCHASES_MAX, PurchaseFilter};
use crate::{Page, Store};
use wardgate_core::credit::{Credit, CreditCategory, Purchase, PurchaseStatus};
use wardgate_core::money::NanoUsd;

/// What was added is read back, newest first, on its account alone, with its entry in the log.
pub async fn credits_round_trip(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let bare = Credit { note: None, expires_at: None, category: CreditCategory::Purchase, ..sample::credit(&acme) };
    let credits = [bare, sample::credit(&acme), sample::credit(&acme)];
    for credit in &credits {
        let entry = audit(acme.id);
        tenant.add_credit(credit, &entry).await.unwrap();
        assert_eq!(log(store).await[0], entry);
    }
    let first = tenant.list_credits(Page { before: None, limit: 2 }).await.unwrap();
    let second = tenant.list_credits(Page { before: Some(credits[1].id), limit: 2 }).await.unwrap();
    assert!(first.has_more && !second.has_more);
    let found: Vec<_> = first.items.into_iter().chain(second.items).rev().collect();
    assert_eq!(found, credits);
    assert!(store.tenant(other.id).list_credits(Page::first()).await.unwrap().items.is_empty());
}

/// The balance is the sum of what is not expired.
pub async fn balance_leaves_out_what_is_expired(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let (before, end) = (next_instant(), next_instant());
    for (owner, amount, expires_at) in [(&acme, 5, None), (&acme, 70, Some(end)), (&other, 900, None)] {
        let credit = Credit { amount: NanoUsd::new(amount), expires_at, ..sample::credit(owner) };
        store.tenant(owner.id).add_credit(&credit, &audit(owner.id)).await.unwrap();
    }
    assert_eq!(tenant.credit_standing(before).await.unwrap().balance, NanoUsd::new(75));
    assert_eq!(tenant.credit_standing(end).await.unwrap().balance, NanoUsd::new(5));
    let nobody = sample::account("nobody");
    assert_eq!(store.tenant(nobody.id).credit_standing(before).await.unwrap().balance, NanoUsd::ZERO);
}

/// A handle takes no credit of another account, of none, or for a second time.
pub async fn credit_is_refused(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let nobody = sample::account("nobody");
    for (handle, owner) in [(&other, &acme), (&nobody, &nobody)] {
        refused!(store.tenant(handle.id).add_credit(&sample::credit(owner), &audit(handle.id)).await, NotInAccount);
    }
    let credit = sample::credit(&acme);
    let tenant = store.tenant(acme.id);
    tenant.add_credit(&credit, &audit(acme.id)).await.unwrap();
    refused!(tenant.add_credit(&credit, &audit(acme.id)).await, Conflict);
    assert_eq!(tenant.credit_standing(sample::START).await.unwrap().balance, credit.amount);
}

/// A settled purchase and its credit happen both or neither.
pub async fn settling_is_whole(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let purchase = sample::stored(store, &acme, sample::purchase(&acme)).await;
    let paid = Purchase { status: PurchaseStatus::Succeeded, ..purchase.edited() };
    let credit = sample::credit(&acme);
    let mut expected = log(store).await;

    refused!(tenant.settle_purchase(&paid, Some(&sample::credit(&other)), &audit(acme.id)).await, NotInAccount);
    let found: Purchase = tenant.get(purchase.id).await.unwrap().unwrap();
    assert_eq!(found, purchase);
    refused!(tenant.settle_purchase(&paid.edited(), Some(&credit), &audit(acme.id)).await, Changed);
    refused!(store.tenant(other.id).settle_purchase(&paid, None, &audit(other.id)).await, NotInAccount);
    assert!(tenant.list_credits(Page::first()).await.unwrap().items.is_empty());

    let entry = audit(acme.id);
    tenant.settle_purchase(&paid, Some(&credit), &entry).await.unwrap();
    refused!(tenant.settle_purchase(&paid, Some(&sample::credit(&acme)), &audit(acme.id)).await, Changed);
    let found: Purchase = tenant.get(purchase.id).await.unwrap().unwrap();
    assert_eq!(found, paid);
    assert_eq!(tenant.list_credits(Page::first()).await.unwrap().items, std::slice::from_ref(&credit));
    expected.insert(0, entry);
    assert_eq!(log(store).await, expected);

    // A credit that is there already keeps the purchase as it was; a failed purchase brings none.
    let second = sample::stored(store, &acme, sample::purchase(&acme)).await;
    refused!(tenant.settle_purchase(&second.edited(), Some(&credit), &audit(acme.id)).await, Conflict);
    let found: Purchase = tenant.get(second.id).await.unwrap().unwrap();
    assert_eq!(found, second);
    tenant.settle_purchase(&second.edited(), None, &audit(acme.id)).await.unwrap();
    assert_eq!(tenant.list_credits(Page::first()).await.unwrap().items, [credit]);
}

/// A purchase's key is taken once in an account; purchases without one do not collide.
pub async fn purchase_key_is_unique_within_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let keyed = |owner, key: Option<&str>| Purchase { idempotency_key: key.map(str::to_owned), ..sample::purchase(owner) };
    for (owner, key) in [(&acme, Some("k")), (&other, Some("k")), (&acme, Some("K")), (&acme, None), (&acme, None)] {
        sample::stored(store, owner, keyed(owner, key)).await;
    }
    refused!(store.tenant(acme.id).create(&keyed(&acme, Some("k")), &audit(acme.id)).await, Conflict);
}

/// A list holds those of one status, or made with one key.
pub async fn purchases_are_filtered(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let mut made = Vec::new();
    for status in PurchaseStatus::ALL {
        made.push(sample::stored(store, &acme, Purchase { status, ..sample::purchase(&acme) }).await);
    }
    for purchase in &made {
        let by_status = PurchaseFilter { status: Some(purchase.status), idempotency_key: None };
        let by_key = PurchaseFilter { status: None, idempotency_key: purchase.idempotency_key.clone() };
        for filter in [by_status, by_key] {
            assert_eq!(ids(&all::<Purchase>(&*tenant, &filter).await), [purchase.id], "{filter:?}");
        }
    }
    let neither = PurchaseFilter { status: Some(made[0].status), idempotency_key: made[1].idempotency_key.clone() };
    assert!(all::<Purchase>(&*tenant, &neither).await.is_empty());
}

/// So many may wait at a time; decided ones and another account's do not count.
pub async fn pending_purchases_are_capped(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let first = sample::stored(store, &acme, sample::purchase(&acme)).await;
    for _ in 1..PENDING_PURCHASES_MAX {
        sample::stored(store, &acme, sample::purchase(&acme)).await;
    }
    let tenant = store.tenant(acme.id);
    refused!(tenant.create(&sample::purchase(&acme), &audit(acme.id)).await, Full);
    sample::stored(store, &other, sample::purchase(&other)).await;
    tenant.settle_purchase(&first.edited(), None, &audit(acme.id)).await.unwrap();
    sample::stored(store, &acme, sample::purchase(&acme)).await;
}
