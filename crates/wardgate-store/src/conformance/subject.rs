//! What the cases for every kind of object need to know of one kind.

use super::sample::{self, next_instant, unique};
use crate::kinds::{
    AccessKeyFilter, ApiKeyFilter, BudgetFilter, CustomProviderFilter, NameFilter, ProviderKeyFilter, TieredFilter,
};
use crate::{Change, Collection, Kind, Store, Tenant};
use async_trait::async_trait;
use wardgate_core::api_key::Role;
use wardgate_core::configuration::References;
use wardgate_core::credit::{PrepaidScope, PurchaseStatus};
use wardgate_core::label::Label;
use wardgate_core::money::NanoUsd;
use wardgate_core::stamp::Stamp;

#[doc(hidden)]
pub use wardgate_core::{
    access_key::AccessKey,
    account::{Account, Team},
    api_key::{ApiKey, OperatorKey},
    budget::{Budget, BudgetOwner},
    configuration::{Configuration, VirtualModel},
    credit::Purchase,
    provider::CustomProvider,
    provider_key::{ManagedKey, ProviderKey},
    tier::Tier,
};

/// A kind of object, as a subject of cases.
#[async_trait]
pub trait Subject: Kind {
    /// Where it is kept.
    fn collection<'a>(store: &'a dyn Store, tenant: &'a dyn Tenant) -> &'a dyn Collection<Self>;

    /// A new one with every field set; what it refers to is stored already, and is the owner's if it is anyone's.
    async fn full(store: &dyn Store, owner: &Account) -> Self;

    /// Takes away what may be absent.
    fn strip(&mut self);

    /// Changes every field that an update may change, but the stamp.
    fn edit(&mut self);

    /// Its stamp.
    fn stamp_mut(&mut self) -> &mut Stamp;

    /// All its fields.
    fn facts(&self) -> String;

    /// What listeners hear of a write.
    fn told(&self) -> Option<Change>;

    /// What an editor makes of it.
    #[must_use]
    fn edited(&self) -> Self {
        let mut next = self.clone();
        next.edit();
        *next.stamp_mut() = self.stamp().next(next_instant(), "editor");
        next
    }
}

/// A kind that belongs to accounts.
pub trait Owned: Subject {
    /// Makes it another account's, with nothing in it that is the former one's.
    fn move_to(&mut self, owner: &Account);
}

/// A kind with a name.
pub trait Named: Subject {
    /// Gives it this name.
    fn rename(&mut self, name: &str);

    /// The filter by text only.
    fn by_text(text: NameFilter) -> Self::Filter;
}

/// A kind with a label.
pub trait Labelled: Named {
    /// Its label.
    fn label_mut(&mut self) -> &mut Label;
}

macro_rules! subject {
    () => {
        fn stamp_mut(&mut self) -> &mut Stamp {
            &mut self.stamp
        }
    };
    (tenant) => {
        fn collection<'a>(_: &'a dyn Store, tenant: &'a dyn Tenant) -> &'a dyn Collection<Self> {
            tenant
        }
        subject!();
    };
    (store) => {
        fn collection<'a>(store: &'a dyn Store, _: &'a dyn Tenant) -> &'a dyn Collection<Self> {
            store
        }
        subject!();
    };
}

macro_rules! owned {
    ($($kind:ident),*) => {$(
        impl Owned for $kind {
            fn move_to(&mut self, owner: &Account) {
                self.account_id = owner.id;
            }
        }
    )*};
}

owned!(ApiKey, CustomProvider, ProviderKey, Purchase, Team, VirtualModel);

impl Owned for Budget {
    fn move_to(&mut self, owner: &Account) {
        (self.account_id, self.owner) = (owner.id, BudgetOwner::Account);
    }
}

impl Owned for AccessKey {
    fn move_to(&mut self, owner: &Account) {
        (self.account_id, self.team_id, self.configuration_id) = (owner.id, owner.default_team_id, None);
    }
}

impl Owned for Configuration {
    fn move_to(&mut self, owner: &Account) {
        (self.account_id, self.references) = (owner.id, References::default());
    }
}

macro_rules! labelled {
    ($($kind:ident, $text:ident => $filter:expr;)*) => {$(
        impl Named for $kind {
            fn rename(&mut self, name: &str) {
                self.label.name = Some(name.to_owned());
            }

            fn by_text($text: NameFilter) -> Self::Filter {
                $filter
            }
        }

        impl Labelled for $kind {
            fn label_mut(&mut self) -> &mut Label {
                &mut self.label
            }
        }
    )*};
}

labelled! {
    AccessKey, text => AccessKeyFilter { text, ..AccessKeyFilter::default() };
    ApiKey, text => ApiKeyFilter { text, ..ApiKeyFilter::default() };
    Configuration, text => text;
    ManagedKey, text => ProviderKeyFilter { text, ..ProviderKeyFilter::default() };
    OperatorKey, text => text;
    ProviderKey, text => ProviderKeyFilter { text, ..ProviderKeyFilter::default() };
    Team, text => TieredFilter { text, ..TieredFilter::default() };
    Budget, text => BudgetFilter { text, ..BudgetFilter::default() };
    VirtualModel, text => text;
}

