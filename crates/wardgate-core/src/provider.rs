//! An upstream that a tenant defines.

use crate::format::Surface;
use crate::id::{AccountId, CustomModelId, CustomProviderId};
use crate::name::ProviderName;
use crate::stamp::Stamp;

/// A tenant's own upstream.
#[derive(Debug, Clone)]
pub struct CustomProvider {
    /// Its id as a resource.
    pub id: CustomProviderId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// What clients write before the colon.
    pub provider_name: ProviderName,
    /// Its label.
    pub display_name: String,
    /// Where it is; see the joining rule in `wardgate-model`'s `base_url`.
    pub base_url: String,
    /// Free text for programs.
    pub metadata: Option<String>,
    /// The surfaces it speaks; none declared means Chat Completions.
    pub surfaces: Vec<CustomSurface>,
    /// The models it declares, for the model list. Others are passed on as written.
    pub models: Vec<CustomModel>,
    /// When and by whom.
    pub stamp: Stamp,
}

/// One surface of a custom provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomSurface {
    /// Which one.
    pub surface: Surface,
    /// Its own base URL, where it differs from the provider's.
    pub base_url: Option<String>,
    /// The parameters at the top of a body that it takes; others are removed. Empty: it takes all.
    pub supported_params: Vec<String>,
}

/// One declared model of a custom provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomModel {
    /// Its id as a resource.
    pub id: CustomModelId,
    /// What clients write after the colon.
    pub model_id: String,
    /// What is sent upstream, where it differs.
    pub provider_model_id: Option<String>,
    /// The parameters at the top of a body that are removed for this model; at most 100.
    pub unsupported_params: Vec<String>,
}
