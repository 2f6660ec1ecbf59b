//! What is particular to each kind.

use super::Tables;
use super::table::{OfAccount, OfGateway, Table, matches_label, matches_text};
use crate::kinds::{
    API_KEYS_MAX, AccessKeyFilter, ApiKeyFilter, BUDGETS_MAX, BudgetFilter, CONFIGURATIONS_MAX, CUSTOM_PROVIDERS_MAX,
    CustomProviderFilter, NameFilter, PENDING_PURCHASES_MAX, PROVIDER_KEYS_PER_PROVIDER_MAX, ProviderKeyFilter, PurchaseFilter,
    TEAMS_MAX, TIERS_MAX, TieredFilter, VIRTUAL_MODELS_MAX,
};
use crate::{Change, StoreError};
use std::collections::BTreeMap;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, DEFAULT_TEAM, Team};
use wardgate_core::api_key::{ApiKey, OperatorKey};
use wardgate_core::budget::{Budget, BudgetOwner};
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::credit::{Purchase, PurchaseStatus};
use wardgate_core::id::AccountId;
use wardgate_core::label::Label;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::tier::Tier;
use wardgate_core::time::Timestamp;

macro_rules! rows {
    ($rows:ident) => {
        fn rows(tables: &Tables) -> &BTreeMap<Self::Id, Self> {
            &tables.$rows
        }

        fn rows_mut(tables: &mut Tables) -> &mut BTreeMap<Self::Id, Self> {
            &mut tables.$rows
        }
    };
}

macro_rules! of_account {
    ($rows:ident) => {
        rows!($rows);

        fn owner(&self) -> Option<AccountId> {
            Some(self.account_id)
        }
    };
}

fn room(there: usize, max: usize, what: &'static str) -> Result<(), StoreError> {
    if there < max { Ok(()) } else { Err(StoreError::Full { what, max }) }
}

fn unique(is_taken: bool, what: impl FnOnce() -> String) -> Result<(), StoreError> {
    if is_taken { Err(StoreError::Conflict { what: what() }) } else { Ok(()) }
}

fn unused(is_used: bool, what: &str, by: &str) -> Result<(), StoreError> {
    if is_used { Err(StoreError::Referenced { what: what.to_owned(), by: by.to_owned() }) } else { Ok(()) }
}

impl Table for AccessKey {
    of_account!(access_keys);

    fn matches(&self, filter: &AccessKeyFilter) -> bool {
        matches_label(&filter.text, &self.label)
            && filter.configuration_id.is_none_or(|id| self.configuration_id == Some(id))
            && filter.team_id.is_none_or(|id| self.team_id == id)
            && filter.tag.as_ref().is_none_or(|tag| self.tags.contains(tag))
            && filter.status.is_none_or(|(status, now)| self.status(now) == status)
    }

    fn is_live(&self) -> bool {
        self.revoked_at.is_none()
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        if tables.teams.get(&self.team_id).is_none_or(|team| team.account_id != self.account_id) {
            return Err(StoreError::NotInAccount { what: "the team" });
        }
        let is_own = |id| tables.configurations.get(&id).is_some_and(|linked| linked.account_id == self.account_id);
        if !self.configuration_id.is_none_or(is_own) {
            return Err(StoreError::NotInAccount { what: "the configuration" });
        }
        Ok(())
    }

    fn keep(&mut self, former: &Self) {
        self.last_used_at = former.last_used_at;
    }

    fn bury(&mut self, at: Timestamp) -> bool {
        self.revoked_at = Some(at);
        true
    }

    fn deleted(&self, tables: &mut Tables) {
        // Nobody can spend with it any more.
        tables.budgets.retain(|_, budget| budget.owner != BudgetOwner::AccessKey(self.id));
    }

    fn change(&self) -> Option<Change> {
        Some(Change::AccessKey(self.id))
    }
}

impl OfAccount for AccessKey {}

impl Table for ApiKey {
    of_account!(api_keys);

