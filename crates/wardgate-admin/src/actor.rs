//! Who did something, as `createdBy` and `lastUpdatedBy` say it.

use crate::app::AppState;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::id::OperatorKeyId;

/// A reference to the key that acted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Actor")]
pub(crate) struct ActorBody {
    /// The key's id, or `wardgate` for the gateway itself.
    id: String,
    /// Where the key is.
    uri: String,
    /// The key's name, in the audit log, as far as whoever asks may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl ActorBody {
    /// The actor with this id, as it is stored.
    pub(crate) fn new(app: &AppState, id: String) -> Self {
        let path = if id.parse::<OperatorKeyId>().is_ok() { "/operator-keys" } else { "/api-keys" };
        Self { uri: app.item_uri(path, &id), id, name: None }
    }

    /// The same actor with its name.
    pub(crate) fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }
}
