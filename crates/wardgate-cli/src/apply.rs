//! Doing what a plan says, one call after another, each on the version that the plan was made from.

use crate::client::{Client, Encoded};
use crate::document::{Kind, shortest_field, without_defaults};
use crate::failure::{Exit, Failure};
use crate::plan::{self, Action, Names, Operation, Plan, Present, Subject, to_api};
use crate::resource;
use crate::secret_input;
use crate::surroundings::Surroundings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use wardgate_core::secret::Secret;

/// A key that was made.
pub(crate) struct Minted {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) token: Secret,
}

/// What an operation brought.
pub(crate) enum Done {
    Nothing,
    /// A new access key.
    Key(Minted),
    /// A new account, by its id.
    Account(String),
}

/// Every credential that a plan sends, by the number of its operation. Read before anything is done, so that one that is
/// missing leaves nothing half done.
pub(crate) fn secrets(plan: &Plan, surroundings: &mut Surroundings) -> Result<BTreeMap<usize, Secret>, Failure> {
    let mut secrets = BTreeMap::new();
    for (number, operation) in plan.operations.iter().enumerate() {
        let Some(source) = &operation.secret else { continue };
        let secret = secret_input::read(source, surroundings).map_err(|failure| Failure {
            text: format!("the value of {} {}: {}", operation.subject.noun(), operation.identity, failure.text),
            ..failure
        })?;
        secrets.insert(number, secret);
    }
    Ok(secrets)
}

/// Does one operation.
pub(crate) async fn perform(
    operation: &Operation,
    secret: Option<&Secret>,
    names: &mut Names,
    client: &Client,
) -> Result<Done, Failure> {
    match (operation.subject, operation.action) {
        (Subject::Account, Action::Create) => {
            let made = client.post(resource::ACCOUNT.path, &operation.fields.clone().into()).await?.body;
            return Ok(Done::Account(made.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()));
        }
        (Subject::Account, _) => {
            let id = operation.id.as_deref().unwrap_or_default();
            singleton(&format!("{}/{}", resource::ACCOUNT.path, Encoded(id)), operation, client).await?;
        }
        (Subject::GatewayConfig, _) => singleton(resource::GATEWAY_CONFIG.path, operation, client).await?,
        (Subject::Object(Kind::Grant), action) => grant(operation, action, names, client).await?,
        (Subject::Object(kind), Action::Create) => return create(kind, operation, secret, names, client).await,
        (Subject::Object(kind), action) => existing(kind, action, operation, secret, names, client).await?,
    }
    Ok(Done::Nothing)
}

/// Lets the account that the client acts in use a managed key, or ends that.
async fn grant(operation: &Operation, action: Action, names: &Names, client: &Client) -> Result<(), Failure> {
    let key = names.id(Kind::ManagedKey, &operation.identity).or_else(|| operation.id.clone());
    let key = key.ok_or_else(|| Failure::error(format!("there is no managed key {}", operation.identity)))?;
    let account = client.account().unwrap_or_default();
    let path = format!("{}/{}/grants/{}", resource::MANAGED_KEY.path, Encoded(&key), Encoded(account));
    match action {
        Action::Delete => client.delete(&path, None).await?,
        Action::Create | Action::Update | Action::Rotate => client.put(&path, None).await?,
    };
    Ok(())
}

async fn create(
    kind: Kind,
    operation: &Operation,
    secret: Option<&Secret>,
    names: &mut Names,
    client: &Client,
) -> Result<Done, Failure> {
    let mut body = to_api(kind, without_defaults(kind.fields(), &operation.fields), names).map_err(Failure::error)?;
    if let Some(secret) = secret {
        body.insert("value".to_owned(), secret.expose().into());
    }
    let mut made = client.post(kind.resource().path, &body.into()).await?.body;
    let id = made.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    names.learn(kind, &operation.identity, &id);
    let token = match made.get_mut("token").map(Value::take) {
        Some(Value::String(token)) => Secret::new(token),
        _ => return Ok(Done::Nothing),
    };
    Ok(Done::Key(Minted { name: operation.identity.clone(), id, token }))
}

/// Changes, rotates or deletes what was there when the plan was made, if it still is what it was then.
async fn existing(
    kind: Kind,
    action: Action,
    operation: &Operation,
    secret: Option<&Secret>,
    names: &Names,
    client: &Client,
) -> Result<(), Failure> {
    let id = operation.id.as_deref().unwrap_or_default();
    let path = format!("{}/{}", kind.resource().path, Encoded(id));
    if action == Action::Rotate {
        let secret = secret.map(Secret::expose).unwrap_or_default();
        let name = operation.before.get("name").cloned().unwrap_or_default();
        client.post(&format!("{path}/rotate"), &json!({"name": name, "value": secret})).await?;
        return Ok(());
    }
    let read = client.get(&path).await?;
    let present = match read.body {
        Value::Object(object) => Present::of(kind, object, names),
        _ => None,
    };
    if present.is_none_or(|present| present.fields != operation.before) {
        return Err(changed());
    }
    let etag = read.etag.as_deref();
    if action == Action::Delete {
        client.delete(&path, etag).await?;
        return Ok(());
    }
    let fields: Map<String, Value> = operation
        .fields
        .iter()
        .filter(|(name, value)| operation.before.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), shortest_field(kind.fields(), name, value)))
        .collect();
    let body = to_api(kind, fields, names).map_err(Failure::error)?;
    client.patch(&path, &body.into(), etag).await?;
    Ok(())
}

async fn singleton(path: &str, operation: &Operation, client: &Client) -> Result<(), Failure> {
    let etag = client.get(path).await?.etag;
    client.patch(path, &operation.fields.clone().into(), etag.as_deref()).await?;
    Ok(())
}

fn changed() -> Failure {
    Failure::new(Exit::Conflict, "someone changed it since the plan was made").hint("run the command again for a new plan")
}

/// A failure that says what was done and what was not.
pub(crate) fn stopped(failure: &Failure, plan: &Plan, done: usize) -> Failure {
    let mut text = String::new();
    if let Some(operation) = plan.operations.get(done) {
        let verb = match operation.action {
            Action::Create => "making",
            Action::Update => "changing",
            Action::Rotate => "rotating",
            Action::Delete => "deleting",
        };
        let of = plan.account.as_ref().map(|account| format!(" of account {account}")).unwrap_or_default();
        let noun = operation.subject.noun();
        text.push_str(&format!("{verb} {noun} {}{of}: ", operation.identity).replace(" :", ":"));
    }
    text.push_str(&failure.text);
    text.push_str(&format!("\n{done} of {} operations were done; not done:", plan.operations.len()));
    for operation in plan.operations.iter().skip(done) {
        text.push_str(&format!("\n  {}", plan::line(operation)));
    }
    Failure { exit: failure.exit, text, hint: failure.hint.clone() }
}
