//! Access keys: what clients present on the data plane.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;

use crate::actor::ActorBody;
use crate::app::AppState;
use serde::Serialize;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_core::time::Timestamp;

pub(crate) const PATH: &str = "/access-keys";

/// An access key as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessKeyBody {
    id: AccessKeyId,
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    team_id: TeamId,
    /// Null: everything is allowed.
    access_key_configuration: Option<()>,
    /// Only where the key was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    key_redacted: String,
    last_used: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by: ActorBody,
    last_updated_by: ActorBody,
}

impl AccessKeyBody {
    pub(crate) fn new(app: &AppState, key: AccessKey, token: Option<String>) -> Self {
        Self {
            id: key.id,
            uri: app.item_uri(PATH, key.id),
            name: key.label.name,
            description: key.label.description,
            metadata: key.label.metadata,
            team_id: key.team_id,
            access_key_configuration: None,
            token,
            key_redacted: key.redacted,
            last_used: key.last_used_at,
            created_at: key.stamp.created_at,
            updated_at: key.stamp.updated_at,
            created_by: ActorBody::new(app, key.stamp.created_by),
            last_updated_by: ActorBody::new(app, key.stamp.updated_by),
        }
    }
}
