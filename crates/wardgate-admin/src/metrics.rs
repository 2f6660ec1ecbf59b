//! `GET /metrics`: what Prometheus collects.

use crate::app::App;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

pub(crate) async fn handle(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (app.deps.metrics)())
}
