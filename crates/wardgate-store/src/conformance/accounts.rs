//! Cases of accounts and teams.

use super::sample;
use crate::{Store, StoreError};
use wardgate_core::account::{Account, DEFAULT_TEAM};

fn facts(account: &Account) -> impl PartialEq + std::fmt::Debug {
    (account.id, account.name.clone(), account.sealed_data_key.clone(), account.created_at)
}

/// An account is found by its id and by its name, its team by its name.
pub async fn found_by_id_and_name(store: &dyn Store) {
    store.ping().await.unwrap();
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    for found in [store.account(acme.account.id).await, store.account_by_name("acme").await] {
        assert_eq!(facts(&found.unwrap().unwrap()), facts(&acme.account));
    }
    let team = store.team_by_name(acme.account.id, DEFAULT_TEAM).await.unwrap().unwrap();
    assert_eq!(
        (team.id, team.account_id, team.name, team.created_at),
        (acme.team.id, acme.account.id, acme.team.name, acme.team.created_at)
    );
    assert_eq!(store.team_by_name(other.account.id, DEFAULT_TEAM).await.unwrap().unwrap().id, other.team.id);

    assert!(store.account(sample::owner("x").account.id).await.unwrap().is_none());
    assert!(store.account_by_name("Acme").await.unwrap().is_none());
    assert!(store.team_by_name(acme.account.id, "none").await.unwrap().is_none());
}

/// A name is taken once, and a refused account leaves no team behind.
pub async fn name_is_unique(store: &dyn Store) {
    sample::tenant(store, "acme").await;
    let second = sample::owner("acme");
    let refused = store.create_account(&second.account, &second.team).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert!(store.account(second.account.id).await.unwrap().is_none());
    assert!(store.team_by_name(second.account.id, DEFAULT_TEAM).await.unwrap().is_none());
}

/// The first team of an account cannot be of another one.
pub async fn first_team_is_of_the_account(store: &dyn Store) {
    let (acme, other) = (sample::owner("acme"), sample::tenant(store, "other").await);
    let refused = store.create_account(&acme.account, &other.team).await;
    assert!(matches!(refused, Err(StoreError::NotInAccount { .. })), "{refused:?}");
    assert!(store.account(acme.account.id).await.unwrap().is_none());
}