impl Named for Account {
    fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    fn by_text(text: NameFilter) -> TieredFilter {
        TieredFilter { text, ..TieredFilter::default() }
    }
}

impl Named for CustomProvider {
    fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.display_name);
    }

    fn by_text(text: NameFilter) -> CustomProviderFilter {
        CustomProviderFilter { text, ..CustomProviderFilter::default() }
    }
}

impl Named for Tier {
    fn rename(&mut self, name: &str) {
        self.name = sample::tier_name(name);
    }

    fn by_text(text: NameFilter) -> NameFilter {
        text
    }
}

fn strip(label: &mut Label) {
    (label.description, label.metadata) = (None, None);
}

fn edit(label: &mut Label) {
    *label = Label { name: Some(unique("edited")), description: Some(String::new()), metadata: None };
}

#[async_trait]
impl Subject for AccessKey {
    subject!(tenant);

    async fn full(store: &dyn Store, owner: &Account) -> Self {
        let configuration = sample::stored(store, owner, sample::configuration(owner, &[])).await;
        Self { configuration_id: Some(configuration.id), ..sample::access_key(owner) }
    }

    fn strip(&mut self) {
        (self.configuration_id, self.label, self.previous_secret) = (None, Label::default(), None);
        (self.expires_at, self.disabled_at, self.last_used_at) = (None, None, None);
        self.tags.clear();
        self.allowed_networks.clear();
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        (self.configuration_id, self.previous_secret, self.disabled_at) = (None, None, None);
        self.tags = vec!["staging".to_owned()];
        self.allowed_networks = vec!["192.0.2.1/32".parse().unwrap()];
        self.secret_hash.push('2');
        self.redacted.push('2');
        self.expires_at = Some(next_instant());
    }

    fn facts(&self) -> String {
        let ids = (self.id, self.account_id, self.team_id, self.configuration_id);
        let times = (self.expires_at, self.disabled_at, self.last_used_at, self.revoked_at);
        let secrets = (&self.secret_hash, &self.previous_secret, &self.redacted);
        format!("{:?}", (ids, &self.label, &self.tags, secrets, times, &self.allowed_networks, &self.stamp))
    }

    fn told(&self) -> Option<Change> {
        Some(Change::AccessKey(self.id))
    }
}

#[async_trait]
impl Subject for Account {
    subject!(store);

    async fn full(_: &dyn Store, _: &Account) -> Self {
        sample::account(&unique("account"))
    }

    fn strip(&mut self) {
        (self.metadata, self.tier, self.suspended_at, self.prepaid) = (None, None, None, None);
    }

    fn edit(&mut self) {
        (self.name, self.metadata) = (unique("edited"), Some(String::new()));
        (self.tier, self.suspended_at, self.prepaid) = (None, None, Some(PrepaidScope::Everything));
    }

    fn facts(&self) -> String {
        let texts = (&self.name, &self.metadata, &self.tier);
        format!(
            "{:?}",
            (self.id, texts, self.suspended_at, self.prepaid, self.default_team_id, &self.sealed_data_key, &self.stamp)
        )
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.id))
    }
}

#[async_trait]
impl Subject for ApiKey {
    subject!(tenant);

    async fn full(_: &dyn Store, owner: &Account) -> Self {
        sample::api_key(owner)
    }

    fn strip(&mut self) {
        (self.label, self.expires_at, self.last_used_at) = (Label::default(), None, None);
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        (self.role, self.expires_at) = (Role::Viewer, None);
        self.secret_hash.push('2');
        self.redacted.push('2');
    }

    fn facts(&self) -> String {
        let times = (self.expires_at, self.last_used_at, self.deleted_at);
        let secrets = (&self.secret_hash, &self.redacted);
        format!("{:?}", (self.id, self.account_id, self.role, &self.label, secrets, times, &self.stamp))
    }

    fn told(&self) -> Option<Change> {
        None
    }
}

#[async_trait]
impl Subject for Configuration {
    subject!(tenant);

    async fn full(store: &dyn Store, owner: &Account) -> Self {
        let older = sample::stored(store, owner, sample::provider_key(owner, "openai")).await;
        let newer = sample::stored(store, owner, sample::provider_key(owner, "anthropic")).await;
        sample::configuration(owner, &[&older, &newer])
    }

    fn strip(&mut self) {
        strip(&mut self.label);
        self.references = References::default();
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        self.document = "{}".to_owned();
        self.references.provider_keys.truncate(1);
        self.references.providers = vec![sample::provider_name("mistral")];
    }

