//! The operator's catalog file: models and prices over the built-in ones, read again while the gateway runs.

use crate::dev;
use serde_json::json;
use std::process::{Command, Stdio};
use wardgate_testkit::{Ask, DEADLINE, Dialect, Gateway, Key, Reply, Upstream, until};

/// What a request of one size costs, in dollars.
async fn cost(gateway: &Gateway, key: &Key) -> String {
    let answer = Ask::new(Dialect::Chat, "sandbox:lorem").key(key).send(gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-wardgate-cost").to_owned()
}

async fn reloads(gateway: &Gateway, result: &str) -> u64 {
    let text = gateway.metrics().await;
    let line = format!("wardgate_catalog_reloads_total{{result=\"{result}\"}} ");
    text.lines().find_map(|series| series.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

fn priced(dollars: &str) -> String {
    format!("models:\n- {{provider: sandbox, id: lorem, pricing: {{input: 0, output: {dollars}}}}}\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_request_has_the_price_of_a_changed_file_and_a_wrong_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.yaml");
    let write = |text: &str| {
        // As editors and orchestrators do it, so that no half of it is ever seen.
        let next = dir.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, &path).unwrap();
    };
    let by = async |gateway: &Gateway, result: &str, count: u64| {
        until(&format!("{count} reloads {result}"), DEADLINE, async || reloads(gateway, result).await == count).await;
    };
    write(&priced("1"));
    let gateway = dev().with("--catalog-file", &path).start().await;
    let key = gateway.create_key("app").await;
    let first = cost(&gateway, &key).await;
    write(&priced("2"));
    by(&gateway, "loaded", 1).await;
    let second = cost(&gateway, &key).await;
    let dollars = |text: &str| text.parse::<f64>().unwrap();
    assert!(dollars(&first) > 0.0 && (dollars(&second) / dollars(&first) - 2.0).abs() < 0.01, "{first} {second}");

    write(&priced("cheap"));
    by(&gateway, "refused", 1).await;
    assert_eq!(cost(&gateway, &key).await, second);
    let log = gateway.log_text();
    assert!(log.contains("catalog.yaml:2:62: models[0].pricing.output must be dollars for a million tokens"), "{log}");
    // It is told once, and not every time that somebody looks.
    gateway.hang_up().await;
    by(&gateway, "refused", 2).await;
    std::fs::remove_file(&path).unwrap();
    by(&gateway, "refused", 3).await;
    assert_eq!(cost(&gateway, &key).await, second);

    write(
        "models:\n- {provider: sandbox, id: lorem, pricing: {input: 0, output: 1}}\n- {provider: openai, id: house-model-1}\n",
    );
    by(&gateway, "loaded", 2).await;
    assert_eq!(cost(&gateway, &key).await, first);
    let answer = Ask::new(Dialect::Chat, "hose-model-1").key(&key).send(&gateway).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains(r#"did you mean \"house-model-1\"?"#), "{}", answer.text());
    gateway.hang_up().await;
    by(&gateway, "loaded", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_of_the_file_is_there_for_everyone_and_moves_with_the_file() {
    let says = async |text: &str| Upstream::always(Reply::says(Dialect::Chat, text)).await;
    let (first, second) = (says("the first").await, says("the second").await);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.yaml");
    let write = |base_url: &str| {
        let text = format!(
            "providers:\n- {{id: house, baseUrl: '{base_url}'}}\nmodels:\n- {{provider: house, id: llama, pricing: {{input: 1, output: 1}}}}\n"
        );
        let next = dir.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, &path).unwrap();
    };
    let by = async |gateway: &Gateway, result: &str, count: u64| {
        until(&format!("{count} reloads {result}"), DEADLINE, async || reloads(gateway, result).await == count).await;
    };
    write(first.url());
    let gateway = dev().with("--catalog-file", &path).start().await;
    let key = gateway.create_key("app").await;
    for model in ["llama", "house/llama", "house:llama", "house:another"] {
        let answer = Ask::new(Dialect::Chat, model).key(&key).send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "house"), "{}", answer.text());
    }
    let listed = crate::scene::listed(&gateway, &key).await;
    assert!(listed.contains(&"llama".to_owned()), "{listed:?}");
    // A key for it is an account's own matter.
    crate::scene::create(&gateway, "/provider-keys", json!({"providerId": "house", "name": "k", "value": "sk-of-the-house"}))
        .await;
    let answer = Ask::new(Dialect::Chat, "llama").key(&key).send(&gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(first.seen().last().unwrap().header("authorization"), ["Bearer sk-of-the-house"]);

    write(second.url());
    by(&gateway, "loaded", 1).await;
    let answer = Ask::new(Dialect::Chat, "llama").key(&key).send(&gateway).await;
    assert!(answer.text().contains("the second"), "{}", answer.text());
    write("llm.internal");
    by(&gateway, "refused", 1).await;
    assert!(gateway.log_text().contains("catalog.yaml:2:24: providers[0].baseUrl must start with https:// or http://"));
    let answer = Ask::new(Dialect::Chat, "llama").key(&key).send(&gateway).await;
    assert!(answer.text().contains("the second"), "{}", answer.text());
    assert!(gateway.metrics().await.contains(r#"provider="house""#));
}

#[test]
fn a_gateway_does_not_start_with_a_wrong_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.yaml");
    std::fs::write(&path, "models:\n- provider: opnai\n  id: x\n").unwrap();
    let data = dir.path().join("data");
    let output = Command::new(env!("CARGO_BIN_EXE_wardgate"))
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .arg("--catalog-file")
        .arg(&path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    let mistake = "catalog.yaml:2:13: models[0].provider there is no provider \"opnai\" in the catalog; did you mean openai?";
    assert!(told.contains("error: the catalog file cannot be used: ") && told.contains(mistake), "{told}");
}
