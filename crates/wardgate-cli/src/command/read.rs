//! `list` and `get`.

use super::{arguments, find};
use crate::client::Query;
use crate::expiry;
use crate::failure::Failure;
use crate::resource::{Filter, Resource, Takes};
use crate::session::Session;
use clap::ArgMatches;
use serde_json::Value;

pub(super) async fn list(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    if !resource.is_paged {
        let items = session.client.whole(resource.path, resource.envelope).await?;
        session.show_all(items, resource.columns);
        return Ok(());
    }
    let query = query(resource.filters, matches, session).await?;
    let listed = session.client.list(resource.path, resource.envelope, &query, arguments::items_max(matches)).await?;
    let count = listed.items.len();
    session.show_all(listed.items, resource.columns);
    if listed.has_more {
        session.surroundings.note(&format!("the newest {count} are shown; --all shows all"));
    }
    Ok(())
}

pub(super) async fn get(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let path = match named(matches) {
        Some(text) => find::path(resource, text, &session.client).await?,
        None => resource.path.to_owned(),
    };
    let item = session.client.get(&path).await?.body;
    session.show(&item, resource.columns);
    Ok(())
}

/// The object that the command is about.
pub(super) fn named(matches: &ArgMatches) -> Option<&String> {
    matches.try_get_one::<String>("object").ok().flatten()
}

/// The parameters of a list.
pub(super) async fn query(filters: &[Filter], matches: &ArgMatches, session: &Session) -> Result<Query, Failure> {
    let mut query = Query::default();
    for filter in filters {
        let Some(text) = matches.get_one::<String>(filter.flag) else { continue };
        let value = match filter.takes {
            Takes::Ref(resource) => find::id(resource, text, &session.client).await?,
            Takes::Past => expiry::past(text, session.surroundings.now())?.to_string(),
            Takes::Expiry => expiry::future(text, session.surroundings.now())?.to_string(),
            Takes::Text | Takes::Number | Takes::OneOf(_) | Takes::List | Takes::Secret => text.clone(),
        };
        query = query.with(filter.parameter, &value);
    }
    Ok(query)
}

/// A field of an answer as text.
pub(super) fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item.get(field).and_then(Value::as_str).unwrap_or_default()
}
