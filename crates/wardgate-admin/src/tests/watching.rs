//! The endpoints for machines that watch.

use super::Gateway;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn they_ask_for_no_key_and_for_no_store() {
    let gateway = Gateway::start().await;
    gateway.store.set_away(true);
    let open = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        gateway.request(request)
    };
    assert_eq!(open("GET", "/healthz").await.json(), json!({"status": "ok"}));
    let ready = open("GET", "/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.json()), (200, json!({"status": "ready", "checks": {"store": "answers"}})));
    let metrics = open("GET", "/metrics").await;
    assert_eq!(metrics.text, "wardgate_requests_total 1\n");
    assert!(metrics.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/plain; version=0.0.4"));

    gateway.ready.0.store(false, Ordering::Relaxed);
    let ready = open("GET", "/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.json()), (503, json!({"status": "not_ready", "checks": {"store": "away"}})));
    for (path, status) in [("/healthz", 200), ("/readyz", 503), ("/metrics", 200)] {
        let head = open("HEAD", path).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (status, ""), "{path}");
    }
}
