//! Objects by what people call them.

use crate::client::{Client, Encoded, Query};
use crate::failure::{Exit, Failure};
use crate::resource::Resource;
use serde_json::Value;

/// The most objects of one name that a message lists.
const SAME_NAME_MAX: usize = 10;

/// The id of the object with this id or name.
pub(crate) async fn id(resource: &Resource, text: &str, client: &Client) -> Result<String, Failure> {
    if resource.is_id(text) {
        return Ok(text.to_owned());
    }
    let (qualifier, name) = match (resource.naming.qualifier, text.split_once('/')) {
        (Some(naming), Some((before, after))) => (Some((naming, before)), after),
        _ => (None, text),
    };
    let found = if resource.is_paged {
        named(resource, name, qualifier, client).await?
    } else {
        client.whole(resource.path, resource.envelope).await?
    };
    // A list that comes at once holds others too.
    let is_meant = |item: &&Value| {
        let has = |field: &str, text: &str| item.get(field).and_then(Value::as_str) == Some(text);
        has(resource.naming.field, name) && qualifier.is_none_or(|((field, _), before)| has(field, before))
    };
    let ids: Vec<&str> = found.iter().filter(is_meant).filter_map(|item| item.get("id").and_then(Value::as_str)).collect();
    match ids.as_slice() {
        [id] => Ok((*id).to_owned()),
        [] => Err(Failure::new(Exit::NotFound, format!("there is no {} named {text:?}", resource.noun))
            .hint(format!("`wardgate {} list` shows which there are", resource.command))),
        several => Err(Failure::new(Exit::Conflict, format!("there is more than one {} named {text:?}", resource.noun))
            .hint(format!("use an id: {}", several.join(", ")))),
    }
}

/// The objects of this name.
async fn named(
    resource: &Resource,
    name: &str,
    qualifier: Option<((&str, &str), &str)>,
    client: &Client,
) -> Result<Vec<Value>, Failure> {
    let mut query = Query::default().with(resource.naming.parameter, name);
    if let Some(((_, parameter), before)) = qualifier {
        query = query.with(parameter, before);
    }
    Ok(client.list(resource.path, resource.envelope, &query, Some(SAME_NAME_MAX)).await?.items)
}

/// The path of the object with this id or name.
pub(crate) async fn path(resource: &Resource, text: &str, client: &Client) -> Result<String, Failure> {
    let id = id(resource, text, client).await?;
    Ok(format!("{}/{}", resource.path, Encoded(&id)))
}
