//! `GET /usage`: an account's events, newest first.

use super::cursor::Cursor;
use super::{PATH, UsageEventBody};
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{LIMIT, Param, Parameters, id_schema, time_schema};
use crate::resource::list::envelope;
use crate::route::{Access, Route};
use axum::response::IntoResponse;
use serde_json::json;
use std::fmt::Write as _;
use wardgate_core::api_key::Role;
use wardgate_core::id::AccessKeyId;
use wardgate_store::UsageQuery;

const ENVELOPE: &str = "aiGatewayUsage";

static START_TIME: Param = Param::required("startTime", "From here, inclusive.", time_schema);
static END_TIME: Param = Param::optional("endTime", "To here, inclusive; now, if it is left out.", time_schema);
static ACCESS_KEY_ID: Param = Param::optional("accessKeyId", "Only events of this access key.", id_schema::<AccessKeyId>);
static INCLUDE_RETRIES: Param =
    Param::optional("includeRetries", "Also attempts that were not the last of their request.", || json!({"type": "boolean"}));
static CURSOR: Param =
    Param::optional("cursor", "Where the page begins; taken out of nextPageUri.", || json!({"type": "string"}));

pub(super) fn route() -> Route {
    Route::get(PATH, Access::Account(Role::Viewer), handle)
        .named("listUsage", "Usage", "Lists usage events, one for each attempt at a provider, newest first.")
        .parameters([&START_TIME, &END_TIME, &ACCESS_KEY_ID, &INCLUDE_RETRIES, &CURSOR, &LIMIT])
        .answers_page::<UsageEventBody>(ENVELOPE)
}

async fn handle(context: Context, parameters: Parameters) -> Result<impl IntoResponse, ApiError> {
    let query = read(&context, parameters)?;
    let listed = context.tenant()?.list_usage(&query).await?;
    let last = listed.items.last().filter(|_| listed.has_more).map(|event| Cursor(event.event_time, event.id));
    let items: Vec<UsageEventBody> = listed.items.into_iter().map(UsageEventBody::from).collect();
    envelope(ENVELOPE, &items, context.app.uri(PATH), last.map(|cursor| next_page_uri(&context, &query, cursor)))
}

fn read(context: &Context, mut parameters: Parameters) -> Result<UsageQuery, ApiError> {
    let start = parameters.time(&START_TIME)?;
    let query = UsageQuery {
        start: start.unwrap_or_else(|| context.now()),
        end: parameters.time(&END_TIME)?.unwrap_or_else(|| context.now()),
        access_key_id: parameters.parse(&ACCESS_KEY_ID)?,
        include_retries: parameters.parse(&INCLUDE_RETRIES)?.unwrap_or(false),
        after: parameters.parse(&CURSOR)?.map(|Cursor(time, id)| (time, id)),
        limit: parameters.limit()?,
    };
    parameters.finish()?;
    Ok(query)
}

/// The same question, from the next event on. The end is written out, so that all pages are of one range.
fn next_page_uri(context: &Context, query: &UsageQuery, cursor: Cursor) -> String {
    let mut uri = format!("{}?startTime={}&endTime={}", context.app.uri(PATH), query.start, query.end);
    if let Some(id) = query.access_key_id {
        let _ = write!(uri, "&accessKeyId={id}");
    }
    if query.include_retries {
        uri.push_str("&includeRetries=true");
    }
    let _ = write!(uri, "&cursor={cursor}&limit={}", query.limit);
    uri
}
