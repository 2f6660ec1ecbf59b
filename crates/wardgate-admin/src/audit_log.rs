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
use std::net::IpAddr;
use wardgate_core::api_key::Role;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, AuditEventId};
use wardgate_core::time::Timestamp;
use wardgate_store::AuditQuery;

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
    let shown: Vec<_> = listed.items.into_iter().map(|event| show(&context, event)).collect();
    envelope(ENVELOPE, &shown, uri, next)
}

fn show(context: &Context, event: AuditEvent) -> AuditEventBody {
    let object = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    AuditEventBody {
        id: event.id,
        account_id: event.account_id,
        at: event.at,
        actor: ActorBody::new(&context.app, event.actor),
        address: event.address,
        action: event.action,
        object_id: event.object_id,
        before: object(event.before),
        after: object(event.after),
    }
}
