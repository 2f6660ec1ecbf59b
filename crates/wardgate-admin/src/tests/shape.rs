//! The shape of every error, and what is refused before an endpoint is reached.

use super::Gateway;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

fn assert_error_shape(body: &Value, status: u16) {
    let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(fields.iter().all(|field| ["errorCode", "statusCode", "msg", "details"].contains(field)), "{body}");
    assert_eq!(body["statusCode"], status);
    assert!(!body["msg"].as_str().unwrap().is_empty());
    assert!(body["details"].as_object().unwrap().values().all(Value::is_string), "{body}");
    assert!(!body["details"]["code"].as_str().unwrap().is_empty(), "{body}");
}

#[tokio::test]
async fn wrong_paths_and_methods() {
    let gateway = Gateway::start().await;
    let cases = [
        ("GET", "/nothing", 404, "no_such_path", None),
        ("GET", "/access-keys/a/b", 404, "no_such_path", None),
        ("PUT", "/access-keys", 405, "method_not_allowed", Some("GET, HEAD, POST")),
        ("PUT", "/provider-keys/x", 405, "method_not_allowed", Some("GET, HEAD, PATCH, DELETE")),
        ("POST", "/usage", 405, "method_not_allowed", Some("GET, HEAD")),
        ("POST", "/healthz", 405, "method_not_allowed", Some("GET, HEAD")),
    ];
    for (method, path, status, code, allow) in cases {
        let answer = gateway.send(method, path, &gateway.acme.admin, None).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{method} {path}: {}", answer.text);
        assert_error_shape(&answer.json(), status);
        let found: Vec<_> = answer.headers.get_all(header::ALLOW).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(found, allow.into_iter().collect::<Vec<_>>(), "{method} {path}");
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_objects() {
    let gateway = Gateway::start().await;
    let long = format!("{{\"metadata\": \"{}\"}}", "m".repeat(20_000));
    let json_type = Some("application/json");
    let cases = [
        (None, "{}", 415, "not_json"),
        (Some("text/plain"), "{}", 415, "not_json"),
        (Some("application/x-www-form-urlencoded"), "name=x", 415, "not_json"),
        (json_type, "", 400, "not_json"),
        (json_type, "{\"name\": \"sk-canary", 400, "not_json"),
        (json_type, "[]", 400, "not_an_object"),
        (json_type, "null", 400, "not_an_object"),
        (json_type, &long, 413, "body_too_large"),
        (Some("Application/JSON; charset=utf-8"), "{}", 201, ""),
    ];
    for (content_type, body, status, code) in cases {
        let mut request = Request::post("/access-keys").header("authorization", format!("Bearer {}", gateway.acme.admin));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = gateway.request(request.body(Body::from(body.to_owned())).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{content_type:?}");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        if status >= 400 {
            assert_error_shape(&answer.json(), status);
        }
    }
}

#[tokio::test]
async fn all_problems_are_told_at_once() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "n".repeat(256), "metadata": 5, "nmae": "x", "code": 1, "accessKeyConfigurationId": "aigac_x"});
    let answer = gateway.post("/access-keys", &body).await;
    assert_eq!(answer.verdict(), (400, "name_too_long".to_owned(), "ERR_NGROK_27603".to_owned()));
    assert_error_shape(&answer.json(), 400);
    let details = answer.json()["details"].clone();
    let told: Vec<_> = details.as_object().unwrap().keys().cloned().collect();
    assert_eq!(told, ["accessKeyConfigurationId", "body.code", "code", "metadata", "name", "nmae"]);
    let many: serde_json::Map<String, Value> = (0..1_000).map(|number| (format!("f{number}"), Value::Null)).collect();
    let answer = gateway.post("/access-keys", &Value::Object(many)).await;
    assert!(answer.text.len() < 8_192, "{}", answer.text.len());
}

#[tokio::test]
async fn parameters_that_are_refused() {
    let gateway = Gateway::start().await;
    let cases = [
        ("/access-keys?limit=0", "bad_parameter"),
        ("/access-keys?limit=101", "bad_parameter"),
        ("/access-keys?limit=ten", "bad_parameter"),
        ("/access-keys?beforeId=aigpk_0000000000000000000000", "bad_parameter"),
        ("/access-keys?befroeId=x", "unknown_parameter"),
        ("/access-keys?limit=1&limit=2", "repeated_parameter"),
        ("/access-keys?provider=openai", "unknown_parameter"),
        ("/provider-keys?provider=Open%20AI", "bad_parameter"),
        ("/access-keys?name=", "bad_parameter"),
        ("/access-keys?search=a%00b", "bad_parameter"),
        ("/access-keys?status=revoked", "bad_parameter"),
        ("/usage", "missing_parameter"),
        ("/usage?startTime=yesterday", "bad_parameter"),
        ("/usage?startTime=2026-01-01T00:00:00Z&endTime=never", "bad_parameter"),
        ("/usage?startTime=2026-01-01T00:00:00Z&cursor=x", "bad_parameter"),
        ("/usage?startTime=2026-01-01T00:00:00Z&includeRetries=maybe", "bad_parameter"),
        ("/usage?startTime=2026-01-01T00:00:00Z&accessKeyId=x", "bad_parameter"),
        ("/usage?startTime=2026-01-01T00:00:00Z&beforeId=x", "unknown_parameter"),
    ];
    for (path, code) in cases {
        let answer = gateway.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{path}");
        assert_error_shape(&answer.json(), 400);
    }
}
