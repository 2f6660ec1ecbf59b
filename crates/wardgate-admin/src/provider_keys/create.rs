//! `POST /provider-keys`: takes a credential and seals it.

use super::ProviderKeys;
use super::value::Credential;
use crate::body::{Optional, Problems, Required, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use wardgate_core::id::ProviderKeyId;
use wardgate_core::label::Label;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::secret::{Secret, redact};
use wardgate_store::Collection;
use wardgate_store::kinds::CustomProviderFilter;

const MISSING: Option<&str> = Some("ERR_NGROK_27510");
const PROVIDER_ID: Text = Text::max(255).too_long("ERR_NGROK_27508").filled(MISSING).described("^[a-z0-9][a-z0-9._-]*$");
pub(crate) const NAME: Text = Text::max(255).too_long("ERR_NGROK_27501").filled(MISSING);
pub(crate) const DESCRIPTION: Text = Text::max(255).too_long("ERR_NGROK_27502");
pub(crate) const METADATA: Text = Text::max(4_096).too_long("ERR_NGROK_27503");

body! {
    /// What makes a provider key.
    ProviderKeyCreate {
        /// The provider that it opens: a built-in one, or a custom provider of this account.
        provider_id: String = Required(PROVIDER_ID),
        /// A name for people.
        name: String = Required(NAME),
        /// The credential.
        value: Secret = Required(Credential),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
    }
    example {"providerId": "openai", "name": "production", "value": "sk-your-key"}
}

impl Create for ProviderKeys {
    type Body = ProviderKeyCreate;

    async fn make(context: &Context, wanted: ProviderKeyCreate) -> Result<Made<ProviderKey>, ApiError> {
        let provider_name = known_provider(context, &wanted.provider_id).await?;
        let account_id = context.account_id()?;
        let id = ProviderKeyId::new(context.now(), context.random());
        let data_key = context.app.data_key(account_id).await?;
        Ok(Made::from(ProviderKey {
            id,
            account_id,
            provider_name,
            label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
            sealed_value: data_key.seal(id, &wanted.value, context.random()),
            redacted: redact(wanted.value.expose()),
            last_used_at: None,
            stamp: context.first_stamp(),
        }))
    }
}

/// The provider of this name, built-in or the account's own.
async fn known_provider(context: &Context, text: &str) -> Result<ProviderName, ApiError> {
    if let Ok(name) = ProviderName::new(text) {
        let filter = CustomProviderFilter { provider: Some(name.clone()), ..CustomProviderFilter::default() };
        let is_known =
            context.app.is_builtin(text) || Collection::<CustomProvider>::count(&*context.tenant()?, &filter).await? > 0;
        if is_known {
            return Ok(name);
        }
    }
    let mut problems = Problems::default();
    let why = "is neither a built-in provider nor a custom provider of this account";
    problems.add("providerId", "unknown_provider", Some("ERR_NGROK_27508"), why);
    problems.settle(None)
}
