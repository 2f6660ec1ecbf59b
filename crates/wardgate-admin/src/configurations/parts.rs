//! The document inside a request, and the provider keys that it brings along.

use super::Configurations;
use super::strategies;
use crate::body::{Change, Problems, Rule, Text};
use crate::context::Context;
use crate::error::ApiError;
use crate::inventory::{Things, add_problems};
use crate::provider_keys::ProviderKeys;
use crate::provider_keys::value::Credential;
use crate::resource::{Codes, Resource as _, show_one};
use serde_json::{Map, Value, json};
use std::sync::{Mutex, PoisonError};
use wardgate_core::id::ProviderKeyId;
use wardgate_core::label::Label;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::secret::redact;
use wardgate_policy::configuration::{
    Document, Draft, ENTRY_BYTES_MAX, NewKey, ProblemKind, RULES_MAX, Ready, SCOPE_ENTRIES_MAX, STEP_KEYS_MAX, STEPS_MAX,
};
use wardgate_store::Collection;

pub(super) const NAME: Text = Text::max(255).too_long("ERR_NGROK_27603").filled(Some("ERR_NGROK_27602"));
pub(super) const METADATA: Text = Text::max(4_096).too_long("ERR_NGROK_27604");

/// A part of the document, which is read by `wardgate-policy`.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Access,
    Router,
    Admit,
    ModelSelection,
    KeySelection,
    Transform,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Router => "router",
            Self::Admit => "admit",
            Self::ModelSelection => "model_selection",
            Self::KeySelection => "key_selection",
            Self::Transform => "transform",
        }
    }
}

impl Rule for Part {
    type Value = Value;

    fn read(&self, _: &str, value: Value, _: &mut Problems) -> Option<Value> {
        Some(value)
    }

    fn schema(&self) -> Value {
        match self {
            Self::Access => access_schema(),
            Self::Router => router_schema(),
            Self::Admit => strategies::admit(),
            Self::ModelSelection => strategies::selection(true),
            Self::KeySelection => strategies::selection(false),
            Self::Transform => strategies::transform(),
        }
    }
}

/// The fields of a document, of which those that are kept are absent.
pub(super) fn fields(changes: [(Part, &Change<Value>); 6]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (part, change) in changes {
        match change {
            Change::Keep => continue,
            Change::Clear => fields.insert(part.name().to_owned(), Value::Null),
            Change::Set(value) => fields.insert(part.name().to_owned(), value.clone()),
        };
    }
    fields
}

/// The ids of the keys that a request brings along: the same ones, however often its document is read.
#[derive(Default)]
pub(super) struct NewIds(Mutex<Vec<ProviderKeyId>>);

impl NewIds {
    /// Reads a change of a document.
    pub(super) fn read(
        &self,
        context: &Context,
        things: &Things,
        stored: &Document,
        fields: &Map<String, Value>,
        problems: &mut Problems,
    ) -> Option<Ready> {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        let next = || {
            if count == ids.len() {
                ids.push(ProviderKeyId::new(context.now(), context.random()));
            }
            count += 1;
            ids[count - 1]
        };
        let ready = Draft::edit(stored, fields.clone()).finish(things.inventory(), next);
        ready.map_err(|found| add_problems(found, error_code, problems)).ok()
    }
}

fn error_code(kind: ProblemKind) -> Option<&'static str> {
    Some(match kind {
        ProblemKind::NoListToEdit => "ERR_NGROK_AI_GATEWAY_ACCESS_CONFIG_ALLOWLIST_NOT_CONFIGURED",
        ProblemKind::EditConflict => "ERR_NGROK_AI_GATEWAY_ACCESS_CONFIG_ALLOWLIST_PATCH_CONFLICT",
        ProblemKind::VirtualModel => "ERR_NGROK_AI_GATEWAY_ACCESS_CONFIG_VIRTUAL_MODEL_NOT_ALLOWED",
        _ => "ERR_NGROK_27605",
    })
}

