//! Whether the process lives, and whether it should be sent requests.

use crate::app::App;
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

const TAG: &str = "Gateway";

pub(crate) fn routes() -> Vec<Route> {
    let live_summary = "Whether the process lives: 200 while it can answer at all.";
    let ready_summary = "Whether the process should be sent requests: 200, or 503 with what it lacks.";
    vec![
        Route::get("/healthz", Access::Open, live).named("getHealth", TAG, live_summary).answers::<Live>(200),
        Route::get("/readyz", Access::Open, ready).named("getReadiness", TAG, ready_summary).answers::<Ready>(200),
    ]
}

/// That the process lives.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Health")]
struct Live {
    status: &'static str,
}

/// Whether the process should be sent requests, and what was looked at.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Readiness")]
struct Ready {
    status: &'static str,
    #[schemars(with = "schema::AnyObject")]
    checks: BTreeMap<String, String>,
}

/// It asks nobody: a process that is restarted because its database is away is of no use when the database comes back.
async fn live() -> impl IntoResponse {
    Json(Live { status: "ok" })
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    let report = app.deps.readiness.report();
    let (code, status) = if report.ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_ready") };
    (code, Json(Ready { status, checks: report.notes.into_iter().collect() }))
}
