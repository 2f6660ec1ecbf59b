//! What the data plane needs to know of an account, in one read.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::account::{Account, Team};
use wardgate_core::budget::Budget;
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::{ManagedKey, ProviderKey};

/// Everything that decides where an account's requests may go, as of one moment.
pub struct RoutingMaterial {
    /// The account, with its sealed data key.
    pub account: Account,
    /// Its settings.
    pub gateway_config: GatewayConfig,
    /// All its teams, by id.
    pub teams: Vec<Team>,
    /// All its provider keys, oldest first.
    pub provider_keys: Vec<ProviderKey>,
    /// All managed keys that it was granted, oldest first.
    pub managed_keys: Vec<ManagedKey>,
    /// All its custom providers, oldest first.
    pub providers: Vec<CustomProvider>,
    /// All its configurations, oldest first.
    pub configurations: Vec<Configuration>,
    /// All its virtual models, oldest first.
    pub virtual_models: Vec<VirtualModel>,
    /// All its budgets, oldest first.
    pub budgets: Vec<Budget>,
}

/// The data plane's read.
#[async_trait]
pub trait Routing {
    /// The material as of now. `None` when the account is gone.
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError>;
}
