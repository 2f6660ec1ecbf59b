//! The tables of what configurations name: provider keys and providers.

use crate::error::{of_insert, unavailable};
use crate::row::Cells;
use sqlx::SqliteConnection;
use std::collections::HashMap;
use wardgate_core::configuration::Configuration;
use wardgate_core::id::{ConfigurationId, ProviderKeyId};
use wardgate_store::StoreError;

pub(super) async fn insert(connection: &mut SqliteConnection, configuration: &Configuration) -> Result<(), StoreError> {
    for id in &configuration.references.provider_keys {
        sqlx::query(
            "INSERT INTO configuration_provider_keys (account_id, configuration_id, provider_key_id) VALUES (?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(configuration.account_id.as_bytes().as_slice())
        .bind(configuration.id.as_bytes().as_slice())
        .bind(id.as_bytes().as_slice())
        .execute(&mut *connection)
        .await
        .map_err(|error| of_insert(error, || "the reference".to_owned(), "a provider key"))?;
    }
    for name in &configuration.references.providers {
        sqlx::query(
            "INSERT INTO configuration_providers (account_id, configuration_id, provider_name) VALUES (?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(configuration.account_id.as_bytes().as_slice())
        .bind(configuration.id.as_bytes().as_slice())
        .bind(name.as_str())
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    }
    Ok(())
}

pub(super) async fn delete(connection: &mut SqliteConnection, configuration: &Configuration) -> Result<(), StoreError> {
    for delete in [
        "DELETE FROM configuration_provider_keys WHERE account_id = ? AND configuration_id = ?",
        "DELETE FROM configuration_providers WHERE account_id = ? AND configuration_id = ?",
    ] {
        sqlx::query(delete)
            .bind(configuration.account_id.as_bytes().as_slice())
            .bind(configuration.id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

/// Adds the references to configurations of one account, in two queries however many configurations there are.
pub(super) async fn fill(connection: &mut SqliteConnection, configurations: &mut [Configuration]) -> Result<(), StoreError> {
    let Some(account_id) = configurations.first().map(|configuration| configuration.account_id) else { return Ok(()) };
    let ids = || configurations.iter().map(|configuration| configuration.id);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(()) };
    let mut rows = Vec::with_capacity(2);
    for select in [
        "SELECT * FROM configuration_provider_keys WHERE account_id = ? AND configuration_id BETWEEN ? AND ? ORDER BY 1, 2, 3",
        "SELECT * FROM configuration_providers WHERE account_id = ? AND configuration_id BETWEEN ? AND ? ORDER BY 1, 2, 3",
    ] {
        let found = sqlx::query(select)
            .bind(account_id.as_bytes().as_slice())
            .bind(first.as_bytes().as_slice())
            .bind(last.as_bytes().as_slice())
            .fetch_all(&mut *connection)
            .await
            .map_err(unavailable)?;
        rows.push(found);
    }

    let mut by_id: HashMap<_, _> =
        configurations.iter_mut().map(|configuration| (configuration.id, &mut configuration.references)).collect();
    for row in &rows[0] {
        let cells = Cells::new("configuration_provider_keys", row);
        if let Some(references) = by_id.get_mut(&ConfigurationId::from_bytes(cells.id("configuration_id")?)) {
            references.provider_keys.push(ProviderKeyId::from_bytes(cells.id("provider_key_id")?));
        }
    }
    for row in &rows[1] {
        let cells = Cells::new("configuration_providers", row);
        if let Some(references) = by_id.get_mut(&ConfigurationId::from_bytes(cells.id("configuration_id")?)) {
            references.providers.push(cells.provider_name("provider_name")?);
        }
    }
    Ok(())
}
