//! The tables of what custom providers consist of: surfaces and models.

use super::database::Lent;
use super::id::Id;
use super::parts::{optional_text, text, texts};
use crate::error::{of_insert, unavailable};
use crate::row::{Cells, count};
use sqlx::postgres::PgRow;
use sqlx::types::Uuid;
use std::collections::HashMap;
use wardgate_core::format::{Format, Surface};
use wardgate_core::id::{CustomModelId, CustomProviderId};
use wardgate_core::provider::{CustomModel, CustomProvider, CustomSurface};
use wardgate_store::StoreError;

pub(super) async fn insert(lent: &mut Lent, provider: &CustomProvider) -> Result<(), StoreError> {
    for (position, surface) in provider.surfaces.iter().enumerate() {
        let statement = sqlx::query(
            "INSERT INTO custom_surfaces (account_id, provider_id, position, surface, base_url, supported_params, format)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(provider.account_id.uuid())
        .bind(provider.id.uuid())
        .bind(count(position as u64))
        .bind(surface.surface.name())
        .bind(optional_text(surface.base_url.as_deref()))
        .bind(texts(surface.supported_params.iter().map(String::as_str)))
        .bind(optional_text((surface.format != surface.surface.format()).then(|| surface.format.name())));
        lent.run(statement).await.map_err(unavailable)?;
    }
    for (position, model) in provider.models.iter().enumerate() {
        let statement = sqlx::query(
            "INSERT INTO custom_models (account_id, provider_id, position, id, model_id, provider_model_id, unsupported_params,
                 input_price, output_price)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(provider.account_id.uuid())
        .bind(provider.id.uuid())
        .bind(count(position as u64))
        .bind(model.id.uuid())
        .bind(text(&model.model_id))
        .bind(optional_text(model.provider_model_id.as_deref()))
        .bind(texts(model.unsupported_params.iter().map(String::as_str)))
        .bind(model.prices.map(|prices| count(prices.input.pico_usd())))
        .bind(model.prices.map(|prices| count(prices.output.pico_usd())));
        let what = || "a model with this resource id".to_owned();
        lent.run(statement).await.map_err(|error| of_insert(error, what, "the model"))?;
    }
    Ok(())
}

pub(super) async fn delete(lent: &mut Lent, provider: &CustomProvider) -> Result<(), StoreError> {
    for text in [
        "DELETE FROM custom_surfaces WHERE account_id = $1 AND provider_id = $2",
        "DELETE FROM custom_models WHERE account_id = $1 AND provider_id = $2",
    ] {
        let statement = sqlx::query(text).bind(provider.account_id.uuid()).bind(provider.id.uuid());
        lent.run(statement).await.map_err(unavailable)?;
    }
    Ok(())
}

/// Adds the surfaces and models to these providers of one account, in two queries however many providers there are.
pub(super) async fn fill(lent: &mut Lent, providers: &mut [CustomProvider]) -> Result<(), StoreError> {
    let Some(account_id) = providers.first().map(|provider| provider.account_id.uuid()) else { return Ok(()) };
    let ids: Vec<Uuid> = providers.iter().map(|provider| provider.id.uuid()).collect();
    let surfaces = sqlx::query(
        "SELECT provider_id, surface, base_url, supported_params, format FROM custom_surfaces
         WHERE account_id = $1 AND provider_id = ANY($2) ORDER BY provider_id, position",
    );
    let surfaces = lent.rows(surfaces.bind(account_id).bind(&ids)).await?;
    let models = sqlx::query(
        "SELECT provider_id, id, model_id, provider_model_id, unsupported_params, input_price, output_price FROM custom_models
         WHERE account_id = $1 AND provider_id = ANY($2) ORDER BY provider_id, position",
    );
    let models = lent.rows(models.bind(account_id).bind(&ids)).await?;
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

fn read_surface(row: &PgRow) -> Result<(CustomProviderId, CustomSurface), StoreError> {
    let cells = Cells::new("custom_surfaces", row);
    let surface = cells.word("surface", Surface::from_name)?;
    let surface = CustomSurface {
        surface,
        format: cells.optional_word("format", Format::from_name)?.unwrap_or_else(|| surface.format()),
        base_url: cells.get("base_url")?,
        supported_params: cells.get("supported_params")?,
    };
    Ok((CustomProviderId::from_bytes(cells.id("provider_id")?), surface))
}

fn read_model(row: &PgRow) -> Result<(CustomProviderId, CustomModel), StoreError> {
    let cells = Cells::new("custom_models", row);
    let model = CustomModel {
        id: CustomModelId::from_bytes(cells.id("id")?),
        model_id: cells.get("model_id")?,
        provider_model_id: cells.get("provider_model_id")?,
        unsupported_params: cells.get("unsupported_params")?,
        prices: cells.prices("input_price", "output_price")?,
    };
    Ok((CustomProviderId::from_bytes(cells.id("provider_id")?), model))
}
