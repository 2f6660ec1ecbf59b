//! `GET /usage`: an account's events, newest first.

use super::cursor::Cursor;
use super::{PATH, UsageEventBody};
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::page::{Parameters, bad_parameter};
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use std::fmt::Write as _;
use wardgate_core::time::Timestamp;
use wardgate_store::UsageQuery;

/// A page of events.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageBody {
    #[serde(rename = "aiGatewayUsage")]
    items: Vec<UsageEventBody>,
    uri: String,
    next_page_uri: Option<String>,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    parameters: Parameters,
) -> Result<Json<UsageBody>, ApiError> {
    let query = read(&app, parameters)?;
    let listed = app.deps.store.tenant(caller.account_id).list_usage(&query).await?;
    let last = listed.items.last().filter(|_| listed.has_more).map(|event| Cursor(event.event_time, event.id));
    Ok(Json(UsageBody {
        uri: app.uri(PATH),
        next_page_uri: last.map(|cursor| next_page_uri(&app, &query, cursor)),
        items: listed.items.into_iter().map(UsageEventBody::from).collect(),
    }))
}

fn read(app: &AppState, mut parameters: Parameters) -> Result<UsageQuery, ApiError> {
    let query = UsageQuery {
        start: time(&mut parameters, "startTime")?
            .ok_or_else(|| bad_parameter("missing_parameter", "startTime", "is required, such as 2026-01-31T00:00:00Z"))?,
        end: time(&mut parameters, "endTime")?.unwrap_or_else(|| app.now()),
        access_key_id: parameters.parse("accessKeyId")?,
        include_retries: parameters.parse("includeRetries")?.unwrap_or(false),
        after: parameters.parse("cursor")?.map(|Cursor(time, id)| (time, id)),
        limit: parameters.limit()?,
    };
    parameters.finish()?;
    Ok(query)
}

fn time(parameters: &mut Parameters, name: &'static str) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = parameters.take(name)? else { return Ok(None) };
    let why = "must be a time in RFC 3339, such as 2026-01-31T00:00:00Z; write a + in it as %2B";
    Timestamp::parse(&text).map(Some).ok_or_else(|| bad_parameter("bad_parameter", name, why))
}

/// The same question, from the next event on. The end is written out, so that all pages are of one range.
fn next_page_uri(app: &AppState, query: &UsageQuery, cursor: Cursor) -> String {
    let mut uri = format!("{}?startTime={}&endTime={}", app.uri(PATH), query.start, query.end);
    if let Some(id) = query.access_key_id {
        let _ = write!(uri, "&accessKeyId={id}");
    }
    if query.include_retries {
        uri.push_str("&includeRetries=true");
    }
    let _ = write!(uri, "&cursor={cursor}&limit={}", query.limit);
    uri
}
