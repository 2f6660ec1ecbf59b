//! The tables of accounts and teams.

use super::MemoryStore;
use crate::{Accounts, Change, StoreError};
use async_trait::async_trait;
use wardgate_core::account::{Account, Team};
use wardgate_core::id::AccountId;

#[async_trait]
impl Accounts for MemoryStore {
    async fn create_account(&self, account: &Account, first_team: &Team) -> Result<(), StoreError> {
        if first_team.account_id != account.id {
            return Err(StoreError::NotInAccount { what: "the team" });
        }
        {
            let mut tables = self.tables()?;
            if tables.accounts.contains_key(&account.id) || tables.accounts.values().any(|other| other.name == account.name) {
                return Err(StoreError::Conflict { what: format!("an account with the name \"{}\"", account.name) });
            }
            if tables.teams.contains_key(&first_team.id) {
                return Err(StoreError::Conflict { what: "a team with this id".to_owned() });
            }
            tables.accounts.insert(account.id, account.clone());
            tables.teams.insert(first_team.id, first_team.clone());
        }
        self.tell(Change::Account(account.id));
        Ok(())
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.tables()?.accounts.get(&id).cloned())
    }

    async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.tables()?.accounts.values().find(|account| account.name == name).cloned())
    }

    async fn team_by_name(&self, account_id: AccountId, name: &str) -> Result<Option<Team>, StoreError> {
        Ok(self.tables()?.teams.values().find(|team| team.account_id == account_id && team.name == name).cloned())
    }
}
