//! `GET /metrics`: what Prometheus collects.

use crate::app::App;
use crate::route::{Access, Route};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

pub(crate) fn routes() -> Vec<Route> {
    let summary = "All metrics, in the text format of Prometheus.";
    vec![Route::get("/metrics", Access::Open, handle).named("getMetrics", "Gateway", summary).answers_text("text/plain")]
}

async fn handle(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (app.deps.metrics)())
}
