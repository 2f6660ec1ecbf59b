//! The kinds of objects, how their lists are filtered, and how many there may be.

use crate::Kind;
use wardgate_core::access_key::{AccessKey, KeyStatus};
use wardgate_core::account::{Account, Team};
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};
use wardgate_core::budget::Budget;
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::credit::{Purchase, PurchaseStatus};
use wardgate_core::id::{
    AccessKeyId, AccountId, ApiKeyId, BudgetId, ConfigurationId, CustomProviderId, ManagedKeyId, OperatorKeyId, ProviderKeyId,
    PurchaseId, TeamId, TierId, VirtualModelId,
};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::stamp::Stamp;
use wardgate_core::tier::{Tier, TierName};
use wardgate_core::time::Timestamp;

/// The most credentials that an account may hold for one provider, and the operator for one.
pub const PROVIDER_KEYS_PER_PROVIDER_MAX: usize = 100;

/// The most custom providers that an account may have.
pub const CUSTOM_PROVIDERS_MAX: usize = 1_000;

/// The most configurations that an account may have.
pub const CONFIGURATIONS_MAX: usize = 1_000;

/// The most virtual models that an account may have.
pub const VIRTUAL_MODELS_MAX: usize = 1_000;

/// The most budgets that an account may have.
pub const BUDGETS_MAX: usize = 10_000;

/// The most teams that an account may have.
pub const TEAMS_MAX: usize = 10_000;

/// The most API keys that an account may have, and operator keys that a gateway may have.
pub const API_KEYS_MAX: usize = 1_000;

/// The most tiers that the operator may make.
pub const TIERS_MAX: usize = 1_000;

/// The most purchases that an account may have waiting.
pub const PENDING_PURCHASES_MAX: usize = 10;

/// By the text on an object. Both fields must hold where both are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameFilter {
    /// Exactly this name.
    pub name: Option<String>,
    /// A part of its name or description. ASCII letters match in either case; nothing in it stands for something else.
    pub search: Option<String>,
}

/// Which access keys. All fields must hold that are given.
#[derive(Debug, Clone, Default)]
pub struct AccessKeyFilter {
    /// By text.
    pub text: NameFilter,
    /// Linked to this configuration.
    pub configuration_id: Option<ConfigurationId>,
    /// Issued to this team.
    pub team_id: Option<TeamId>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this status at this instant.
    pub status: Option<(KeyStatus, Timestamp)>,
}

/// Which API keys.
#[derive(Debug, Clone, Default)]
pub struct ApiKeyFilter {
    /// By text.
    pub text: NameFilter,
    /// With this role.
    pub role: Option<Role>,
}

/// Which keys for providers, a tenant's or managed ones.
#[derive(Debug, Clone, Default)]
pub struct ProviderKeyFilter {
    /// By text.
    pub text: NameFilter,
    /// For this provider.
    pub provider: Option<ProviderName>,
}

/// Which custom providers. The text's name is the display name.
#[derive(Debug, Clone, Default)]
pub struct CustomProviderFilter {
    /// By text. The search looks into the id that clients write as well.
    pub text: NameFilter,
    /// The one that clients write so.
    pub provider: Option<ProviderName>,
}

/// Which accounts or teams.
#[derive(Debug, Clone, Default)]
pub struct TieredFilter {
    /// By text.
    pub text: NameFilter,
    /// On this tier.
    pub tier: Option<TierName>,
}

/// Which budgets.
#[derive(Debug, Clone, Default)]
pub struct BudgetFilter {
    /// By text.
    pub text: NameFilter,
    /// Of this team.
    pub team_id: Option<TeamId>,
    /// Of this key.
    pub access_key_id: Option<AccessKeyId>,
}

/// Which purchases.
#[derive(Debug, Clone, Default)]
pub struct PurchaseFilter {
    /// With this status.
    pub status: Option<PurchaseStatus>,
    /// Made with this key.
    pub idempotency_key: Option<String>,
}

macro_rules! kinds {
    ($($kind:ty: $id:ty, $filter:ty, $name:literal;)*) => {$(
        impl Kind for $kind {
            type Id = $id;
            type Filter = $filter;
            const NAME: &'static str = $name;

            fn id(&self) -> $id {
                self.id
            }

            fn stamp(&self) -> &Stamp {
                &self.stamp
            }

            fn set_stamp(&mut self, stamp: Stamp) {
                self.stamp = stamp;
            }
        }
    )*};
}

kinds! {
    AccessKey: AccessKeyId, AccessKeyFilter, "access key";
    Account: AccountId, TieredFilter, "account";
    ApiKey: ApiKeyId, ApiKeyFilter, "API key";
    Budget: BudgetId, BudgetFilter, "budget";
    Configuration: ConfigurationId, NameFilter, "access-key configuration";
    CustomProvider: CustomProviderId, CustomProviderFilter, "provider";
    ManagedKey: ManagedKeyId, ProviderKeyFilter, "managed key";
    OperatorKey: OperatorKeyId, NameFilter, "operator key";
    ProviderKey: ProviderKeyId, ProviderKeyFilter, "provider key";
    Purchase: PurchaseId, PurchaseFilter, "purchase";
    Team: TeamId, TieredFilter, "team";
    Tier: TierId, NameFilter, "tier";
    VirtualModel: VirtualModelId, NameFilter, "virtual model";
}
