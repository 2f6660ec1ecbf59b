//! The settings of an account.

use super::{Gateway, URL};
use axum::http::header;
use serde_json::{Value, json};

const PATH: &str = "/gateway-config";

#[tokio::test]
async fn settings_are_always_there_and_changed_field_by_field() {
    let gateway = Gateway::start().await;
    let unwritten = gateway.get(PATH).await;
    let expected = json!({
        "accountId": gateway.acme.id, "uri": format!("{URL}{PATH}"), "totalTimeout": "120s", "perRequestTimeout": "60s",
        "maxInputTokens": null, "maxOutputTokens": null, "unknownPrice": null, "metadata": null,
    });
    assert_eq!((unwritten.json(), &unwritten.headers[header::ETAG]), (expected, &"\"0\"".parse().unwrap()));
    let cases = [
        (json!({"totalTimeout": "1m30s"}), "totalTimeout", json!("90s"), "\"1\""),
        (json!({"perRequestTimeout": "1500ms"}), "perRequestTimeout", json!("1500ms"), "\"2\""),
        (json!({"maxInputTokens": 1_000, "maxOutputTokens": 10}), "maxInputTokens", json!(1_000), "\"3\""),
        (json!({"maxInputTokens": null}), "maxOutputTokens", json!(10), "\"4\""),
        (json!({"metadata": "m"}), "maxInputTokens", Value::Null, "\"5\""),
        (json!({}), "metadata", json!("m"), "\"5\""),
        (json!({"unknownPrice": "75"}), "unknownPrice", json!("75"), "\"6\""),
    ];
    for (body, field, expected, etag) in cases {
        let changed = gateway.patch(PATH, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!((&changed.json()[field], changed.headers[header::ETAG].to_str().unwrap()), (&expected, etag), "{body}");
        assert_eq!(gateway.get(PATH).await.json(), changed.json());
    }
    let other = gateway.send("GET", PATH, &gateway.other.viewer, None).await.json();
    assert_eq!(other["totalTimeout"], "120s");
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    for (body, code) in [
        (json!({"totalTimeout": null}), "missing_field"),
        (json!({"totalTimeout": "0s"}), "out_of_range"),
        (json!({"totalTimeout": "999ms"}), "out_of_range"),
        (json!({"totalTimeout": "61m"}), "out_of_range"),
        (json!({"totalTimeout": 30}), "bad_duration"),
        (json!({"totalTimeout": "half a minute"}), "bad_duration"),
        (json!({"maxInputTokens": 0}), "out_of_range"),
        (json!({"maxInputTokens": "many"}), "wrong_type"),
        (json!({"metadata": "m".repeat(4_097)}), "metadata_too_long"),
        (json!({"timeout": "1s"}), "unknown_field"),
    ] {
        let answer = gateway.patch(PATH, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
    let key = &gateway.acme.admin;
    let late = gateway.send_with("PATCH", PATH, key, &[("if-match", "\"1\"")], Some(&json!({"metadata": "x"}))).await;
    assert_eq!(late.verdict().1, "version_changed");
    let same = gateway.send_with("GET", PATH, key, &[("if-none-match", "\"0\"")], None).await;
    assert_eq!(same.status, 304);
}
