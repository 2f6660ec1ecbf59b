//! Whether the process lives, and whether it should be sent requests.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

/// `GET /healthz`: always well while it can answer at all. It asks nobody: a process that is restarted because its database
/// is away is of no use when the database comes back.
pub(crate) async fn live() -> impl IntoResponse {
    Json(json!({"status": "ok"}))
}

/// `GET /readyz`: 200 or 503, with what was looked at.
pub(crate) async fn ready(State(app): State<App>) -> impl IntoResponse {
    let report = app.deps.readiness.report();
    let (status, word) = if report.ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_ready") };
    let checks: Map<String, Value> = report.notes.into_iter().map(|(name, note)| (name, Value::String(note))).collect();
    (status, Json(json!({"status": word, "checks": checks})))
}
