//! The data plane's read.

use super::database::Lent;
use super::id::{AFTER_ALL, Id};
use super::table::{OfAccount, READ_ONE_MOMENT, Table, filtered, read_all};
use super::{PostgresTenant, gateway_config};
use async_trait::async_trait;
use wardgate_core::account::{Account, Team};
use wardgate_core::provider_key::ManagedKey;
use wardgate_store::{Routing, RoutingMaterial, StoreError};

#[async_trait]
impl Routing for PostgresTenant {
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError> {
        let mut lent = self.store.database().lend().await?;
        lent.begin(READ_ONE_MOMENT).await?;
        let material = self.material(&mut lent).await?;
        lent.end("COMMIT").await?;
        Ok(material)
    }
}

impl PostgresTenant {
    async fn material(&self, lent: &mut Lent) -> Result<Option<RoutingMaterial>, StoreError> {
        let account = sqlx::query(Account::TEXTS.get).bind(self.account_id.uuid());
        let Some(account) = read_all::<Account>(lent, account).await?.pop() else { return Ok(None) };
        let Some(gateway_config) = gateway_config::find(lent, self.account_id).await? else { return Ok(None) };
        let teams = sqlx::query(
            "SELECT id, version, account_id, name, description, metadata, tier, created_at, updated_at, created_by, updated_by
             FROM teams WHERE account_id = $1 ORDER BY id",
        );
        let managed_keys = sqlx::query(
            "SELECT id, version, last_used_at, provider_name, name, description, metadata, sealed_value, redacted, created_at,
                 updated_at, created_by, updated_by
             FROM grants JOIN managed_keys ON id = managed_key_id WHERE account_id = $1 ORDER BY id",
        );
        Ok(Some(RoutingMaterial {
            account,
            gateway_config,
            teams: read_all::<Team>(lent, teams.bind(self.account_id.uuid())).await?,
            provider_keys: self.all(lent).await?,
            managed_keys: read_all::<ManagedKey>(lent, managed_keys.bind(self.account_id.uuid())).await?,
            providers: self.all(lent).await?,
            configurations: self.all(lent).await?,
            virtual_models: self.all(lent).await?,
            budgets: self.all(lent).await?,
        }))
    }

    /// All of this account's, by id, which is by the time of making.
    async fn all<T: OfAccount>(&self, lent: &mut Lent) -> Result<Vec<T>, StoreError> {
        let everything = T::Filter::default();
        let statement = filtered::<T>(T::TEXTS.list, Some(self.account_id), &everything, AFTER_ALL, None);
        let mut objects = read_all(lent, statement).await?;
        objects.reverse();
        Ok(objects)
    }
}
