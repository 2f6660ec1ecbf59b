//! The tables of what custom providers consist of: surfaces and models.

use super::SqliteTenant;
use crate::error::{of_insert, unavailable};
use crate::row::{Cells, count};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, SqliteConnection, Transaction};
use std::collections::HashMap;
use wardgate_core::format::Surface;
use wardgate_core::id::{CustomModelId, CustomProviderId};
use wardgate_core::provider::{CustomModel, CustomProvider, CustomSurface};
use wardgate_store::StoreError;

impl SqliteTenant {
    pub(super) async fn insert_surfaces(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        provider: &CustomProvider,
    ) -> Result<(), StoreError> {
        for (position, surface) in provider.surfaces.iter().enumerate() {
            sqlx::query(
                "INSERT INTO custom_surfaces (account_id, provider_id, position, surface, base_url) VALUES (?, ?, ?, ?, ?)",
            )
            .bind(self.account())
            .bind(provider.id.as_bytes().as_slice())
            .bind(count(position as u64))
            .bind(surface.surface.name())
            .bind(surface.base_url.as_deref())
            .execute(&mut **transaction)
            .await
            .map_err(unavailable)?;
        }
        Ok(())
    }

    pub(super) async fn insert_models(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        provider: &CustomProvider,
    ) -> Result<(), StoreError> {
        for (position, model) in provider.models.iter().enumerate() {
            sqlx::query(
                "INSERT INTO custom_models (account_id, provider_id, position, id, model_id, provider_model_id)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(self.account())
            .bind(provider.id.as_bytes().as_slice())
            .bind(count(position as u64))
            .bind(model.id.as_bytes().as_slice())
            .bind(&model.model_id)
            .bind(model.provider_model_id.as_deref())
            .execute(&mut **transaction)
            .await
            .map_err(|error| of_insert(error, || "a model with this resource id".to_owned(), "the model"))?;
        }
        Ok(())
    }

    /// Adds the surfaces and models to these providers, in two queries however many providers there are. They must be the
    /// account's providers from the smallest to the greatest of their ids, in any order, with none left out.
    pub(super) async fn fill(
        &self,
        connection: &mut SqliteConnection,
        providers: &mut [CustomProvider],
    ) -> Result<(), StoreError> {
        let ids = || providers.iter().map(|provider| provider.id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(()) };
        let surfaces = sqlx::query(
            "SELECT * FROM custom_surfaces WHERE account_id = ? AND provider_id BETWEEN ? AND ?
             ORDER BY provider_id, position",
        )
        .bind(self.account())
        .bind(first.as_bytes().as_slice())
        .bind(last.as_bytes().as_slice())
        .fetch_all(&mut *connection)
        .await
        .map_err(unavailable)?;
        let models = sqlx::query(
            "SELECT * FROM custom_models WHERE account_id = ? AND provider_id BETWEEN ? AND ?
             ORDER BY provider_id, position",
        )
        .bind(self.account())
        .bind(first.as_bytes().as_slice())
        .bind(last.as_bytes().as_slice())
        .fetch_all(&mut *connection)
        .await
        .map_err(unavailable)?;

        let mut by_id: HashMap<_, _> = providers.iter_mut().map(|provider| (provider.id, provider)).collect();
        for row in &surfaces {
            let (id, surface) = read_surface(row)?;
            if let Some(provider) = by_id.get_mut(&id) {
                provider.surfaces.push(surface);
            }
        }
        for row in &models {
            let (id, model) = read_model(row)?;
            if let Some(provider) = by_id.get_mut(&id) {
                provider.models.push(model);
            }
        }
        Ok(())
    }
}

fn read_surface(row: &SqliteRow) -> Result<(CustomProviderId, CustomSurface), StoreError> {
    let cells = Cells::new("custom_surfaces", row);
    let surface = CustomSurface { surface: cells.word("surface", Surface::from_name)?, base_url: cells.get("base_url")? };
    Ok((CustomProviderId::from_bytes(cells.id("provider_id")?), surface))
}

fn read_model(row: &SqliteRow) -> Result<(CustomProviderId, CustomModel), StoreError> {
    let cells = Cells::new("custom_models", row);
    let model = CustomModel {
        id: CustomModelId::from_bytes(cells.id("id")?),
        model_id: cells.get("model_id")?,
        provider_model_id: cells.get("provider_model_id")?,
    };
    Ok((CustomProviderId::from_bytes(cells.id("provider_id")?), model))
}
