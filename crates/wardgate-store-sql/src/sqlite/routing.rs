//! The data plane's read.

use super::table::{Table, read_all};
use super::{SqliteTenant, gateway_config};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use wardgate_core::account::Account;
use wardgate_store::{Routing, RoutingMaterial, StoreError};

#[async_trait]
impl Routing for SqliteTenant {
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError> {
        // One transaction, so that all parts are of one moment.
        let connection = &mut *self.store.snapshot().await?;
        let account: Option<Account> = self.all(connection, "SELECT * FROM accounts WHERE id = ?").await?.pop();
        let Some(account) = account else { return Ok(None) };
        let Some(gateway_config) = gateway_config::find(connection, self.account_id).await? else { return Ok(None) };
        Ok(Some(RoutingMaterial {
            account,
            gateway_config,
            teams: self.all(connection, "SELECT * FROM teams WHERE account_id = ? ORDER BY id").await?,
            provider_keys: self.all(connection, "SELECT * FROM provider_keys WHERE account_id = ? ORDER BY id").await?,
            managed_keys: self
                .all(
                    connection,
                    "SELECT managed_keys.* FROM grants JOIN managed_keys ON managed_keys.id = grants.managed_key_id
                     WHERE grants.account_id = ? ORDER BY grants.managed_key_id",
                )
                .await?,
            providers: self.all(connection, "SELECT * FROM custom_providers WHERE account_id = ? ORDER BY id").await?,
            configurations: self.all(connection, "SELECT * FROM configurations WHERE account_id = ? ORDER BY id").await?,
            virtual_models: self.all(connection, "SELECT * FROM virtual_models WHERE account_id = ? ORDER BY id").await?,
            budgets: self.all(connection, "SELECT * FROM budgets WHERE account_id = ? ORDER BY id").await?,
        }))
    }
}

impl SqliteTenant {
    /// What a query about this account finds.
    async fn all<T: Table>(&self, connection: &mut SqliteConnection, text: &'static str) -> Result<Vec<T>, StoreError> {
        read_all(connection, sqlx::query(text).bind(self.account())).await
    }
}
