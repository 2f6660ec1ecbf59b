//! The tables of accounts and teams.

use super::SqliteStore;
use crate::error::{of_insert, unavailable};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use wardgate_core::account::{Account, Team};
use wardgate_core::id::{AccountId, TeamId};
use wardgate_store::{Accounts, Change, StoreError};

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_account(&self, account: &Account, first_team: &Team) -> Result<(), StoreError> {
        if first_team.account_id != account.id {
            return Err(StoreError::NotInAccount { what: "the team" });
        }
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO accounts (id, name, sealed_data_key, created_at) VALUES (?, ?, ?, ?)")
            .bind(account.id.as_bytes().as_slice())
            .bind(&account.name)
            .bind(&account.sealed_data_key)
            .bind(account.created_at.unix_micros())
            .execute(&mut *transaction)
            .await
            .map_err(|error| of_insert(error, || format!("an account with the name \"{}\"", account.name), "the account"))?;
        sqlx::query("INSERT INTO teams (id, account_id, name, created_at) VALUES (?, ?, ?, ?)")
            .bind(first_team.id.as_bytes().as_slice())
            .bind(account.id.as_bytes().as_slice())
            .bind(&first_team.name)
            .bind(first_team.created_at.unix_micros())
            .execute(&mut *transaction)
            .await
            .map_err(|error| of_insert(error, || "a team with this id".to_owned(), "the team"))?;
        transaction.commit().await.map_err(unavailable)?;
        self.tell(Change::Account(account.id));
        Ok(())
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await
            .map_err(unavailable)?;
        row.as_ref().map(read).transpose()
    }

    async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE name = ?")
            .bind(name)
            .fetch_optional(self.readers())
            .await
            .map_err(unavailable)?;
        row.as_ref().map(read).transpose()
    }

    async fn team_by_name(&self, account_id: AccountId, name: &str) -> Result<Option<Team>, StoreError> {
        let row = sqlx::query("SELECT * FROM teams WHERE account_id = ? AND name = ?")
            .bind(account_id.as_bytes().as_slice())
            .bind(name)
            .fetch_optional(self.readers())
            .await
            .map_err(unavailable)?;
        row.as_ref().map(read_team).transpose()
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<Account, StoreError> {
    let cells = Cells::new("accounts", row);
    Ok(Account {
        id: AccountId::from_bytes(cells.id("id")?),
        name: cells.get("name")?,
        sealed_data_key: cells.get("sealed_data_key")?,
        created_at: cells.time("created_at")?,
    })
}

fn read_team(row: &SqliteRow) -> Result<Team, StoreError> {
    let cells = Cells::new("teams", row);
    Ok(Team {
        id: TeamId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        name: cells.get("name")?,
        created_at: cells.time("created_at")?,
    })
}
