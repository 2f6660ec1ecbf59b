//! Cases of reading the audit log. That writes are in it is a case of every kind.

use super::sample::{self, audit};
use crate::{AuditQuery, Store};
use wardgate_core::audit::AuditEvent;

async fn found(store: &dyn Store, query: AuditQuery) -> Vec<AuditEvent> {
    store.audit_log(&AuditQuery { limit: 100, ..query }).await.unwrap().items
}

/// Writes these entries, each with something of its account.
async fn write(store: &dyn Store, entries: &[AuditEvent]) {
    for entry in entries {
        store.create(&sample::tier(), entry).await.unwrap();
    }
}

/// What was written is read back, the absent as absent, newest first, in pages.
pub async fn every_field_round_trips(store: &dyn Store) {
    let acme = sample::account("acme");
    let bare = AuditEvent { address: None, before: None, after: None, ..audit(None) };
    let v4 = AuditEvent { address: Some("192.0.2.1".parse().unwrap()), ..audit(acme.id) };
    let entries = [bare, v4, audit(acme.id)];
    write(store, &entries).await;
    let first = store.audit_log(&AuditQuery { limit: 2, ..AuditQuery::default() }).await.unwrap();
    let rest = AuditQuery { before: Some(entries[1].id), limit: 2, ..AuditQuery::default() };
    let second = store.audit_log(&rest).await.unwrap();
    assert!(first.has_more && !second.has_more);
    let found: Vec<_> = first.items.into_iter().chain(second.items).rev().collect();
    assert_eq!(found, entries);
}

/// All that a query names must hold.
pub async fn queries_apply(store: &dyn Store) {
    let with = |actor: &str, action: &str, object_id: &str| AuditEvent {
        actor: actor.to_owned(),
        action: action.to_owned(),
        object_id: object_id.to_owned(),
        ..audit(None)
    };
    let entries = [
        with("ann", "access_key.create", "k1"),
        with("bob", "access_key.update", "k1"),
        with("ann", "access_keyring.create", "k2"),
        with("ann", "accessXkey.create", "k2"),
    ];
    write(store, &entries).await;
    let actor = |actor: &str| AuditQuery { actor: Some(actor.to_owned()), ..AuditQuery::default() };
    let action = |action: &str| AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
    let object = |id: &str| AuditQuery { object_id: Some(id.to_owned()), ..AuditQuery::default() };
    let range = |start: usize, end: usize| AuditQuery {
        start: Some(entries[start].at),
        end: Some(entries[end].at),
        ..AuditQuery::default()
    };
    let cases = [
        (AuditQuery::default(), vec![3, 2, 1, 0]),
        (actor("ann"), vec![3, 2, 0]),
        (actor("an"), vec![]),
        (action("access_key.create"), vec![0]),
        (action("access_key."), vec![1, 0]),
        (action("access_key"), vec![]),
        (action("ACCESS_KEY."), vec![]),
        (action("%."), vec![]),
        (object("k2"), vec![3, 2]),
        (range(1, 2), vec![2, 1]),
        (AuditQuery { before: Some(entries[1].id), ..AuditQuery::default() }, vec![0]),
        (AuditQuery { object_id: Some("k1".to_owned()), ..actor("bob") }, vec![1]),
        (AuditQuery { object_id: Some("k2".to_owned()), ..actor("bob") }, vec![]),
        (AuditQuery { action: Some("access_key.".to_owned()), ..range(0, 0) }, vec![0]),
    ];
    for (query, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|at: usize| entries[at].clone()).collect();
        assert_eq!(found(store, query.clone()).await, expected, "{query:?}");
    }
}

/// An account sees entries about itself, and neither another's nor the gateway's.
pub async fn accounts_see_their_own(store: &dyn Store) {
    let (acme, other) = (sample::account("acme"), sample::account("other"));
    let entries = [audit(acme.id), audit(other.id), audit(None), audit(acme.id)];
    write(store, &entries).await;
    let query = |limit| AuditQuery { limit, ..AuditQuery::default() };
    let tenant = store.tenant(acme.id);
    let found = tenant.list_audit(&query(2)).await.unwrap();
    assert_eq!((found.items, found.has_more), (vec![entries[3].clone(), entries[0].clone()], false));
    assert!(tenant.list_audit(&query(1)).await.unwrap().has_more);
    let before = AuditQuery { before: Some(entries[3].id), ..query(2) };
    assert_eq!(tenant.list_audit(&before).await.unwrap().items, [entries[0].clone()]);
    for query in [
        AuditQuery { actor: Some(entries[1].actor.clone()), ..query(9) },
        AuditQuery { object_id: Some(entries[1].object_id.clone()), ..query(9) },
        AuditQuery { action: Some("thing.".to_owned()), ..query(9) },
    ] {
        assert_eq!(tenant.list_audit(&query).await.unwrap().items.len(), 2, "{query:?}");
    }
}
