//! The five ways in which most tables are asked.

use crate::{Listed, Page, StoreError};
use async_trait::async_trait;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use wardgate_core::audit::AuditEvent;
use wardgate_core::stamp::{Stamp, Version};

/// A kind of object that stores keep.
pub trait Kind: Clone + Send + Sync + 'static {
    /// Its ids, which grow with the time of making.
    type Id: Copy + Ord + Hash + Debug + Display + Send + Sync + 'static;

    /// Which objects a list holds; the default is all.
    type Filter: Default + Clone + Debug + Send + Sync + 'static;

    /// What one is called in a sentence: `access key`.
    const NAME: &'static str;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// When and by whom it was made and changed.
    fn stamp(&self) -> &Stamp;

    /// Gives it another stamp.
    fn set_stamp(&mut self, stamp: Stamp);
}

/// The objects of one kind, of one account or of the gateway. Every write takes the entry that the audit log gets in the same
/// transaction, and is told to listeners before it returns.
#[async_trait]
pub trait Collection<T: Kind> {
    /// Stores a new object. [`StoreError::NotInAccount`] when it, or something it refers to, is not of this handle's account;
    /// [`StoreError::Conflict`] when its id or a name that is unique is taken; [`StoreError::Full`] at its kind's limit.
    async fn create(&self, object: &T, audit: &AuditEvent) -> Result<(), StoreError>;

    /// A page of those that a filter lets through, newest first.
    async fn list(&self, filter: &T::Filter, page: Page<T::Id>) -> Result<Listed<T>, StoreError>;

    /// The one with this id.
    async fn get(&self, id: T::Id) -> Result<Option<T>, StoreError>;

    /// Replaces the version before this one. [`StoreError::Changed`] when that is not the present one any more, or the object is
    /// gone. The errors of [`Collection::create`] apply.
    ///
    /// When a key was last used, and the sealed data key of an account, stay as they are: they change without a new version, so
    /// what the caller has read of them may be old.
    async fn update(&self, object: &T, audit: &AuditEvent) -> Result<(), StoreError>;

    /// Deletes an object, as of the time of the audit entry. `false` when there is none. With a version, only that one, else
    /// [`StoreError::Changed`]. [`StoreError::Referenced`] while something else needs it.
    ///
    /// A deleted access, API or operator key is found no more by this trait, but still by the store, with the time of its end.
    async fn delete(&self, id: T::Id, version: Option<Version>, audit: &AuditEvent) -> Result<bool, StoreError>;

    /// How many there are that a filter lets through.
    async fn count(&self, filter: &T::Filter) -> Result<u64, StoreError>;
}