    fn facts(&self) -> String {
        // What a document names has no order.
        let mut sorted = self.clone();
        sorted.references.provider_keys.sort();
        sorted.references.providers.sort();
        format!("{sorted:?}")
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

#[async_trait]
impl Subject for CustomProvider {
    subject!(tenant);

    async fn full(_: &dyn Store, owner: &Account) -> Self {
        sample::provider(owner, &unique("ollama"))
    }

    fn strip(&mut self) {
        self.metadata = None;
        self.auth_scheme = None;
        self.headers.clear();
        self.surfaces.clear();
        self.models.clear();
    }

    fn edit(&mut self) {
        self.display_name = unique("edited");
        self.base_url.push_str("/2");
        self.auth_scheme = Some(wardgate_core::provider::AuthScheme::ApiKey);
        self.headers.truncate(1);
        self.metadata = None;
        self.surfaces.truncate(1);
        self.surfaces[0].base_url = None;
        self.models.insert(0, sample::model("first", None, &["top_k"]));
    }

    fn facts(&self) -> String {
        format!("{self:?}")
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

#[async_trait]
impl Subject for ManagedKey {
    subject!(store);

    async fn full(_: &dyn Store, _: &Account) -> Self {
        sample::managed_key("openai")
    }

    fn strip(&mut self) {
        strip(&mut self.label);
        self.last_used_at = None;
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        self.sealed_value.push(2);
        self.redacted.push('2');
    }

    fn facts(&self) -> String {
        let secrets = (&self.sealed_value, &self.redacted);
        format!("{:?}", (self.id, &self.provider_name, &self.label, secrets, self.last_used_at, &self.stamp))
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

#[async_trait]
impl Subject for OperatorKey {
    subject!(store);

    async fn full(_: &dyn Store, _: &Account) -> Self {
        sample::operator_key()
    }

    fn strip(&mut self) {
        (self.label, self.expires_at, self.last_used_at) = (Label::default(), None, None);
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        self.expires_at = None;
        self.secret_hash.push('2');
        self.redacted.push('2');
    }

    fn facts(&self) -> String {
        let times = (self.expires_at, self.last_used_at, self.deleted_at);
        format!("{:?}", (self.id, &self.label, &self.secret_hash, &self.redacted, times, &self.stamp))
    }

    fn told(&self) -> Option<Change> {
        None
    }
}

#[async_trait]
impl Subject for ProviderKey {
    subject!(tenant);

    async fn full(_: &dyn Store, owner: &Account) -> Self {
        sample::provider_key(owner, "openai")
    }

    fn strip(&mut self) {
        strip(&mut self.label);
        self.last_used_at = None;
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        self.sealed_value.push(2);
        self.redacted.push('2');
    }

    fn facts(&self) -> String {
        let ids = (self.id, self.account_id, &self.provider_name);
        format!("{:?}", (ids, &self.label, &self.sealed_value, &self.redacted, self.last_used_at, &self.stamp))
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

#[async_trait]
impl Subject for Purchase {
    subject!(tenant);

    async fn full(_: &dyn Store, owner: &Account) -> Self {
        sample::purchase(owner)
    }

    fn strip(&mut self) {
        (self.failure_message, self.idempotency_key) = (None, None);
    }

    fn edit(&mut self) {
        (self.amount_cents, self.status) = (1, PurchaseStatus::Failed);
        self.failure_message = Some("declined".to_owned());
        self.expires_at = next_instant();
    }

    fn facts(&self) -> String {
        format!("{self:?}")
    }

    fn told(&self) -> Option<Change> {
        None
    }
}

#[async_trait]
impl Subject for Budget {
    subject!(tenant);

    async fn full(store: &dyn Store, owner: &Account) -> Self {
        let team = sample::stored(store, owner, sample::team(owner)).await;
        Self { owner: BudgetOwner::Team(team.id), ..sample::budget(owner) }
    }

    fn strip(&mut self) {
        strip(&mut self.label);
        (self.owner, self.soft) = (BudgetOwner::Account, None);
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        (self.hard, self.soft) = (None, Some(NanoUsd::new(1)));
    }

    fn facts(&self) -> String {
        format!("{self:?}")
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

#[async_trait]
impl Subject for Team {
    subject!(tenant);

    async fn full(_: &dyn Store, owner: &Account) -> Self {
        sample::team(owner)
    }

    fn strip(&mut self) {
        strip(&mut self.label);
        self.tier = None;
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        self.tier = Some(sample::tier_name("pro"));
    }

    fn facts(&self) -> String {
        format!("{self:?}")
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

#[async_trait]
impl Subject for Tier {
    subject!(store);

    async fn full(_: &dyn Store, _: &Account) -> Self {
        sample::tier()
    }

    fn strip(&mut self) {}

    fn edit(&mut self) {
        self.name = sample::tier_name(&unique("edited"));
        self.document = "{}".to_owned();
    }

    fn facts(&self) -> String {
        format!("{self:?}")
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

#[async_trait]
impl Subject for VirtualModel {
    subject!(tenant);

    async fn full(_: &dyn Store, owner: &Account) -> Self {
        sample::virtual_model(owner)
    }

    fn strip(&mut self) {
        strip(&mut self.label);
        self.models.truncate(1);
    }

    fn edit(&mut self) {
        edit(&mut self.label);
        self.models.reverse();
    }

    fn facts(&self) -> String {
        format!("{self:?}")
    }

    fn told(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}
