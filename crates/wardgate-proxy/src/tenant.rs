//! What an account's requests may use, as of one version.

mod configurations;
mod vault;

use crate::allowance::Allowance;
use crate::cache::Hasher;
use configurations::Configurations;
pub use configurations::NoPolicy;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use vault::Vault;
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::id::{AccountId, ConfigurationId, ProviderKeyId, TeamId};
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::secret::Secret;
use wardgate_keys::seal::{MasterKey, SealError};
use wardgate_limits::escrow::Money;
use wardgate_model::{Catalog, Overlay};
use wardgate_policy::{Caps, Credential, Credentials, Facts, Policy, VirtualModels};
use wardgate_store::RoutingMaterial;

/// How many bytes of an account's own texts take the room of one account among those that are remembered.
const BYTES_PER_WEIGHT: usize = 16 * 1024;

/// About what is remembered of a team on a tier of its own.
const TEAM_BYTES: usize = 512;

/// About what is remembered of a budget.
const BUDGET_BYTES: usize = 512;

/// One version of an account. Immutable: a change makes a new one, and a request works with one from start to end.
pub struct TenantSnapshot {
    /// Whose it is.
    pub account_id: AccountId,
    /// When it was read.
    pub read_at: Instant,
    /// Its providers and models.
    pub overlay: Overlay,
    /// Its names for lists of models.
    pub virtual_models: VirtualModels,
    /// Which credentials it has.
    pub credentials: Credentials,
    /// What it is called.
    pub name: String,
    /// What its teams are called.
    team_names: HashMap<TeamId, Box<str>, Hasher>,
    /// Its own times; none while it has not set any.
    pub timeouts: Option<Timeouts>,
    /// How large its requests may be.
    pub caps: Caps,
    /// Whether none of its keys is served.
    pub is_suspended: bool,
    /// What it and its teams may take.
    pub allowance: Allowance,
    /// What it, its teams and its keys may spend.
    pub money: Money,
    /// What a token of a model costs whose price nobody knows, if the account says so.
    pub unknown_price: Option<PicoUsdPerToken>,
    configurations: Configurations,
    vault: Vault,
    weight: u32,
}

/// How long its requests may take until their first content.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// All attempts and waits together.
    pub total: Duration,
    /// One attempt.
    pub per_request: Duration,
}

impl TenantSnapshot {
    pub(crate) fn new(
        material: RoutingMaterial,
        allowance: Allowance,
        money: Money,
        catalog: Arc<Catalog>,
        master_key: Arc<MasterKey>,
    ) -> Result<Self, SealError> {
        let weight = weigh(&material);
        let (account, config) = (material.account, material.gateway_config);
        let user = material.provider_keys.iter().map(|key| (key.provider_name.clone(), key.id));
        let names = material.provider_keys.iter().map(|key| (key.id, key.label.name()));
        let managed = material.managed_keys.iter().map(|key| (key.provider_name.clone(), key.id));
        Ok(Self {
            account_id: account.id,
            read_at: Instant::now(),
            overlay: Overlay::new(catalog, &material.providers),
            virtual_models: VirtualModels::new(&material.virtual_models),
            credentials: Credentials::new(user).with_names(names).with_managed(managed),
            name: account.name,
            team_names: material.teams.iter().map(|team| (team.id, team.label.name().into())).collect(),
            timeouts: Timeouts::of(&config),
            caps: Caps::of(&config),
            is_suspended: account.suspended_at.is_some(),
            allowance,
            money,
            unknown_price: config.unknown_price,
            configurations: Configurations::new(material.configurations),
            vault: Vault::new(
                master_key.open_data_key(account.id, &account.sealed_data_key)?,
                material.provider_keys,
                master_key,
                material.managed_keys,
            ),
            weight,
        })
    }

    /// What a configuration allows, compiled at its first use.
    ///
    /// # Errors
    /// When there is none of this id, or its document cannot be understood. Whoever asked must not be served.
    pub fn policy(&self, id: ConfigurationId) -> Result<&Arc<Policy>, NoPolicy> {
        self.configurations.policy(id, &self.overlay)
    }

    /// What a plan is made from. `policy` is that of the key; none: the key has no configuration.
    #[must_use]
    pub fn facts<'f>(&'f self, policy: Option<&'f Policy>) -> Facts<'f> {
        Facts {
            overlay: &self.overlay,
            virtual_models: &self.virtual_models,
            credentials: &self.credentials,
            policy: policy.unwrap_or(self.configurations.everything()),
            health: None,
        }
    }

    /// The credential in clear, for a call that is about to use it; none where none is needed.
    ///
    /// # Errors
    /// When the stored bytes do not open.
    pub fn unseal(&self, credential: Credential) -> Result<Option<&Secret>, SealError> {
        match credential {
            Credential::None => Ok(None),
            Credential::User(id) => self.vault.user(id).map(Some),
            Credential::Managed(id) => self.vault.managed(id).map(Some),
        }
    }

    /// What a team is called; empty for one that was made after this version.
    #[must_use]
    pub fn team_name(&self, id: TeamId) -> &str {
        self.team_names.get(&id).map_or("", |name| name)
    }

    /// A credential of the account as it may be shown. The operator's are not shown.
    #[must_use]
    pub fn redacted(&self, id: ProviderKeyId) -> Option<&Arc<str>> {
        self.vault.redacted(id)
    }

    /// How many accounts' room it takes.
    pub(crate) const fn weight(&self) -> u32 {
        self.weight
    }
}

/// An account may bring megabytes of documents.
fn weigh(material: &RoutingMaterial) -> u32 {
    let documents = material.configurations.iter().map(|configuration| configuration.document.len());
    let targets = material.virtual_models.iter().flat_map(|model| &model.models).map(String::len);
    let few = material.teams.len() * TEAM_BYTES + material.budgets.len() * BUDGET_BYTES;
    let bytes = documents.chain(targets).sum::<usize>() + few;
    u32::try_from(1 + bytes / BYTES_PER_WEIGHT).unwrap_or(u32::MAX)
}

impl Timeouts {
    /// Until an account sets its own times, the gateway's are in force.
    fn of(config: &GatewayConfig) -> Option<Self> {
        config.stamp.as_ref().map(|_| Self { total: config.total_timeout, per_request: config.per_request_timeout })
    }
}

#[cfg(test)]
mod tests;
