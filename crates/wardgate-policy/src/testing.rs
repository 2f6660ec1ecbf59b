//! Things that the tests of this crate need.

use std::sync::Arc;
use wardgate_core::configuration::VirtualModel;
use wardgate_core::id::{AccountId, CustomModelId, CustomProviderId, ProviderKeyId, VirtualModelId};
use wardgate_core::label::Label;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{CustomModel, CustomProvider};
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::stamp::Stamp;
use wardgate_core::time::Timestamp;
use wardgate_model::{Catalog, Overlay};

pub(crate) fn stamp() -> Stamp {
    Stamp::first(Timestamp::from_unix_millis(0), "nobody")
}

pub(crate) fn provider_name(text: &str) -> ProviderName {
    ProviderName::new(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn overlay(custom: &[CustomProvider]) -> Overlay {
    let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
    Overlay::new(Arc::new(catalog), custom)
}

pub(crate) fn custom_provider_id(number: u8) -> CustomProviderId {
    CustomProviderId::from_bytes([number; 16])
}

/// A custom provider; each model with what it is called upstream.
pub(crate) fn custom_provider(name: &str, number: u8, models: &[(&str, Option<&str>)]) -> CustomProvider {
    CustomProvider {
        id: custom_provider_id(number),
        account_id: AccountId::from_bytes([1; 16]),
        provider_name: provider_name(name),
        display_name: name.to_owned(),
        base_url: "http://127.0.0.1:1".to_owned(),
        metadata: None,
        surfaces: Vec::new(),
        models: models
            .iter()
            .map(|(id, upstream)| CustomModel {
                id: CustomModelId::from_bytes([1; 16]),
                model_id: (*id).to_owned(),
                provider_model_id: upstream.map(str::to_owned),
                unsupported_params: Vec::new(),
            })
            .collect(),
        stamp: stamp(),
    }
}

pub(crate) fn provider_key(provider: &str, number: u8) -> ProviderKey {
    ProviderKey {
        id: ProviderKeyId::from_bytes([number; 16]),
        account_id: AccountId::from_bytes([1; 16]),
        provider_name: provider_name(provider),
        label: Label::named(format!("number {number}")),
        sealed_value: Vec::new(),
        redacted: "sk-***".to_owned(),
        last_used_at: None,
        stamp: stamp(),
    }
}

pub(crate) fn virtual_model(name: &str, models: &[&str]) -> VirtualModel {
    VirtualModel {
        id: VirtualModelId::from_bytes([1; 16]),
        account_id: AccountId::from_bytes([1; 16]),
        label: Label::named(name),
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        stamp: stamp(),
    }
}
