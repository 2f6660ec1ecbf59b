//! Callers are held to their tiers, and are told which limit it was, whose, and when to come back.

mod beneath;

use crate::scene::listed;
use crate::{ask, dev, gateway, started};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use wardgate_testkit::{Answer, DEADLINE, Dialect, Gate, Gateway, Key, Redis, Reply, Setup, Upstream, until};

/// A tier of these limits.
async fn make_tier(gateway: &Gateway, name: &str, limits: Value) -> String {
    let mut body = limits;
    body["name"] = name.into();
    let answer = gateway.operate("POST", "/tiers", Some(&body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Puts the gateway's first account on a tier.
async fn place_account(gateway: &Gateway, tier: &str) {
    let accounts = gateway.operate("GET", "/accounts", None).await.json();
    let id = accounts["accounts"][0]["id"].as_str().unwrap().to_owned();
    let answer = gateway.operate("PATCH", &format!("/accounts/{id}"), Some(&json!({"tier": tier}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A team on a tier, and a key of it.
async fn make_team(gateway: &Gateway, name: &str, tier: &str) -> Key {
    let post =
        |target: &'static str, body: Value| async move { gateway.manage("POST".parse().unwrap(), target, Some(&body)).await };
    let team = post("/teams", json!({"name": name, "tier": tier})).await;
    assert_eq!(team.status, 201, "{}", team.text());
    let key = post("/access-keys", json!({"name": "a key", "teamId": team.json()["id"]})).await;
    assert_eq!(key.status, 201, "{}", key.text());
    let text = |field: &str| key.json()[field].as_str().unwrap().to_owned();
    Key { id: text("id"), token: text("token") }
}

/// Both dialects, whichever is asked.
async fn upstream() -> Upstream {
    Upstream::scripted(|seen| {
        let dialect = Dialect::ALL.into_iter().find(|dialect| seen.target.ends_with(dialect.path())).unwrap();
        Reply::says(dialect, "hello")
    })
    .await
}

/// What a refused client is told, whatever its dialect.
fn check_refusal(dialect: Dialect, answer: &Answer, limit: &str, owner: &str) {
    let body = answer.json();
    let error = &body["error"];
    assert_eq!((answer.status, error["type"].as_str()), (429, Some("rate_limit_error")), "{}", answer.text());
    assert_eq!((dialect.error_code(&body).as_str(), error["origin"].as_str()), ("rate_limited", Some("gateway")));
    assert_eq!(body["type"].as_str(), (dialect == Dialect::Messages).then_some("error"));
    let told = &body["rate_limit"];
    assert_eq!((told["limit"].as_str(), told["owner"].as_str()), (Some(limit), Some(owner)), "{body}");
    let retry_after = answer.header("retry-after").parse::<u64>().unwrap();
    assert!(retry_after >= 1 && told["retry_after_seconds"] == retry_after, "{body}");
    assert!(error["message"].as_str().unwrap().contains(&format!("try again in {retry_after} s")), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_an_account() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    make_tier(&gateway, "tiny", json!({"requestsPerMinute": 3})).await;
    place_account(&gateway, "tiny").await;
    for (dialect, remaining) in [(Dialect::Chat, "2"), (Dialect::Messages, "1"), (Dialect::Chat, "0")] {
        let answer = ask(dialect).send(&gateway).await;
        let names = match dialect {
            Dialect::Chat => ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
            _ => [
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ],
        };
        let [limit, left, reset] = names.map(|name| answer.header(name));
        assert_eq!((answer.status, limit, left), (200, "3", remaining));
        assert!(if dialect == Dialect::Chat { reset.ends_with('s') } else { reset.ends_with('Z') }, "{reset}");
    }
    for dialect in Dialect::ALL {
        let refused = ask(dialect).stream(true).send(&gateway).await;
        check_refusal(dialect, &refused, "requestsPerMinute", "account");
        let told = &refused.json()["rate_limit"];
        assert_eq!((&told["tier"], &told["max"], &told["remaining"]), (&json!("tiny"), &json!(3), &json!(0)));
    }
    assert_eq!(upstream.seen().len(), 3);
    let metrics = gateway.metrics().await;
    assert!(metrics.contains(r#"wardgate_rate_limited_total{limit="requestsPerMinute",owner="account"} 2"#), "{metrics}");
    assert!(metrics.contains(r#"wardgate_refusals_total{reason="rate_limited"} 2"#), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_limits_stand_is_told_of_failures_as_well() {
    let limits = json!({"requestsPerMinute": 1_000, "tokensPerMinute": 1_000_000});
    for (dialect, [requests, tokens]) in [
        (Dialect::Chat, ["x-ratelimit-limit-requests", "x-ratelimit-limit-tokens"]),
        (Dialect::Messages, ["anthropic-ratelimit-requests-limit", "anthropic-ratelimit-tokens-limit"]),
    ] {
        for (status, expected) in [(500, 502), (429, 429), (400, 400)] {
            let upstream = Upstream::always(Reply::json(status, &dialect.error("ill"))).await;
            let gateway = gateway(&upstream).await;
            make_tier(&gateway, "told", limits.clone()).await;
            place_account(&gateway, "told").await;
            let answer = ask(dialect).send(&gateway).await;
            assert_eq!((answer.status, answer.header(requests), answer.header(tokens)), (expected, "1000", "1000000"));
            assert_eq!(answer.header("retry-after").is_empty(), expected != 429, "{}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_team_within_its_account() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    make_tier(&gateway, "one", json!({"requestsPerDay": 1})).await;
    make_tier(&gateway, "three", json!({"requestsPerMinute": 3})).await;
    place_account(&gateway, "three").await;
    let key = make_team(&gateway, "narrow", "one").await;
    let of_team = || ask(Dialect::Chat).key(&key);
    let first = of_team().send(&gateway).await;
    // The tightest is the one that is told.
    assert_eq!((first.status, first.header("x-ratelimit-limit-requests")), (200, "1"));
    for _ in 0..5 {
        check_refusal(Dialect::Chat, &of_team().send(&gateway).await, "requestsPerDay", "team");
    }
    // What was refused took nothing of the account.
    for expected in [200, 200, 429] {
        assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, expected);
    }
    assert_eq!(upstream.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_that_changes_counts_at_once() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let id = make_tier(&gateway, "grows", json!({"requestsPerMinute": 1})).await;
    place_account(&gateway, "grows").await;
    for expected in [200, 429] {
        assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, expected);
    }
    let changed = gateway.operate("PATCH", &format!("/tiers/{id}"), Some(&json!({"requestsPerMinute": 10}))).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let answer = ask(Dialect::Chat).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-ratelimit-remaining-requests")), (200, "8"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_given_back_when_clients_leave() {
    for dialect in Dialect::ALL {
        let gate = Gate::closed();
        let begin = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("first"));
        let upstream = Upstream::always(begin.wait_for(&gate).chunk(dialect.ending()).end()).await;
        let gateway = gateway(&upstream).await;
        make_tier(&gateway, "single", json!({"concurrentRequests": 1})).await;
        place_account(&gateway, "single").await;
        let ask = || ask(dialect).stream(true);
        for _ in 0..3 {
            let mut streaming = ask().open(&gateway).await;
            let _ = streaming.read_until("first").await;
            let refused = ask().send(&gateway).await;
            check_refusal(dialect, &refused, "concurrentRequests", "account");
            assert_eq!(refused.header("retry-after"), "1");
            drop(streaming);
            until("nobody inside", DEADLINE, async || gateway.metric("wardgate_requests_in_flight").await == 0).await;
        }
        gate.open();
        assert_eq!(ask().send(&gateway).await.status, 200);
        assert_eq!(ask().send(&gateway).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_count_as_they_were_used() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    make_tier(&gateway, "frugal", json!({"tokensPerMinute": 150})).await;
    place_account(&gateway, "frugal").await;
    // Each reserves the most that it may answer, and uses 15.
    let ask = || ask(Dialect::Chat).field("max_tokens", 40);
    let mut admitted = 0;
    let refused = loop {
        let answer = ask().send(&gateway).await;
        if answer.status != 200 {
            break answer;
        }
        assert_eq!(answer.header("x-ratelimit-limit-tokens"), "150");
        admitted += 1;
    };
    check_refusal(Dialect::Chat, &refused, "tokensPerMinute", "account");
    assert!((5..=8).contains(&admitted), "{admitted}");
    // A failure used nothing.
    assert_eq!(upstream.seen().len(), admitted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_bounded_by_tier() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    make_tier(&gateway, "small", json!({"bodyBytesMax": 1_000})).await;
    place_account(&gateway, "small").await;
    for dialect in Dialect::ALL {
        let large = ask(dialect).field("x", "x".repeat(1_000)).send(&gateway).await;
        assert_eq!((large.status, dialect.error_code(&large.json()).as_str()), (413, "body_too_large"));
        assert!(large.text().contains("1000 bytes, the most that the tier small allows"), "{}", large.text());
        assert_eq!(ask(dialect).send(&gateway).await.status, 200);
    }
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_free_tier_holds_what_costs_nothing() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    gateway.add_provider_key("openai", "sk-nobody-takes-this-one").await;
    let has_paid = async || listed(&gateway, gateway.key()).await.contains(&"gpt-4o".to_owned());
    assert!(has_paid().await);
    place_account(&gateway, "free").await;
    assert!(!has_paid().await, "it is not listed");
    for dialect in Dialect::ALL {
        let model = if dialect == Dialect::Chat { "openai:gpt-4o" } else { "anthropic:claude-opus-5-5" };
        if dialect == Dialect::Messages {
            gateway.add_provider_key("anthropic", "sk-nor-this-one").await;
        }
        let paid = wardgate_testkit::Ask::new(dialect, model).send(&gateway).await;
        assert_eq!((paid.status, dialect.error_code(&paid.json()).as_str()), (403, "model_not_in_tier"), "{}", paid.text());
        let fallback = wardgate_testkit::Ask::new(dialect, model).or(&["up:some-model"]).send(&gateway).await;
        assert_eq!((fallback.status, fallback.header("x-wardgate-skipped-models")), (200, model));
        assert_eq!(fallback.header("x-wardgate-attempts"), "1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_that_nobody_knows_is_the_strictest() {
    let upstream = upstream().await;
    let directory = tempfile::tempdir().unwrap();
    let tiers = directory.path().join("tiers.yaml");
    std::fs::write(&tiers, "gold: {requestsPerMinute: 5000}\n").unwrap();
    let first = started(dev().with("--tiers-file", &tiers), &upstream).await;
    place_account(&first, "gold").await;
    assert_eq!(ask(Dialect::Chat).send(&first).await.header("x-ratelimit-limit-requests"), "5000");
    first.settle().await;
    let data = first.data();
    first.terminate().await;
    assert!(first.ended().await.0.success());
    let second = dev().on_data(data, 1).start().await;
    let answer = ask(Dialect::Chat).send(&second).await;
    assert_eq!((answer.status, answer.header("x-ratelimit-limit-requests")), (200, "20"));
    assert!(second.log_text().contains("there is no such tier"), "{}", second.log_text());
}

/// Gateways that know one account and one key, each on a copy of the first one's database.
async fn three_alike(upstream: &Upstream, tier: Value, options: impl Fn(Setup) -> Setup) -> Vec<Gateway> {
    let first = started(dev(), upstream).await;
    make_tier(&first, "shared", tier).await;
    place_account(&first, "shared").await;
    let data = first.data();
    first.terminate().await;
    assert!(first.ended().await.0.success());
    let mut gateways = Vec::new();
    for _ in 0..3 {
        let copy = Arc::new(tempfile::tempdir().unwrap());
        let (from, to) = (data.path().join("data"), copy.path().join("data"));
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
        gateways.push(options(dev()).on_data(copy, 0).start().await);
    }
    gateways
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_count_together() {
    let (upstream, redis) = (upstream().await, Redis::start().await);
    // What comes back of it during the test is less than one.
    let tier = json!({"requestsPerDay": 40});
    let together = |setup: Setup| setup.with("--redis-url", redis.url()).with("--redis-timeout", "5s").with("--gateways", "3");
    let gateways = three_alike(&upstream, tier, together).await;
    let (mut admitted, mut refused) = (0, 0);
    for (gateway, asks) in gateways.iter().zip([45, 10, 5]) {
        for _ in 0..asks {
            match ask(Dialect::Chat).send(gateway).await.status {
                200 => admitted += 1,
                429 => refused += 1,
                status => panic!("{status}"),
            }
        }
        assert_eq!(gateway.metric("wardgate_limits_together").await, 1);
    }
    assert_eq!((admitted, refused, upstream.seen().len()), (40, 20, 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_not_waited_for() {
    let (upstream, redis) = (upstream().await, Redis::start().await);
    for (away, status) in [("share", 200), ("refuse", 503)] {
        let setup = dev().with("--redis-url", redis.url()).with("--redis-away", away).with("--gateways", "2");
        let gateway = started(setup, &upstream).await;
        make_tier(&gateway, "wide", json!({"requestsPerMinute": 1_000_000})).await;
        place_account(&gateway, "wide").await;
        let is_together = async || gateway.metric("wardgate_limits_together").await == 1;
        until("counting together", DEADLINE, is_together).await;
        redis.freeze().await;
        until("the loss is noticed", DEADLINE, async || {
            let answer = ask(Dialect::Chat).send(&gateway).await;
            assert!([200, status].contains(&answer.status));
            !is_together().await
        })
        .await;
        let started = std::time::Instant::now();
        for _ in 0..20 {
            let answer = ask(Dialect::Chat).send(&gateway).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            let limit = if status == 200 { "500000" } else { "" };
            assert_eq!(answer.header("x-ratelimit-limit-requests"), limit);
            if status == 503 {
                assert_eq!(answer.header("retry-after"), "1");
                assert_eq!(Dialect::Chat.error_code(&answer.json()), "limits_unavailable");
            }
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        redis.thaw().await;
        until("counting together again", DEADLINE, is_together).await;
        until("an answer of the server", DEADLINE, async || {
            ask(Dialect::Chat).send(&gateway).await.header("x-ratelimit-limit-requests") == "1000000"
        })
        .await;
        let log = gateway.log_text();
        assert!(log.contains("the shared counters are away"), "{log}");
    }
}
