//! Versions of objects: `ETag`, `If-Match`, `If-None-Match`.

use super::{Answer, Gateway};
use axum::http::header;
use serde_json::json;

fn etag(answer: &Answer) -> &str {
    answer.headers.get(header::ETAG).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_write_for_another_version_changes_nothing() {
    let gateway = Gateway::start().await;
    let made = gateway.post("/teams", &json!({"name": "research"})).await;
    assert_eq!(etag(&made), "\"1\"");
    let path = format!("/teams/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(made.headers[header::LOCATION], made.json()["uri"].as_str().unwrap());
    let send = async |method: &str, if_match: &str, description: &str| {
        let body = json!({"description": description});
        let body = (method == "PATCH").then_some(&body);
        gateway.send_with(method, &path, &gateway.acme.admin, &[("if-match", if_match)], body).await
    };
    let second = send("PATCH", "\"1\"", "second").await;
    assert_eq!((second.status.as_u16(), etag(&second)), (200, "\"2\""), "{}", second.text);
    for (method, if_match) in [("PATCH", "\"1\""), ("PATCH", "W/\"2\""), ("PATCH", "nonsense"), ("DELETE", "\"1\"")] {
        let refused = send(method, if_match, "third").await;
        let code = "ERR_NGROK_AI_GATEWAY_RESOURCE_VERSION_CONFLICT".to_owned();
        assert_eq!(refused.verdict(), (412, "version_changed".to_owned(), code), "{method} {if_match}");
    }
    let shown = gateway.get(&path).await;
    assert_eq!((etag(&shown), shown.json()["description"].as_str()), ("\"2\"", Some("second")));
    assert_eq!(send("DELETE", "\"1\", \"2\"", "").await.status, 204);
    assert_eq!(send("DELETE", "*", "").await.status, 404);
}

#[tokio::test]
async fn a_reader_that_has_the_version_gets_no_body() {
    let gateway = Gateway::start().await;
    let path = format!("/teams/{}", gateway.made("/teams", &json!({"name": "research"})).await);
    for (tags, status) in [("\"1\"", 304), ("W/\"1\"", 304), ("\"2\", \"1\"", 304), ("\"2\"", 200), ("", 200)] {
        let answer = gateway.send_with("GET", &path, &gateway.acme.viewer, &[("if-none-match", tags)], None).await;
        assert_eq!((answer.status.as_u16(), etag(&answer), answer.text.is_empty()), (status, "\"1\"", status == 304), "{tags}");
    }
}

#[tokio::test]
async fn a_change_that_changes_nothing_makes_no_version() {
    let gateway = Gateway::start().await;
    let path = format!("/teams/{}", gateway.made("/teams", &json!({"name": "research"})).await);
    for body in [json!({}), json!({"name": "research"}), json!({"description": null})] {
        assert_eq!(etag(&gateway.patch(&path, &body).await), "\"1\"", "{body}");
    }
    assert_eq!(etag(&gateway.patch(&path, &json!({"description": "d"})).await), "\"2\"");
}