/// Makes the provider keys that a document brings along; all of them, or none.
pub(super) async fn make_keys(context: &Context, keys: &[NewKey]) -> Result<(), ApiError> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut problems = Problems::default();
    for key in keys {
        let value = Value::String(key.value.expose().to_owned());
        Credential.read(&format!("{}.value", key.path), value, &mut problems);
    }
    problems.check()?;
    let account_id = context.account_id()?;
    let data_key = context.app.data_key(account_id).await?;
    for (count, key) in keys.iter().enumerate() {
        let object = ProviderKey {
            id: key.id,
            account_id,
            provider_name: key.provider.clone(),
            label: Label::named(key.name.clone()),
            sealed_value: data_key.seal(key.id, &key.value, context.random()),
            redacted: redact(key.value.expose()),
            last_used_at: None,
            stamp: context.first_stamp(),
        };
        let shown = show_one::<ProviderKeys>(context, object.clone()).await?;
        let audit = context.audit(Some(account_id), "provider_key.create", key.id, None, Some(&shown));
        if let Err(error) = context.tenant()?.create(&object, &audit).await {
            unmake_keys(context, &keys[..count]).await;
            return Err(ProviderKeys::CODES.error(error));
        }
    }
    Ok(())
}

/// Deletes them again, because the configuration they came with was not stored.
pub(super) async fn unmake_keys(context: &Context, keys: &[NewKey]) {
    for key in keys {
        let audit = context.audit::<()>(context.caller.account_id, "provider_key.delete", key.id, None, None);
        let Ok(tenant) = context.tenant() else { return };
        if let Err(error) = Collection::<ProviderKey>::delete(&*tenant, key.id, None, &audit).await {
            let id = key.id.to_string();
            tracing::warn!(error = &error as &dyn std::error::Error, id, "a provider key stays that no configuration has");
        }
    }
}

/// The codes of a configuration, for what the store refuses.
pub(super) const CODES: Codes = Configurations::CODES;

fn entries(description: &str) -> Value {
    let entry = json!({"type": "string", "minLength": 1, "maxLength": ENTRY_BYTES_MAX, "pattern": "^[^\\s]+$"});
    json!({"type": ["array", "null"], "items": entry, "maxItems": SCOPE_ENTRIES_MAX, "description": description})
}

fn access_schema() -> Value {
    let scope = |what: &str| {
        json!({
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": {
                "allow": entries(&format!("The {what} that may be called; null or absent: all; empty: none.")),
                "deny": entries(&format!("The {what} that may not, whatever is allowed.")),
                "add": entries("In a change: entries to add to the stored allow list."),
                "remove": entries("In a change: entries to remove from the stored allow list."),
            },
        })
    };
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {"providers": scope("providers"), "models": scope("models")},
    })
}

fn router_schema() -> Value {
    let text = json!({"type": "string", "minLength": 1, "maxLength": ENTRY_BYTES_MAX});
    let key = json!({
        "type": "object",
        "additionalProperties": false,
        "description": "A provider key that is there, by its id; or a new one, by its name and value.",
        "properties": {
            "id": crate::page::id_schema::<ProviderKeyId>(),
            "name": {"type": "string", "minLength": 1, "maxLength": 255},
            "value": {"type": "string", "minLength": 1, "maxLength": 8_192, "writeOnly": true},
        },
    });
    let step = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["type"],
        "properties": {
            "type": {
                "type": "string",
                "enum": ["user", "managed", "ngrok"],
                "description": "The account's own keys, or the operator's; managed and ngrok are the same.",
            },
            "keys": {"type": "array", "items": key, "maxItems": STEP_KEYS_MAX},
            "keySelectionStrategy": {"type": "string", "enum": ["ordered"]},
        },
    });
    let rule = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["steps"],
        "properties": {
            "provider": text,
            "model": text,
            "steps": {"type": "array", "items": step, "minItems": 1, "maxItems": STEPS_MAX},
        },
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {"rules": {"type": "array", "items": rule, "maxItems": RULES_MAX}},
    })
}
