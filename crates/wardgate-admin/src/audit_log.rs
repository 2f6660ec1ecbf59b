//! `GET /audit-log`: who changed what, when and from where.

use crate::actor::ActorBody;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{LIMIT, Param, Parameters, before_id, text_schema, time_schema};
use crate::resource::list::envelope;
use crate::route::{Access, Route};
use crate::schema;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, ApiKeyId, AuditEventId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_store::{AuditQuery, Collection};

const PATH: &str = "/audit-log";
const ENVELOPE: &str = "auditEvents";

static START_TIME: Param = Param::optional("startTime", "From here, inclusive.", time_schema);
static END_TIME: Param = Param::optional("endTime", "To here, inclusive.", time_schema);
static ACTOR: Param = Param::optional("actor", "Only what this one did: the id of a key.", text_schema);
static ACTION: Param = Param::optional(
    "action",
    "Only this action, such as access_key.create; with a point at its end, all that begin so.",
    text_schema,
);
static OBJECT_ID: Param = Param::optional("objectId", "Only what was done to this object.", text_schema);
static SCOPE: Param = Param::optional(
    "scope",
    "For operator keys: gateway, for the log of all accounts and of the gateway itself.",
    || json!({"type": "string", "enum": ["account", "gateway"], "default": "account"}),
);

pub(crate) fn routes() -> Vec<Route> {
    let summary = "Lists who changed what, newest first.";
    let route = Route::get(PATH, Access::Anywhere(Role::Admin), handle)
        .named("listAuditEvents", "Audit log", summary)
        .parameters([&START_TIME, &END_TIME, &ACTOR, &ACTION, &OBJECT_ID, &SCOPE, &before_id::<AuditEventId>(), &LIMIT])
        .answers_page::<AuditEventBody>(ENVELOPE);
    vec![route]
}

/// One change that someone made.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEvent")]
struct AuditEventBody {
    #[schemars(with = "schema::Id<AuditEventId>")]
    id: AuditEventId,
    /// The account that the changed object belongs to. Null: the whole gateway.
    #[schemars(with = "Option<schema::Id<AccountId>>")]
    account_id: Option<AccountId>,
    #[schemars(with = "schema::Time")]
    at: Timestamp,
    actor: ActorBody,
    /// From where, if over the network.
    #[schemars(with = "Option<String>")]
    address: Option<IpAddr>,
    /// What was done, such as `access_key.create`.
    action: String,
    object_id: String,
    /// What the object was called. Null: it has no name.
    object_name: Option<String>,
    /// The object before, as this API showed it. Null: there was none.
    #[schemars(with = "Option<schema::AnyObject>")]
    before: Value,
    /// The object after. Null: it was deleted.
    #[schemars(with = "Option<schema::AnyObject>")]
    after: Value,
}

async fn handle(context: Context, mut parameters: Parameters) -> Result<impl IntoResponse, ApiError> {
    let is_gateway = parameters.word(&SCOPE, &[("account", false), ("gateway", true)])?.unwrap_or(false);
    let query = AuditQuery {
        start: parameters.time(&START_TIME)?,
        end: parameters.time(&END_TIME)?,
        actor: parameters.text(&ACTOR)?,
        action: parameters.text(&ACTION)?,
        object_id: parameters.text(&OBJECT_ID)?,
        before: parameters.parse(&before_id::<AuditEventId>())?,
        limit: parameters.limit()?,
    };
    let filters = parameters.finish()?;
    let listed = if !is_gateway {
        context.tenant()?.list_audit(&query).await?
    } else if context.caller.is_operator {
        context.store().audit_log(&query).await?
    } else {
        let msg = "Only operator keys (ngo-…) may read the log of the whole gateway.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "operator_only", msg));
    };
    let uri = context.app.uri(PATH);
    let last = listed.items.last().filter(|_| listed.has_more).map(|event| event.id);
    let next = last.map(|last| format!("{uri}?{filters}beforeId={last}&limit={}", query.limit));
    let names = actor_names(&context, &listed.items).await?;
    let shown: Vec<_> = listed.items.into_iter().map(|event| show(&context, event, &names)).collect();
    envelope(ENVELOPE, &shown, uri, next)
}

/// The names of the keys that acted, as far as whoever asks may see them.
async fn actor_names(context: &Context, events: &[AuditEvent]) -> Result<HashMap<String, String>, ApiError> {
    let mut names = HashMap::new();
    let actors: BTreeSet<&str> = events.iter().map(|event| event.actor.as_str()).collect();
    for actor in actors {
        let label = if let Ok(id) = actor.parse::<ApiKeyId>() {
            // In the log of the whole gateway there is no account to look into.
            match context.tenant() {
                Ok(tenant) => Collection::<ApiKey>::get(&*tenant, id).await?.map(|key| key.label),
                Err(_) => None,
            }
        } else if let (Ok(id), true) = (actor.parse::<OperatorKeyId>(), context.caller.is_operator) {
            Collection::<OperatorKey>::get(context.store(), id).await?.map(|key| key.label)
        } else {
            None
        };
        names.extend(label.and_then(|label| label.name).map(|name| (actor.to_owned(), name)));
    }
    Ok(names)
}

fn show(context: &Context, event: AuditEvent, names: &HashMap<String, String>) -> AuditEventBody {
    let object = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    let (before, after) = (object(event.before), object(event.after));
    let name = names.get(&event.actor).cloned();
    AuditEventBody {
        id: event.id,
        account_id: event.account_id,
        at: event.at,
        actor: ActorBody::new(&context.app, event.actor).named(name),
        address: event.address,
        action: event.action,
        object_id: event.object_id,
        object_name: after.get("name").or_else(|| before.get("name")).and_then(Value::as_str).map(str::to_owned),
        before,
        after,
    }
}
