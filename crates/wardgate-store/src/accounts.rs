//! Accounts and their teams.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::account::{Account, Team};
use wardgate_core::id::AccountId;

/// The accounts of this gateway.
#[async_trait]
pub trait Accounts {
    /// Stores an account together with its first team. [`StoreError::Conflict`] when the name is taken.
    async fn create_account(&self, account: &Account, first_team: &Team) -> Result<(), StoreError>;

    /// The account with this id.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// The account with this name.
    async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError>;

    /// The team of an account with this name.
    async fn team_by_name(&self, account_id: AccountId, name: &str) -> Result<Option<Team>, StoreError>;
}
