//! Provider keys: an account's own credentials at providers. Their values go in and never come out.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;

use crate::actor::ActorBody;
use crate::app::AppState;
use serde::Serialize;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::time::Timestamp;

pub(crate) const PATH: &str = "/provider-keys";

/// A provider key as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderKeyBody {
    id: ProviderKeyId,
    uri: String,
    provider_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    key_redacted: String,
    last_used: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by: ActorBody,
    last_updated_by: ActorBody,
}

impl ProviderKeyBody {
    pub(crate) fn new(app: &AppState, key: ProviderKey) -> Self {
        Self {
            id: key.id,
            uri: app.item_uri(PATH, key.id),
            provider_id: key.provider_name.to_string(),
            name: key.label.name.unwrap_or_default(),
            description: key.label.description,
            metadata: key.label.metadata,
            key_redacted: key.redacted,
            last_used: key.last_used_at,
            created_at: key.stamp.created_at,
            updated_at: key.stamp.updated_at,
            created_by: ActorBody::new(app, key.stamp.created_by),
            last_updated_by: ActorBody::new(app, key.stamp.updated_by),
        }
    }
}
