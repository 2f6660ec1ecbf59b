//! Reading what an account or the gateway has.

use crate::client::{Client, Encoded, Query};
use crate::document::Kind;
use crate::failure::{Exit, Failure};
use crate::plan::Actual;
use crate::resource::{ACCOUNT, GATEWAY_CONFIG};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Reads these kinds, and those that they name; with the settings if they are wanted.
pub(crate) async fn read(client: &Client, kinds: &BTreeSet<Kind>, with_config: bool) -> Result<Actual, Failure> {
    let mut wanted = kinds.clone();
    if kinds.contains(&Kind::Budget) {
        wanted.extend([Kind::Team, Kind::AccessKey]);
    }
    if wanted.contains(&Kind::AccessKey) {
        wanted.extend([Kind::Team, Kind::Configuration]);
    }
    if wanted.contains(&Kind::Configuration) {
        wanted.insert(Kind::ProviderKey);
    }
    let mut lists: BTreeMap<Kind, Vec<Value>> = BTreeMap::new();
    for kind in wanted {
        lists.insert(kind, list(client, kind).await?);
    }
    let mut actual = Actual::new(lists);
    if with_config {
        actual.gateway_config = object(client.get(GATEWAY_CONFIG.path).await?.body);
    }
    Ok(actual)
}

/// Everything of a kind, what was made first standing first, as in a document. The API shows the newest first.
async fn list(client: &Client, kind: Kind) -> Result<Vec<Value>, Failure> {
    let resource = kind.resource();
    let mut items = match (kind, client.account()) {
        // The API has grants in the order in which the keys were made.
        (Kind::Grant, Some(account)) => {
            let path = format!("{}/{}/managed-keys", ACCOUNT.path, Encoded(account));
            return client.whole(&path, resource.envelope).await;
        }
        (Kind::Grant, None) => return Ok(Vec::new()),
        _ if !resource.is_paged => client.whole(resource.path, resource.envelope).await?,
        _ => client.list(resource.path, resource.envelope, &Query::default(), None).await?.items,
    };
    items.reverse();
    Ok(items)
}

/// Reads these kinds of the gateway's.
pub(crate) async fn read_gateway(client: &Client, kinds: &BTreeSet<Kind>) -> Result<Actual, Failure> {
    let mut lists: BTreeMap<Kind, Vec<Value>> = BTreeMap::new();
    for kind in kinds {
        lists.insert(*kind, list(client, *kind).await?);
    }
    Ok(Actual::new(lists))
}

/// The account that an API key is of, as the API shows it.
pub(crate) async fn own_account(client: &Client) -> Result<Map<String, Value>, Failure> {
    Ok(object(client.get("/account").await?.body))
}

/// The account of this name, for an operator key. None if there is none.
pub(crate) async fn named_account(client: &Client, name: &str) -> Result<Option<Map<String, Value>>, Failure> {
    let parameter = if ACCOUNT.is_id(name) { return by_id(client, name).await } else { ACCOUNT.naming.parameter };
    let query = Query::default().with(parameter, name);
    let listed = client.list(ACCOUNT.path, ACCOUNT.envelope, &query, Some(2)).await?;
    Ok(listed.items.into_iter().map(object).find(|account| account.get("name").and_then(Value::as_str) == Some(name)))
}

async fn by_id(client: &Client, id: &str) -> Result<Option<Map<String, Value>>, Failure> {
    match client.get(&format!("{}/{id}", ACCOUNT.path)).await {
        Ok(answer) => Ok(Some(object(answer.body))),
        Err(failure) if failure.exit == Exit::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
