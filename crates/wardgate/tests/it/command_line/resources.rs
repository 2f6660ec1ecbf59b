//! Resources by their commands.

use super::wardgate;
use crate::{ask, dev, gateway};
use serde_json::json;
use wardgate_testkit::{Dialect, Key, Reply, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_from_its_making_to_its_end() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    wardgate(&gateway, "team create --name search").ok().await;
    let made = wardgate(&gateway, "access-key create --name ci --team search --tag a --tag b --expires 90d").json().await;
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    let key = Key { id: text("id"), token: text("token") };
    assert_eq!((&made["tags"], &made["status"]), (&json!(["a", "b"]), &json!("active")));
    assert_eq!(ask(Dialect::Chat).key(&key).send(&gateway).await.status, 200);

    let table = wardgate(&gateway, "access-key list --team search --status active").ok().await;
    assert!(table.contains(&key.id) && table.contains("ci") && !table.contains("first key"), "{table}");
    assert_eq!(wardgate(&gateway, "access-key list --tag a --quiet").ok().await.trim(), key.id);
    assert!(!table.contains(&key.token));

    wardgate(&gateway, "access-key disable ci").ok().await;
    assert_ne!(ask(Dialect::Chat).key(&key).send(&gateway).await.status, 200);
    wardgate(&gateway, "access-key enable ci").ok().await;
    assert_eq!(ask(Dialect::Chat).key(&key).send(&gateway).await.status, 200);

    let changed = wardgate(&gateway, "access-key update ci --expires never --tag= --allow-network 127.0.0.0/8").json().await;
    assert_eq!((&changed["tags"], &changed["expiresAt"]), (&json!([]), &json!(null)));
    assert_eq!(changed["allowedNetworks"], json!(["127.0.0.0/8"]));

    let rotated = wardgate(&gateway, "access-key rotate ci --overlap 1h").json().await;
    let new = Key { id: key.id.clone(), token: rotated["token"].as_str().unwrap().to_owned() };
    for token in [&key, &new] {
        assert_eq!(ask(Dialect::Chat).key(token).send(&gateway).await.status, 200);
    }
    wardgate(&gateway, "access-key delete ci").ok().await;
    assert_eq!(ask(Dialect::Chat).key(&new).send(&gateway).await.status, 401);
    assert!(wardgate(&gateway, "access-key get ci").fails(3).await.contains("no access key named \"ci\""));
    let gone = wardgate(&gateway, "access-key delete").word(&key.id).fails(3).await;
    assert!(gone.contains("404"), "{gone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_anywhere_but_the_command_line() {
    let gateway = dev().start().await;
    let create = || wardgate(&gateway, "provider-key create --provider openai");
    create().word("--name=env").word("--value-env=SECRET").variable("SECRET", "sk-from-the-environment").ok().await;
    create().word("--name=in").word("--value-stdin").input("sk-from-standard-input\n").ok().await;
    std::fs::write(gateway.data().path().join("key.txt"), "sk-out-of-a-file-1234\n").unwrap();
    create().word("--name=file").word("--value-file=key.txt").ok().await;
    let table = wardgate(&gateway, "provider-key list --provider openai").ok().await;
    for redacted in ["***ment", "***nput", "***1234"] {
        assert!(table.contains(redacted), "{table}");
    }
    let rotated = wardgate(&gateway, "provider-key rotate openai/env --value-stdin").input("sk-another-one-abcd").json().await;
    assert_eq!((rotated["name"].as_str(), rotated["keyRedacted"].as_str()), (Some("env"), Some("***abcd")));
    assert!(create().word("--name=no").fails(2).await.contains("--value-env"));
    assert!(create().word("--name=no").word("--value-env=NONE").fails(2).await.contains("NONE is not set"));
    assert!(create().word("--name=no").word("--value-stdin").input("\n").fails(2).await.contains("empty"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failure_has_its_status_and_says_what_to_do() {
    let gateway = dev().start().await;
    let stranger = wardgate(&gateway, "team list").variable("WARDGATE_API_KEY", "nga-x").fails(5).await;
    assert!(stranger.contains("401") && stranger.contains("the key of WARDGATE_API_KEY was sent"), "{stranger}");
    let viewer = wardgate(&gateway, "api-key create --name v --role viewer").json().await["token"].as_str().unwrap().to_owned();
    let refused = wardgate(&gateway, "team create --name x").variable("WARDGATE_API_KEY", &viewer).fails(5).await;
    assert!(refused.contains("403"), "{refused}");
    wardgate(&gateway, "team create --name x").ok().await;
    assert!(wardgate(&gateway, "team create --name x").fails(4).await.contains("409"));
    let long = wardgate(&gateway, "team create --name").word("x".repeat(300)).fails(2).await;
    assert!(long.contains("name") && long.contains("300 characters"), "{long}");
    assert!(wardgate(&gateway, "team create --nam x").fails(2).await.contains("--name"));
    assert!(wardgate(&gateway, "team get nobody").fails(3).await.contains("wardgate team list"));
    let nowhere = wardgate(&gateway, "team list --url http://127.0.0.1:1").fails(1).await;
    assert!(nowhere.contains("does not answer") && nowhere.contains("--url"), "{nowhere}");
    let wrong = gateway.ready()["gateway_url"].as_str().unwrap();
    let data_plane = wardgate(&gateway, "team list --url").word(wrong).run().await;
    assert_ne!(data_plane.status, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_works_in_every_account() {
    let gateway = dev().start().await;
    wardgate(&gateway, "account create --name acme").ok().await;
    wardgate(&gateway, "team create --name ops --account acme").ok().await;
    assert!(wardgate(&gateway, "team list --account acme").ok().await.contains("ops"));
    assert!(!wardgate(&gateway, "team list").ok().await.contains("ops"));
    assert!(wardgate(&gateway, "team list --account nobody").fails(3).await.contains("account"));
    wardgate(&gateway, "account disable acme").ok().await;
    assert_eq!(wardgate(&gateway, "account get acme").json().await["suspended"], true);
    wardgate(&gateway, "account enable acme").ok().await;

    let managed = "managed-key create --provider openai --name house --value-env SECRET";
    wardgate(&gateway, managed).variable("SECRET", "sk-of-the-operator").ok().await;
    wardgate(&gateway, "managed-key grant openai/house acme").ok().await;
    let id = wardgate(&gateway, "account list --name acme --quiet").ok().await;
    assert_eq!(wardgate(&gateway, "managed-key grants house --quiet").ok().await, id);
    wardgate(&gateway, "managed-key revoke house acme").ok().await;
    assert_eq!(wardgate(&gateway, "managed-key grants house --quiet").ok().await, "");

    wardgate(&gateway, "tier create --name trial --requests-per-minute 20").ok().await;
    wardgate(&gateway, "account update acme --tier trial").ok().await;
    assert!(wardgate(&gateway, "account list --tier trial --quiet").ok().await == id);
    wardgate(&gateway, "account update acme --tier=").ok().await;
    wardgate(&gateway, "tier delete trial").ok().await;

    assert!(wardgate(&gateway, "account delete acme").fails(2).await.contains("--yes"));
    wardgate(&gateway, "account delete acme --yes").ok().await;
    assert!(wardgate(&gateway, "account get acme").fails(3).await.contains("no account named"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_and_what_is_left() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    gateway.settle().await;
    let list = wardgate(&gateway, "usage list --since 1h").json().await;
    let request = list[0]["requestId"].as_str().unwrap();
    assert!(wardgate(&gateway, "usage list").ok().await.contains(request));
    assert!(wardgate(&gateway, "usage request").word(request).ok().await.contains("succeeded"));
    let overview = wardgate(&gateway, "usage overview --since 1d --group-by model").ok().await;
    assert!(overview.contains("up:some-model") && overview.contains("total"), "{overview}");

    let account = |words: &str| wardgate(&gateway, &format!("{words} --account default"));
    account("credits add 50 --category promotional --note welcome").ok().await;
    let wish = wardgate(&gateway, "credits top-up 25.50 --quiet").ok().await;
    account("credits approve").word(wish.trim()).ok().await;
    let declined = wardgate(&gateway, "credits top-up 1 --quiet").ok().await;
    account("credits decline --reason no").word(declined.trim()).ok().await;
    assert!(wardgate(&gateway, "credits purchases --status failed").ok().await.contains(declined.trim()));
    assert!(wardgate(&gateway, "credits transactions").ok().await.contains("welcome"));
    assert_eq!(wardgate(&gateway, "credits balance").ok().await, "75.50 USD\n");

    wardgate(&gateway, "gateway-config update --total-timeout 90s --max-output-tokens 4096").ok().await;
    let config = wardgate(&gateway, "gateway-config get").json().await;
    assert_eq!((&config["totalTimeout"], &config["maxOutputTokens"]), (&json!("90s"), &json!(4096)));
    let audit = wardgate(&gateway, "audit --since 1h --action gateway_config.").ok().await;
    assert!(audit.contains("gateway_config.update"), "{audit}");
    wardgate(&gateway, "audit --scope gateway --account default").ok().await;
    wardgate(&gateway, "models").ok().await;
    assert!(wardgate(&gateway, "completions bash").ok().await.contains("access-key"));
}
