//! What the data plane needs to know of an account, in one read.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::account::Account;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;

/// Everything that decides where an account's requests may go, as of one moment.
pub struct RoutingMaterial {
    /// The account, with its sealed data key.
    pub account: Account,
    /// All its provider keys, oldest first.
    pub provider_keys: Vec<ProviderKey>,
    /// All its custom providers, oldest first.
    pub providers: Vec<CustomProvider>,
}

/// The data plane's read.
#[async_trait]
pub trait Routing {
    /// The material as of now. `None` when the account is gone.
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError>;
}
