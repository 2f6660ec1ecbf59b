//! What all tables have in common.

use super::{MemoryStore, MemoryTenant, Tables};
use crate::kinds::NameFilter;
use crate::{Change, Collection, Kind, Listed, Page, StoreError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::AccountId;
use wardgate_core::label::Label;
use wardgate_core::stamp::Version;
use wardgate_core::time::Timestamp;

/// A kind as a table.
pub(super) trait Table: Kind {
    fn rows(tables: &Tables) -> &BTreeMap<Self::Id, Self>;

    fn rows_mut(tables: &mut Tables) -> &mut BTreeMap<Self::Id, Self>;

    /// Whose it is; none for what belongs to the gateway.
    fn owner(&self) -> Option<AccountId>;

    fn matches(&self, filter: &Self::Filter) -> bool;

    /// Whether it is still there for whoever lists it.
    fn is_live(&self) -> bool {
        true
    }

    /// Whether it may be stored beside what is there, its own former version left out.
    fn check(&self, _: &Tables) -> Result<(), StoreError> {
        Ok(())
    }

    /// What there is enough of already, when one more may not be stored.
    fn check_room(&self, _: &Tables) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether nothing needs it any more.
    fn check_unused(&self, _: &Tables) -> Result<(), StoreError> {
        Ok(())
    }

    /// Takes over from its former version what an update leaves as it is.
    fn keep(&mut self, _: &Self) {}

    /// Sets the time of its end on a row that is kept; `false` for one that is not.
    fn bury(&mut self, _: Timestamp) -> bool {
        false
    }

    /// What comes along with a new one.
    fn created(&self, _: &mut Tables) {}

    /// What goes along with a deleted one.
    fn deleted(&self, _: &mut Tables) {}

    /// What listeners are told of a write.
    fn change(&self) -> Option<Change>;
}

/// A kind that belongs to accounts.
pub(super) trait OfAccount: Table {}

/// A kind that belongs to the gateway.
pub(super) trait OfGateway: Table {}

pub(super) fn matches_text(filter: &NameFilter, name: &str, others: &[&str]) -> bool {
    let contains = |text: &str, part: &str| text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    filter.name.as_deref().is_none_or(|wanted| wanted == name)
        && filter.search.as_deref().is_none_or(|part| contains(name, part) || others.iter().any(|text| contains(text, part)))
}

pub(super) fn matches_label(filter: &NameFilter, label: &Label) -> bool {
    // A name that is absent is equal to no name, not even to the empty one.
    (filter.name.is_none() || label.name.is_some())
        && matches_text(filter, label.name(), &[label.description.as_deref().unwrap_or_default()])
}

fn changed<T: Table>() -> StoreError {
    StoreError::Changed { what: format!("the {}", T::NAME) }
}

fn is_of<T: Table>(object: &T, owner: Option<AccountId>) -> bool {
    object.owner() == owner
}

fn create<T: Table>(tables: &mut Tables, owner: Option<AccountId>, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
    require_owner(tables, owner, object)?;
    if T::rows(tables).contains_key(&object.id()) {
        return Err(StoreError::Conflict { what: format!("an object with the id {}", object.id()) });
    }
    object.check_room(tables)?;
    object.check(tables)?;
    T::rows_mut(tables).insert(object.id(), object.clone());
    object.created(tables);
    super::audit::append(tables, audit);
    Ok(())
}

fn require_owner<T: Table>(tables: &Tables, owner: Option<AccountId>, object: &T) -> Result<(), StoreError> {
    let is_there = owner.is_none_or(|id| tables.accounts.contains_key(&id));
    if is_of(object, owner) && is_there { Ok(()) } else { Err(StoreError::NotInAccount { what: "the object" }) }
}

fn update<T: Table>(tables: &mut Tables, owner: Option<AccountId>, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
    require_owner(tables, owner, object)?;
    let mut next = object.clone();
    match T::rows(tables).get(&object.id()).filter(|row| row.is_live() && is_of(*row, owner)) {
        Some(row) if row.stamp().version == object.stamp().version.previous() => next.keep(row),
        _ => return Err(changed::<T>()),
    }
    object.check(tables)?;
    T::rows_mut(tables).insert(object.id(), next);
    super::audit::append(tables, audit);
    Ok(())
}

fn delete<T: Table>(
    tables: &mut Tables,
    owner: Option<AccountId>,
    id: T::Id,
    version: Option<Version>,
    audit: &AuditEvent,
) -> Result<Option<T>, StoreError> {
    let Some(row) = T::rows(tables).get(&id).filter(|row| row.is_live() && is_of(*row, owner)).cloned() else {
        return Ok(None);
    };
    if version.is_some_and(|version| version != row.stamp().version) {
        return Err(changed::<T>());
    }
    row.check_unused(tables)?;
    let mut buried = row.clone();
    if buried.bury(audit.at) {
        T::rows_mut(tables).insert(id, buried);
    } else {
        T::rows_mut(tables).remove(&id);
    }
    row.deleted(tables);
    super::audit::append(tables, audit);
    Ok(Some(row))
}

fn list<T: Table>(tables: &Tables, owner: Option<AccountId>, filter: &T::Filter, page: Page<T::Id>) -> Listed<T> {
    let older = T::rows(tables).iter().rev().filter(|(id, _)| page.before.is_none_or(|before| **id < before));
    let wanted = older.map(|(_, row)| row).filter(|row| row.is_live() && is_of(*row, owner) && row.matches(filter));
    Listed::cut(wanted.take(page.limit as usize + 1).cloned().collect(), page.limit)
}

fn get<T: Table>(tables: &Tables, owner: Option<AccountId>, id: T::Id) -> Option<T> {
    T::rows(tables).get(&id).filter(|row| row.is_live() && is_of(*row, owner)).cloned()
}

fn count<T: Table>(tables: &Tables, owner: Option<AccountId>, filter: &T::Filter) -> u64 {
    T::rows(tables).values().filter(|row| row.is_live() && is_of(*row, owner) && row.matches(filter)).count() as u64
}

macro_rules! collection {
    ($handle:ty, $table:ident, |$self:ident| $store:expr, $owner:expr) => {
        #[async_trait]
        impl<T: $table> Collection<T> for $handle {
            async fn create(&self, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
                let $self = self;
                create(&mut *$store.tables()?, $owner, object, audit)?;
                $store.tell(object.change()).await;
                Ok(())
            }

            async fn list(&self, filter: &T::Filter, page: Page<T::Id>) -> Result<Listed<T>, StoreError> {
                let $self = self;
                Ok(list(&*$store.tables()?, $owner, filter, page))
            }

            async fn get(&self, id: T::Id) -> Result<Option<T>, StoreError> {
                let $self = self;
                Ok(get(&*$store.tables()?, $owner, id))
            }

            async fn update(&self, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
                let $self = self;
                update(&mut *$store.tables()?, $owner, object, audit)?;
                $store.tell(object.change()).await;
                Ok(())
            }

            async fn delete(&self, id: T::Id, version: Option<Version>, audit: &AuditEvent) -> Result<bool, StoreError> {
                let $self = self;
                let deleted = delete::<T>(&mut *$store.tables()?, $owner, id, version, audit)?;
                $store.tell(deleted.as_ref().and_then(Table::change)).await;
                Ok(deleted.is_some())
            }

            async fn count(&self, filter: &T::Filter) -> Result<u64, StoreError> {
                let $self = self;
                Ok(count::<T>(&*$store.tables()?, $owner, filter))
            }
        }
    };
}

collection!(MemoryTenant, OfAccount, |handle| handle.store, Some(handle.account_id));
collection!(MemoryStore, OfGateway, |handle| handle, None);

/// Of use where a purchase is settled together with its credit.
pub(super) fn update_of<T: OfAccount>(
    tables: &mut Tables,
    account_id: AccountId,
    object: &T,
    audit: &AuditEvent,
) -> Result<(), StoreError> {
    update(tables, Some(account_id), object, audit)
}
