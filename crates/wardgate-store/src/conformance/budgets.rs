//! Cases of budgets.

use super::every_kind::{all, ids};
use super::sample::{self, audit};
use super::{Subject, refused};
use crate::kinds::BudgetFilter;
use crate::{Collection, Store};
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, Team};
use wardgate_core::budget::{Budget, BudgetOwner};

fn of(account: &Account, owner: BudgetOwner) -> Budget {
    Budget { owner, ..sample::budget(account) }
}

/// A budget is of its account, of a team of it, or of one of its keys that is not revoked.
pub async fn owner_is_of_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let foreign = sample::stored(store, &other, sample::access_key(&other)).await;
    let revoked = sample::stored(store, &acme, sample::access_key(&acme)).await;
    assert!(Collection::<AccessKey>::delete(&*tenant, revoked.id, None, &audit(acme.id)).await.unwrap());
    let nowhere = sample::access_key(&acme);
    for owner in [
        BudgetOwner::Team(other.default_team_id),
        BudgetOwner::AccessKey(foreign.id),
        BudgetOwner::AccessKey(revoked.id),
        BudgetOwner::AccessKey(nowhere.id),
    ] {
        refused!(tenant.create(&of(&acme, owner), &audit(acme.id)).await, NotInAccount);
    }
    let key = sample::stored(store, &acme, sample::access_key(&acme)).await;
    for owner in [BudgetOwner::Account, BudgetOwner::Team(acme.default_team_id), BudgetOwner::AccessKey(key.id)] {
        let budget = sample::stored(store, &acme, of(&acme, owner)).await;
        assert_eq!(Collection::<Budget>::get(&*tenant, budget.id).await.unwrap(), Some(budget));
    }
}

/// A budget's name is taken once in an account, and free in another.
pub async fn name_is_unique_within_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let first = sample::stored(store, &acme, sample::budget(&acme)).await;
    let named = |account| Budget { label: first.label.clone(), ..sample::budget(account) };
    refused!(store.tenant(acme.id).create(&named(&acme), &audit(acme.id)).await, Conflict);
    sample::stored(store, &other, named(&other)).await;
    let second = sample::stored(store, &acme, sample::budget(&acme)).await;
    let renamed = Budget { label: first.label.clone(), ..second.edited() };
    refused!(store.tenant(acme.id).update(&renamed, &audit(acme.id)).await, Conflict);
}

/// A list holds those of one team or key.
pub async fn filtered_by_owner(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let key = sample::stored(store, &acme, sample::access_key(&acme)).await;
    sample::stored(store, &acme, of(&acme, BudgetOwner::Account)).await;
    let of_team = sample::stored(store, &acme, of(&acme, BudgetOwner::Team(acme.default_team_id))).await;
    let of_key = sample::stored(store, &acme, of(&acme, BudgetOwner::AccessKey(key.id))).await;
    let tenant = store.tenant(acme.id);
    let by_team = BudgetFilter { team_id: Some(acme.default_team_id), ..BudgetFilter::default() };
    assert_eq!(ids(&all::<Budget>(&*tenant, &by_team).await), [of_team.id]);
    let by_key = BudgetFilter { access_key_id: Some(key.id), ..BudgetFilter::default() };
    assert_eq!(ids(&all::<Budget>(&*tenant, &by_key).await), [of_key.id]);
    let by_both = BudgetFilter { team_id: Some(acme.default_team_id), ..by_key };
    assert!(all::<Budget>(&*tenant, &by_both).await.is_empty());
}

/// Nobody spends for a team that is gone or with a key that is revoked, so their budgets go.
pub async fn gone_with_their_owner(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let team = sample::stored(store, &acme, sample::team(&acme)).await;
    let key = sample::stored(store, &acme, sample::access_key(&acme)).await;
    let kept = sample::stored(store, &acme, of(&acme, BudgetOwner::Account)).await;
    for owner in [BudgetOwner::Team(team.id), BudgetOwner::AccessKey(key.id)] {
        sample::stored(store, &acme, of(&acme, owner)).await;
    }
    assert!(Collection::<Team>::delete(&*tenant, team.id, None, &audit(acme.id)).await.unwrap());
    assert!(Collection::<AccessKey>::delete(&*tenant, key.id, None, &audit(acme.id)).await.unwrap());
    assert_eq!(ids(&all::<Budget>(&*tenant, &BudgetFilter::default()).await), [kept.id]);
    assert!(Collection::<Account>::delete(store, acme.id, None, &audit(None)).await.unwrap());
}
