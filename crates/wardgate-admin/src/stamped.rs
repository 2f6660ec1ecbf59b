//! When and by whom an object was made and changed, as the API shows it.

use crate::actor::ActorBody;
use crate::app::AppState;
use crate::schema;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::stamp::Stamp;
use wardgate_core::time::Timestamp;

/// The fields at the end of every object; flattened into it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stamped {
    #[schemars(with = "schema::Time")]
    created_at: Timestamp,
    #[schemars(with = "schema::Time")]
    updated_at: Timestamp,
    created_by: ActorBody,
    last_updated_by: ActorBody,
}

impl Stamped {
    pub(crate) fn new(app: &AppState, stamp: Stamp) -> Self {
        Self {
            created_at: stamp.created_at,
            updated_at: stamp.updated_at,
            created_by: ActorBody::new(app, stamp.created_by),
            last_updated_by: ActorBody::new(app, stamp.updated_by),
        }
    }
}
