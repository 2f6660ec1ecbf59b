//! `POST /managed-keys`: takes a credential of the operator and seals it.

use super::ManagedKeys;
use crate::body::{Optional, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::provider_keys::create::{DESCRIPTION, METADATA, NAME};
use crate::provider_keys::value::Credential;
use crate::resource::{Create, Made};
use crate::values;
use wardgate_core::id::ManagedKeyId;
use wardgate_core::label::Label;
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ManagedKey;
use wardgate_core::secret::{Secret, redact};

body! {
    /// What makes a managed key.
    ManagedKeyCreate {
        /// The built-in provider that it opens.
        provider_id: ProviderName = Required(values::provider_name("unknown_provider", Some("ERR_NGROK_27508"))),
        /// A name for people.
        name: String = Required(NAME),
        /// The credential.
        value: Secret = Required(Credential),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
    }
    example {"providerId": "openai", "name": "shared", "value": "sk-your-key"}
}

impl Create for ManagedKeys {
    type Body = ManagedKeyCreate;

    async fn make(context: &Context, wanted: ManagedKeyCreate) -> Result<Made<ManagedKey>, ApiError> {
        if !context.app.is_builtin(wanted.provider_id.as_str()) {
            let mut problems = Problems::default();
            problems.add("providerId", "unknown_provider", Some("ERR_NGROK_27508"), "is no built-in provider");
            problems.check()?;
        }
        let id = ManagedKeyId::new(context.now(), context.random());
        Ok(Made::from(ManagedKey {
            id,
            provider_name: wanted.provider_id,
            label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
            sealed_value: context.app.deps.master_key.seal_managed(id, &wanted.value, context.random()),
            redacted: redact(wanted.value.expose()),
            last_used_at: None,
            stamp: context.first_stamp(),
        }))
    }
}
