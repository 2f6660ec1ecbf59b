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
}

impl ActorBody {
    /// The actor with this id, as it is stored.
    pub(crate) fn new(app: &AppState, id: String) -> Self {
        let path = if id.parse::<OperatorKeyId>().is_ok() { "/operator-keys" } else { "/api-keys" };
        Self { uri: app.item_uri(path, &id), id }
    }
}
