//! The tables of what custom providers consist of: surfaces and models.

use super::parts::{list, read_list};
use crate::error::{of_insert, unavailable};
use crate::row::{Cells, count};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use wardgate_core::format::{Format, Surface};
use wardgate_core::id::{CustomModelId, CustomProviderId};
use wardgate_core::provider::{CustomModel, CustomProvider, CustomSurface};
use wardgate_store::StoreError;

pub(super) async fn insert(connection: &mut SqliteConnection, provider: &CustomProvider) -> Result<(), StoreError> {
    for (position, surface) in provider.surfaces.iter().enumerate() {
        sqlx::query(
            "INSERT INTO custom_surfaces (account_id, provider_id, position, surface, base_url, supported_params, format)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(provider.account_id.as_bytes().as_slice())
        .bind(provider.id.as_bytes().as_slice())
        .bind(count(position as u64))
        .bind(surface.surface.name())
        .bind(surface.base_url.as_deref())
        .bind(list(&surface.supported_params))
        .bind((surface.format != surface.surface.format()).then(|| surface.format.name()))
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    }
    for (position, model) in provider.models.iter().enumerate() {
        sqlx::query(
            "INSERT INTO custom_models (account_id, provider_id, position, id, model_id, provider_model_id, unsupported_params,
                 input_price, output_price)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(provider.account_id.as_bytes().as_slice())
        .bind(provider.id.as_bytes().as_slice())
        .bind(count(position as u64))
        .bind(model.id.as_bytes().as_slice())
        .bind(&model.model_id)
        .bind(model.provider_model_id.as_deref())
        .bind(list(&model.unsupported_params))
        .bind(model.prices.map(|prices| count(prices.input.pico_usd())))
        .bind(model.prices.map(|prices| count(prices.output.pico_usd())))
        .execute(&mut *connection)
        .await
        .map_err(|error| of_insert(error, || "a model with this resource id".to_owned(), "the model"))?;
    }
    Ok(())
}

pub(super) async fn delete(connection: &mut SqliteConnection, provider: &CustomProvider) -> Result<(), StoreError> {
    for delete in [
        "DELETE FROM custom_surfaces WHERE account_id = ? AND provider_id = ?",
        "DELETE FROM custom_models WHERE account_id = ? AND provider_id = ?",
    ] {
        sqlx::query(delete)
            .bind(provider.account_id.as_bytes().as_slice())
            .bind(provider.id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

/// Adds the surfaces and models to providers of one account, in two queries however many providers there are.
pub(super) async fn fill(connection: &mut SqliteConnection, providers: &mut [CustomProvider]) -> Result<(), StoreError> {
    let Some(account_id) = providers.first().map(|provider| provider.account_id) else { return Ok(()) };
    let ids = || providers.iter().map(|provider| provider.id);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(()) };
    let mut rows = Vec::with_capacity(2);
    for select in [
        "SELECT * FROM custom_surfaces WHERE account_id = ? AND provider_id BETWEEN ? AND ? ORDER BY provider_id, position",
        "SELECT * FROM custom_models WHERE account_id = ? AND provider_id BETWEEN ? AND ? ORDER BY provider_id, position",
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

    let mut by_id: HashMap<_, _> = providers.iter_mut().map(|provider| (provider.id, provider)).collect();
    for row in &rows[0] {
        let (id, surface) = read_surface(row)?;
        if let Some(provider) = by_id.get_mut(&id) {
            provider.surfaces.push(surface);
        }
    }
    for row in &rows[1] {
        let (id, model) = read_model(row)?;
        if let Some(provider) = by_id.get_mut(&id) {
            provider.models.push(model);
        }
    }
    Ok(())
}

fn read_surface(row: &SqliteRow) -> Result<(CustomProviderId, CustomSurface), StoreError> {
    let cells = Cells::new("custom_surfaces", row);
    let surface = cells.word("surface", Surface::from_name)?;
    let surface = CustomSurface {
        surface,
        format: cells.optional_word("format", Format::from_name)?.unwrap_or_else(|| surface.format()),
        base_url: cells.get("base_url")?,
        supported_params: read_list(&cells, "supported_params")?,
    };
    Ok((CustomProviderId::from_bytes(cells.id("provider_id")?), surface))
}

fn read_model(row: &SqliteRow) -> Result<(CustomProviderId, CustomModel), StoreError> {
    let cells = Cells::new("custom_models", row);
    let model = CustomModel {
        id: CustomModelId::from_bytes(cells.id("id")?),
        model_id: cells.get("model_id")?,
        provider_model_id: cells.get("provider_model_id")?,
        unsupported_params: read_list(&cells, "unsupported_params")?,
        prices: cells.prices("input_price", "output_price")?,
    };
    Ok((CustomProviderId::from_bytes(cells.id("provider_id")?), model))
}
