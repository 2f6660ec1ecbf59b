//! What an object says of another one that it names: enough for people to know it by.

use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Handle, Resource};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use wardgate_store::{Collection, Kind};

/// Another object.
#[derive(Serialize, JsonSchema, Clone)]
pub(crate) struct Reference {
    id: String,
    uri: String,
    /// Absent: it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// References to these objects, each of which is asked for once. What is gone meanwhile has no name.
pub(crate) async fn references<R: Resource>(
    context: &Context,
    ids: impl Iterator<Item = <R::Object as Kind>::Id>,
    name: fn(&R::Object) -> Option<&str>,
) -> Result<HashMap<<R::Object as Kind>::Id, Reference>, ApiError> {
    let mut known = HashMap::new();
    for id in ids {
        if known.contains_key(&id) {
            continue;
        }
        let collection: Handle<'_, R::Object> = R::collection(context)?;
        let found = Collection::get(&*collection, id).await?;
        let name = found.as_ref().and_then(name).map(str::to_owned);
        known.insert(id, Reference { id: id.to_string(), uri: context.app.item_uri(R::PATH, id), name });
    }
    Ok(known)
}