    fn matches(&self, filter: &ApiKeyFilter) -> bool {
        matches_label(&filter.text, &self.label) && filter.role.is_none_or(|role| self.role == role)
    }

    fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let own = tables.api_keys.values().filter(|key| key.account_id == self.account_id && key.is_live());
        room(own.count(), API_KEYS_MAX, "API keys")
    }

    fn keep(&mut self, former: &Self) {
        self.last_used_at = former.last_used_at;
    }

    fn bury(&mut self, at: Timestamp) -> bool {
        self.deleted_at = Some(at);
        true
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfAccount for ApiKey {}

impl Table for Configuration {
    of_account!(configurations);

    fn matches(&self, filter: &NameFilter) -> bool {
        matches_label(filter, &self.label)
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_own = |id| tables.provider_keys.get(id).is_some_and(|key| key.account_id == self.account_id);
        if self.references.provider_keys.iter().all(is_own) {
            Ok(())
        } else {
            Err(StoreError::NotInAccount { what: "a provider key" })
        }
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let own = tables.configurations.values().filter(|other| other.account_id == self.account_id);
        room(own.count(), CONFIGURATIONS_MAX, "configurations")
    }

    fn check_unused(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_used = tables.access_keys.values().any(|key| key.configuration_id == Some(self.id) && key.is_live());
        unused(is_used, "the configuration", "an access key")
    }

    fn deleted(&self, tables: &mut Tables) {
        for key in tables.access_keys.values_mut().filter(|key| key.configuration_id == Some(self.id)) {
            key.configuration_id = None;
        }
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Configuration {}

impl Table for CustomProvider {
    of_account!(providers);

    fn matches(&self, filter: &CustomProviderFilter) -> bool {
        matches_text(&filter.text, &self.display_name, &[self.provider_name.as_str()])
            && filter.provider.as_ref().is_none_or(|name| *name == self.provider_name)
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_same = |other: &Self| {
            other.id != self.id && other.account_id == self.account_id && other.provider_name == self.provider_name
        };
        unique(tables.providers.values().any(is_same), || format!("a provider with the id \"{}\"", self.provider_name))
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let own = tables.providers.values().filter(|other| other.account_id == self.account_id);
        room(own.count(), CUSTOM_PROVIDERS_MAX, "custom providers")
    }

    fn check_unused(&self, tables: &Tables) -> Result<(), StoreError> {
        let named = |key: &ProviderKey| key.account_id == self.account_id && key.provider_name == self.provider_name;
        unused(tables.provider_keys.values().any(named), "the provider", "a provider key")?;
        let named = |other: &Configuration| {
            other.account_id == self.account_id && other.references.providers.contains(&self.provider_name)
        };
        unused(tables.configurations.values().any(named), "the provider", "a configuration")
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for CustomProvider {}

impl Table for ProviderKey {
    of_account!(provider_keys);

    fn matches(&self, filter: &ProviderKeyFilter) -> bool {
        matches_label(&filter.text, &self.label)
            && filter.provider.as_ref().is_none_or(|provider| *provider == self.provider_name)
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let beside = |key: &&Self| key.account_id == self.account_id && key.provider_name == self.provider_name;
        let there = tables.provider_keys.values().filter(beside).count();
        room(there, PROVIDER_KEYS_PER_PROVIDER_MAX, "keys for one provider")
    }

    fn check_unused(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_used = tables.configurations.values().any(|other| other.references.provider_keys.contains(&self.id));
        unused(is_used, "the provider key", "a configuration")
    }

    fn keep(&mut self, former: &Self) {
        self.last_used_at = former.last_used_at;
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for ProviderKey {}

impl Table for Purchase {
    of_account!(purchases);

    fn matches(&self, filter: &PurchaseFilter) -> bool {
        filter.status.is_none_or(|status| self.status == status)
            && filter.idempotency_key.as_ref().is_none_or(|key| self.idempotency_key.as_ref() == Some(key))
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_same = |other: &Self| {
            other.id != self.id
                && other.account_id == self.account_id
                && other.idempotency_key.is_some()
                && other.idempotency_key == self.idempotency_key
        };
        unique(tables.purchases.values().any(is_same), || "a purchase with this idempotency key".to_owned())
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let pending = |other: &&Self| other.account_id == self.account_id && other.status == PurchaseStatus::Pending;
        room(tables.purchases.values().filter(pending).count(), PENDING_PURCHASES_MAX, "pending purchases")
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfAccount for Purchase {}

impl Table for Team {
    of_account!(teams);

    fn matches(&self, filter: &TieredFilter) -> bool {
        matches_label(&filter.text, &self.label) && filter.tier.as_ref().is_none_or(|tier| self.tier.as_ref() == Some(tier))
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_same =
            |other: &Self| other.id != self.id && other.account_id == self.account_id && other.label.name == self.label.name;
        unique(tables.teams.values().any(is_same), || format!("a team with the name \"{}\"", self.label.name()))
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        room(tables.teams.values().filter(|team| team.account_id == self.account_id).count(), TEAMS_MAX, "teams")
    }

    fn check_unused(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_default = tables.accounts.values().any(|account| account.default_team_id == self.id);
        unused(is_default, "the team", "its account, which always has this one")?;
        let is_used = tables.access_keys.values().any(|key| key.team_id == self.id && key.is_live());
        unused(is_used, "the team", "an access key")
    }

    fn deleted(&self, tables: &mut Tables) {
        tables.budgets.retain(|_, budget| budget.owner != BudgetOwner::Team(self.id));
        // Revoked keys are kept, so they move to the team that always is there.
        let Some(default_team_id) = tables.accounts.get(&self.account_id).map(|account| account.default_team_id) else {
            return;
        };
        for key in tables.access_keys.values_mut().filter(|key| key.team_id == self.id) {
            key.team_id = default_team_id;
        }
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Team {}

impl Table for VirtualModel {
    of_account!(virtual_models);

    fn matches(&self, filter: &NameFilter) -> bool {
        matches_label(filter, &self.label)
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_same = |other: &Self| {
            other.id != self.id
                && other.account_id == self.account_id
                && other.label.name().eq_ignore_ascii_case(self.label.name())
        };
        unique(tables.virtual_models.values().any(is_same), || format!("a virtual model \"{}\"", self.label.name()))
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let own = tables.virtual_models.values().filter(|other| other.account_id == self.account_id);
        room(own.count(), VIRTUAL_MODELS_MAX, "virtual models")
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for VirtualModel {}

impl Table for Budget {
    of_account!(budgets);

    fn matches(&self, filter: &BudgetFilter) -> bool {
        matches_label(&filter.text, &self.label)
            && filter.team_id.is_none_or(|id| self.owner == BudgetOwner::Team(id))
            && filter.access_key_id.is_none_or(|id| self.owner == BudgetOwner::AccessKey(id))
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_own = match self.owner {
            BudgetOwner::Account => true,
            BudgetOwner::Team(id) => tables.teams.get(&id).is_some_and(|team| team.account_id == self.account_id),
            BudgetOwner::AccessKey(id) => {
                tables.access_keys.get(&id).is_some_and(|key| key.account_id == self.account_id && key.is_live())
            }
        };
        if !is_own {
            return Err(StoreError::NotInAccount { what: "the owner" });
        }
        let is_same =
            |other: &Self| other.id != self.id && other.account_id == self.account_id && other.label.name == self.label.name;
        unique(tables.budgets.values().any(is_same), || format!("a budget with the name \"{}\"", self.label.name()))
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let own = tables.budgets.values().filter(|other| other.account_id == self.account_id);
        room(own.count(), BUDGETS_MAX, "budgets")
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Budget {}

impl Table for Account {
    rows!(accounts);

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn matches(&self, filter: &TieredFilter) -> bool {
        matches_text(&filter.text, &self.name, &[]) && filter.tier.as_ref().is_none_or(|tier| self.tier.as_ref() == Some(tier))
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_same = |other: &Self| other.id != self.id && other.name == self.name;
        unique(tables.accounts.values().any(is_same), || format!("an account with the name \"{}\"", self.name))
    }

    fn keep(&mut self, former: &Self) {
        self.sealed_data_key.clone_from(&former.sealed_data_key);
    }

    fn created(&self, tables: &mut Tables) {
        let team = Team {
            id: self.default_team_id,
            account_id: self.id,
            label: Label::named(DEFAULT_TEAM),
            tier: None,
            stamp: self.stamp.clone(),
        };
        tables.teams.insert(team.id, team);
    }

    fn deleted(&self, tables: &mut Tables) {
        let id = self.id;
        tables.budgets.retain(|_, budget| budget.account_id != id);
        tables.holds.retain(|(account_id, ..), _| *account_id != id);
        tables.teams.retain(|_, team| team.account_id != id);
        tables.access_keys.retain(|_, key| key.account_id != id);
        tables.configurations.retain(|_, configuration| configuration.account_id != id);
        tables.virtual_models.retain(|_, model| model.account_id != id);
        tables.api_keys.retain(|_, key| key.account_id != id);
        tables.provider_keys.retain(|_, key| key.account_id != id);
        tables.grants.retain(|(_, account_id)| *account_id != id);
        tables.providers.retain(|_, provider| provider.account_id != id);
        tables.gateway_configs.remove(&id);
        tables.credits.retain(|_, credit| credit.account_id != id);
        tables.purchases.retain(|_, purchase| purchase.account_id != id);
        tables.idempotency.retain(|key, _| key.account_id != Some(id));
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.id))
    }
}

impl OfGateway for Account {}

impl Table for ManagedKey {
    rows!(managed_keys);

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn matches(&self, filter: &ProviderKeyFilter) -> bool {
        matches_label(&filter.text, &self.label)
            && filter.provider.as_ref().is_none_or(|provider| *provider == self.provider_name)
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        let there = tables.managed_keys.values().filter(|key| key.provider_name == self.provider_name).count();
        room(there, PROVIDER_KEYS_PER_PROVIDER_MAX, "managed keys for one provider")
    }

    fn deleted(&self, tables: &mut Tables) {
        tables.grants.retain(|(key_id, _)| *key_id != self.id);
    }

    fn keep(&mut self, former: &Self) {
        self.last_used_at = former.last_used_at;
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

impl OfGateway for ManagedKey {}

impl Table for OperatorKey {
    rows!(operator_keys);

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn matches(&self, filter: &NameFilter) -> bool {
        matches_label(filter, &self.label)
    }

    fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        room(tables.operator_keys.values().filter(|key| key.is_live()).count(), API_KEYS_MAX, "operator keys")
    }

    fn keep(&mut self, former: &Self) {
        self.last_used_at = former.last_used_at;
    }

    fn bury(&mut self, at: Timestamp) -> bool {
        self.deleted_at = Some(at);
        true
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfGateway for OperatorKey {}

impl Table for Tier {
    rows!(tiers);

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn matches(&self, filter: &NameFilter) -> bool {
        matches_text(filter, self.name.as_str(), &[])
    }

    fn check(&self, tables: &Tables) -> Result<(), StoreError> {
        let is_same = |other: &Self| other.id != self.id && other.name == self.name;
        unique(tables.tiers.values().any(is_same), || format!("a tier with the name \"{}\"", self.name))
    }

    fn check_room(&self, tables: &Tables) -> Result<(), StoreError> {
        room(tables.tiers.len(), TIERS_MAX, "tiers")
    }

    fn check_unused(&self, tables: &Tables) -> Result<(), StoreError> {
        let placed = Some(&self.name);
        unused(tables.accounts.values().any(|account| account.tier.as_ref() == placed), "the tier", "an account")?;
        unused(tables.teams.values().any(|team: &Team| team.tier.as_ref() == placed), "the tier", "a team")
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

impl OfGateway for Tier {}
