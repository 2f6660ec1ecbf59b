//! Things that the tests of this crate need.

use crate::ask::Ask;
use crate::configuration::Document;
use crate::credential::{Credential, Credentials};
use crate::health::Health;
use crate::plan::{Facts, Plan, plan};
use crate::policy::Policy;
use crate::preferences::Wishes;
use crate::refusal::{Dropped, Filter};
use crate::virtual_model::VirtualModels;
use std::sync::Arc;
use wardgate_core::configuration::VirtualModel;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccountId, CustomModelId, CustomProviderId, ManagedKeyId, ProviderKeyId, VirtualModelId};
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
        auth_scheme: None,
        headers: Vec::new(),
        surfaces: Vec::new(),
        models: models
            .iter()
            .map(|(id, upstream)| CustomModel {
                id: CustomModelId::from_bytes([1; 16]),
                model_id: (*id).to_owned(),
                provider_model_id: upstream.map(str::to_owned),
                unsupported_params: Vec::new(),
                prices: None,
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

pub(crate) fn credentials(names: &[(&str, u8)]) -> Credentials {
    Credentials::new(names.iter().map(|(provider, key)| (provider_name(provider), ProviderKeyId::from_bytes([*key; 16]))))
}

/// What an account has, and what its access key may do.
pub(crate) struct Setting {
    pub(crate) overlay: Overlay,
    pub(crate) virtual_models: VirtualModels,
    pub(crate) credentials: Credentials,
    pub(crate) policy: Policy,
}

impl Setting {
    /// With these keys, and with these custom providers besides the catalog: ollama (`llama3.2`, `llama3.2:1b`, and `big`, which is
    /// `llama3.2:70b` upstream), vllm and azure-eastus.
    pub(crate) fn new(keys: &[(&str, u8)]) -> Self {
        let ollama = [("llama3.2", None), ("llama3.2:1b", None), ("big", Some("llama3.2:70b"))];
        let custom =
            [custom_provider("ollama", 1, &ollama), custom_provider("vllm", 2, &[]), custom_provider("azure-eastus", 3, &[])];
        Self {
            overlay: overlay(&custom),
            virtual_models: VirtualModels::default(),
            credentials: credentials(keys),
            policy: Policy::default(),
        }
    }

    pub(crate) fn managed(mut self, keys: &[(&str, u8)]) -> Self {
        let managed = keys.iter().map(|(provider, key)| (provider_name(provider), ManagedKeyId::from_bytes([*key; 16])));
        self.credentials = self.credentials.with_managed(managed);
        self
    }

    pub(crate) fn virtual_models(mut self, models: &[VirtualModel]) -> Self {
        self.virtual_models = VirtualModels::new(models);
        self
    }

    pub(crate) fn configuration(mut self, document: &serde_json::Value) -> Self {
        let document = Document::from_text(&document.to_string()).unwrap_or_else(|error| panic!("{error}"));
        self.policy = Policy::compile(&document, &self.overlay);
        self
    }

    /// With an operator's additions to the catalog, and no custom providers.
    pub(crate) fn additions(mut self, additions: &serde_json::Value) -> Self {
        let mut catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        catalog.add(additions).unwrap_or_else(|problems| panic!("{problems:?}"));
        self.overlay = Overlay::new(Arc::new(catalog), &[]);
        self
    }

    pub(crate) fn plan(&self, models: &[&str], surface: Surface) -> Result<Plan, Vec<Dropped>> {
        self.made(models, surface, None, None, false)
    }

    pub(crate) fn traced(&self, models: &[&str], surface: Surface) -> Result<Plan, Vec<Dropped>> {
        self.made(models, surface, None, None, true)
    }

    /// With wishes, on chat completions.
    pub(crate) fn wishing(&self, models: &[&str], wishes: &Wishes) -> Result<Plan, Vec<Dropped>> {
        self.made(models, Surface::ChatCompletions, Some(wishes), None, false)
    }

    pub(crate) fn planned_with(&self, models: &[&str], wishes: Option<&Wishes>, health: Option<&dyn Health>) -> Plan {
        let planned = self.made(models, Surface::ChatCompletions, wishes, health, false);
        planned.unwrap_or_else(|dropped| panic!("{dropped:?}"))
    }

    /// Who is tried, in few words, or which filters leave nobody. The catalog grows, so who else is left out is not told.
    pub(crate) fn told_wishing(&self, models: &[&str], wishes: &Wishes) -> String {
        match self.wishing(models, wishes) {
            Ok(plan) => {
                let tried = plan.candidates.iter().map(|of| format!("{}:{}", of.target.provider.name, of.target.model));
                tried.collect::<Vec<_>>().join(" ")
            }
            Err(dropped) => {
                let has = |filter: &Filter| dropped.iter().any(|dropped| dropped.why.filter() == *filter);
                let names: Vec<_> = Filter::ALL.into_iter().filter(has).map(Filter::name).collect();
                format!("refused ({})", names.join(", "))
            }
        }
    }

    fn made(
        &self,
        models: &[&str],
        surface: Surface,
        wishes: Option<&Wishes>,
        health: Option<&dyn Health>,
        is_traced: bool,
    ) -> Result<Plan, Vec<Dropped>> {
        let models: Vec<String> = models.iter().map(|model| (*model).to_owned()).collect();
        let Self { overlay, virtual_models, credentials, policy } = self;
        plan(
            Ask { surface, models: &models, wishes, is_traced },
            Facts { overlay, virtual_models, credentials, policy, health },
        )
    }

    /// The plan as text, a line for each candidate and each thing dropped.
    pub(crate) fn told(&self, models: &[&str], surface: Surface) -> String {
        told(self.plan(models, surface))
    }
}

fn told(planned: Result<Plan, Vec<Dropped>>) -> String {
    let told_dropped = |dropped: &[Dropped]| {
        let lines = dropped.iter().map(|Dropped { model, virtual_model, why, is_whole, .. }| {
            let of = virtual_model.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
            let what = if *is_whole { "not" } else { "not every way of" };
            format!("  {what} {model}{of} ({}): {why}\n", why.filter().name())
        });
        lines.collect::<String>()
    };
    match planned {
        Ok(plan) => {
            let lines = plan.candidates.iter().map(|candidate| {
                let with = match candidate.credential {
                    Credential::None => "no key".to_owned(),
                    Credential::User(key) => format!("key {}", key.as_bytes()[0]),
                    Credential::Managed(key) => format!("managed key {}", key.as_bytes()[0]),
                };
                let of = candidate.virtual_model.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
                format!("{}:{} with {with}{of}\n", candidate.target.provider.name, candidate.target.model)
            });
            lines.collect::<String>() + &told_dropped(&plan.dropped)
        }
        Err(dropped) => format!("refused\n{}", told_dropped(&dropped)),
    }
}
