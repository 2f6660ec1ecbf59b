//! The management API by its socket, and a second start on the same data.

use crate::{ask, dev, gateway, serve};
use serde_json::{Value, json};
use tokio::process::Command;
use wardgate_testkit::{Dialect, Gateway, Reply, Upstream};

async fn call(gateway: &Gateway, method: &str, target: &str) -> (u16, Value) {
    let answer = gateway.manage(method.parse().unwrap(), target, None).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Made, listed, read, deleted, and gone.
async fn lifecycle(gateway: &Gateway, path: &str, envelope: &str, body: Value) {
    let made = gateway.manage("POST".parse().unwrap(), path, Some(&body)).await;
    assert_eq!(made.status, 201, "{path}: {}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let item = format!("{path}/{id}");
    let (status, listed) = call(gateway, "GET", path).await;
    assert!(status == 200 && listed[envelope].as_array().unwrap().iter().any(|item| item["id"] == id.as_str()), "{listed}");
    let (status, read) = call(gateway, "GET", &item).await;
    assert_eq!((status, &read["id"]), (200, &json!(id)));
    for secret in ["token", "value"] {
        assert!(read.get(secret).is_none() && listed[envelope][0].get(secret).is_none(), "{path} shows {secret}");
    }
    let head = gateway.manage("HEAD".parse().unwrap(), &item, None).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(call(gateway, "DELETE", &item).await.0, 204, "{path}");
    for method in ["GET", "DELETE"] {
        assert_eq!(call(gateway, method, &item).await.0, 404, "{method} {path}");
    }
    let strange = gateway.admin().send("GET".parse().unwrap(), path, &[("authorization", "Bearer nga-x")], "").await;
    assert_eq!(strange.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_there_is_to_manage() {
    let gateway = dev().start().await;
    lifecycle(&gateway, "/access-keys", "aiGatewayAccessKeys", json!({"name": "a key"})).await;
    let provider_key = json!({"providerId": "openai", "name": "a key", "value": "sk-nothing-of-value"});
    lifecycle(&gateway, "/provider-keys", "aiGatewayProviderKeys", provider_key).await;
    let provider = json!({"providerId": "mine", "name": "Mine", "baseUrl": "https://example.com/v1"});
    lifecycle(&gateway, "/providers", "aiGatewayProviders", provider).await;
    for path in ["/nothing", "/access-keys/aigk_nothing", "/console/nothing"] {
        assert_eq!(call(&gateway, "GET", path).await.0, 404, "{path}");
    }
    assert_eq!(call(&gateway, "PUT", "/access-keys").await.0, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_watch_need_no_key() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let read = async |path: &str| gateway.admin().send("GET".parse().unwrap(), path, &[], "").await;
    assert_eq!((read("/healthz").await.status, read("/readyz").await.status), (200, 200));
    assert_eq!(read("/access-keys").await.status, 401);
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    assert_eq!(ask(Dialect::Chat).token("").send(&gateway).await.status, 401);
    gateway.settle().await;
    let metrics = read("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain"), "{metrics:?}");
    let text = metrics.text();
    for line in [
        "wardgate_requests_total{status=\"200\",surface=\"chat-completions\"} 1",
        "wardgate_requests_total{status=\"401\",surface=\"chat-completions\"} 1",
        "wardgate_attempts_total{completion=\"succeeded\",model=\"other\",provider=\"custom\"} 1",
        "wardgate_refusals_total{reason=\"missing_access_key\"} 1",
        "wardgate_tokens_total{kind=\"cache_read\",model=\"other\",provider=\"custom\"} 4",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is missing: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_finds_what_the_first_one_left() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let first = gateway(&upstream).await;
    first.add_provider_key("up", "pk-kept").await;
    let key = first.create_key("kept").await;
    assert_eq!(ask(Dialect::Chat).key(&key).send(&first).await.status, 200);
    first.settle().await;
    let (ready, data) = (first.ready().clone(), first.data());
    first.terminate().await;
    assert!(first.ended().await.0.success());
    let second = dev().on_data(data, 1).start().await;
    for name in ["access_key", "api_key", "operator_key", "database_url"] {
        assert_eq!(ready[name], second.ready()[name], "{name}");
    }
    assert_eq!(ask(Dialect::Chat).key(&key).send(&second).await.status, 200);
    assert_eq!(ask(Dialect::Chat).send(&second).await.status, 200);
    assert!(upstream.seen().iter().all(|seen| seen.header("authorization") == ["Bearer pk-kept"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_and_master_key_belong_together() {
    let first = dev().start().await;
    let data = first.data();
    first.terminate().await;
    assert!(first.ended().await.0.success());
    let other = data.path().join("other.key");
    std::fs::write(&other, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardgate"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]).env_clear().kill_on_drop(true);
    command.arg("--data-dir").arg(data.path().join("data")).arg("--master-key-file").arg(&other);
    let ended = tokio::time::timeout(wardgate_testkit::DEADLINE, command.output()).await.unwrap().unwrap();
    assert!(!ended.status.success() && String::from_utf8_lossy(&ended.stderr).contains("master key"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_makes_its_first_keys_once() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = crate::started(serve().with("--allow-upstream", "127.0.0.1"), &upstream).await;
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    assert!(!gateway.log_text().contains(&gateway.key().token));
    // Its request lines are JSON, one a request.
    gateway.settle().await;
    let log = gateway.log_text();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["path"] == "/v1/chat/completions" && line["status"] == 200), "{log}");
}
