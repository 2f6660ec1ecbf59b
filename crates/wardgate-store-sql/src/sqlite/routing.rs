//! The data plane's read.

use super::{SqliteTenant, accounts, provider_keys, providers};
use crate::error::unavailable;
use async_trait::async_trait;
use wardgate_store::{Routing, RoutingMaterial, StoreError};

#[async_trait]
impl Routing for SqliteTenant {
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError> {
        // One transaction, so that all parts are of one moment.
        let mut transaction = self.store.readers().begin().await.map_err(unavailable)?;
        let account = sqlx::query("SELECT * FROM accounts WHERE id = ?")
            .bind(self.account())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let Some(account) = account else { return Ok(None) };
        let keys = sqlx::query("SELECT * FROM provider_keys WHERE account_id = ? ORDER BY created_at, id")
            .bind(self.account())
            .fetch_all(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let rows = sqlx::query("SELECT * FROM custom_providers WHERE account_id = ? ORDER BY created_at, id")
            .bind(self.account())
            .fetch_all(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let mut material = RoutingMaterial {
            account: accounts::read(&account)?,
            provider_keys: keys.iter().map(provider_keys::read).collect::<Result<_, _>>()?,
            providers: rows.iter().map(providers::read).collect::<Result<_, _>>()?,
        };
        self.fill(&mut transaction, &mut material.providers).await?;
        Ok(Some(material))
    }
}
