//! Limits on each key, end user and model of whoever is on a tier.

use super::*;
use wardgate_testkit::Ask;

/// A question that says for which user it is, in the words of its dialect.
fn ask_for(dialect: Dialect, user: &str) -> Ask {
    match dialect {
        Dialect::Messages => ask(dialect).field("metadata", json!({"user_id": user})),
        _ => ask(dialect).field("user", user),
    }
}

/// Whom a refusal names.
fn owner_of(answer: &Answer) -> String {
    answer.json()["rate_limit"]["owner_id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_user_has_its_own_limit() {
    let upstream = upstream().await;
    for dialect in Dialect::ALL {
        let gateway = gateway(&upstream).await;
        make_tier(&gateway, "users", json!({"requestsPerDay": 6, "perEndUser": {"requestsPerMinute": 2}})).await;
        place_account(&gateway, "users").await;
        let before = upstream.seen().len();
        for left in ["1", "0"] {
            let answer = ask_for(dialect, "ann").send(&gateway).await;
            let name = if dialect == Dialect::Messages {
                "anthropic-ratelimit-requests-remaining"
            } else {
                "x-ratelimit-remaining-requests"
            };
            assert_eq!((answer.status, answer.header(name)), (200, left), "the tightest is told");
        }
        for _ in 0..3 {
            let refused = ask_for(dialect, "ann").send(&gateway).await;
            check_refusal(dialect, &refused, "requestsPerMinute", "end_user");
            assert_eq!((owner_of(&refused).as_str(), &refused.json()["rate_limit"]["tier"]), ("ann", &json!("users")));
        }
        // Another one, and nobody in particular, are not held by it; and what was refused took nothing of the account's six.
        for expected in [200, 200, 429] {
            assert_eq!(ask_for(dialect, "bea").send(&gateway).await.status, expected);
        }
        for expected in [200, 200, 429] {
            assert_eq!(ask(dialect).send(&gateway).await.status, expected);
        }
        assert_eq!(upstream.seen().len() - before, 6);
        let metrics = gateway.metrics().await;
        assert!(metrics.contains(r#"wardgate_rate_limited_total{limit="requestsPerMinute",owner="end_user"} 4"#), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shared_counters_are_not_told_who_an_end_user_is() {
    const NAME: &str = "ann@example.com";
    let (upstream, redis) = (upstream().await, Redis::start().await);
    let tier = json!({"perEndUser": {"requestsPerDay": 2, "tokensPerMinute": 10_000, "concurrentRequests": 9}});
    let together = |setup: Setup| setup.with("--redis-url", redis.url()).with("--redis-timeout", "5s").with("--gateways", "3");
    let gateways = three_alike(&upstream, tier, together).await;
    for gateway in &gateways[..2] {
        assert_eq!(ask_for(Dialect::Chat, NAME).send(gateway).await.status, 200);
    }
    // It is counted as one user all the same, told apart from others, and told to whoever asked on its behalf.
    let refused = ask_for(Dialect::Chat, NAME).send(&gateways[2]).await;
    check_refusal(Dialect::Chat, &refused, "requestsPerDay", "end_user");
    assert_eq!(owner_of(&refused), NAME);
    assert_eq!(ask_for(Dialect::Chat, "bea@example.com").send(&gateways[2]).await.status, 200);
    let keys = redis.ask("KEYS *").await;
    // What is held of places may or may not be given back by now.
    let counts = keys.lines().filter(|key| key.contains(":end_user:") && key.ends_with(":counts"));
    assert_eq!(counts.count(), 2, "{keys}");
    assert!(!keys.contains("example.com"), "{keys}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tightest_of_team_and_account_holds_each_key() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    make_tier(&gateway, "account", json!({"perKey": {"requestsPerDay": 3}, "perEndUser": {"requestsPerDay": 100}})).await;
    make_tier(&gateway, "team", json!({"perKey": {"requestsPerDay": 2}, "perEndUser": {"concurrentRequests": 5}})).await;
    place_account(&gateway, "account").await;
    let key = make_team(&gateway, "narrow", "team").await;
    for expected in [200, 200, 429] {
        assert_eq!(ask_for(Dialect::Chat, "ann").key(&key).send(&gateway).await.status, expected);
    }
    let refused = ask(Dialect::Chat).key(&key).send(&gateway).await;
    check_refusal(Dialect::Chat, &refused, "requestsPerDay", "key");
    assert_eq!((owner_of(&refused), &refused.json()["rate_limit"]["tier"]), (key.id.clone(), &json!("team")));
    for expected in [200, 200, 200, 429] {
        assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, expected, "the key of another team");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_model_has_its_own_limit_and_a_full_one_gives_way() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let tier = json!({"perModel": {"requestsPerDay": 2}, "models": {"up:Large": {"requestsPerDay": 1}}});
    make_tier(&gateway, "models", tier).await;
    place_account(&gateway, "models").await;
    let of = |model: &str| Ask::new(Dialect::Chat, model);
    for expected in [200, 429] {
        assert_eq!(of("up:large").send(&gateway).await.status, expected);
    }
    let refused = of("up:large").send(&gateway).await;
    check_refusal(Dialect::Chat, &refused, "requestsPerDay", "model");
    assert_eq!(owner_of(&refused), "up:large");
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("model (up:large)"), "{}", refused.text());
    // Whoever names another one gets that, as long as there is something left of it.
    for expected in [200, 200, 429] {
        let answer = of("up:large").or(&["up:small"]).send(&gateway).await;
        assert_eq!(answer.status, expected, "{}", answer.text());
    }
    assert_eq!(of("up:other").send(&gateway).await.status, 200);
    assert_eq!(upstream.seen().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_before_it_that_fails_is_no_way_around_a_limit() {
    let upstream = Upstream::scripted(|seen| {
        if seen.text().contains("broken") {
            Reply::json(500, &Dialect::Chat.error("broken"))
        } else {
            Reply::says(Dialect::Chat, "hello")
        }
    })
    .await;
    let gateway = gateway(&upstream).await;
    make_tier(&gateway, "models", json!({"models": {"up:large": {"requestsPerDay": 2, "tokensPerMinute": 1_000_000}}})).await;
    place_account(&gateway, "models").await;
    for (number, is_answered) in [true, true, false, false].into_iter().enumerate() {
        let answer = Ask::new(Dialect::Chat, &format!("up:broken-{number}")).or(&["up:large"]).send(&gateway).await;
        assert_eq!(answer.status == 200, is_answered, "{}", answer.text());
    }
    let asked_large = upstream.seen().iter().filter(|seen| !seen.text().contains("broken")).count();
    assert_eq!(asked_large, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_count_end_users_together() {
    let (upstream, redis) = (upstream().await, Redis::start().await);
    let tier = json!({"requestsPerMinute": 1_000_000, "perEndUser": {"requestsPerDay": 5}, "perModel": {"requestsPerDay": 12}});
    let together = |setup: Setup| setup.with("--redis-url", redis.url()).with("--redis-timeout", "5s").with("--gateways", "3");
    let gateways = three_alike(&upstream, tier, together).await;
    let mut owners = Vec::new();
    for user in ["ann", "bea", "cem"] {
        for number in 0..6 {
            let answer = ask_for(Dialect::Chat, user).send(&gateways[number % 3]).await;
            match answer.status {
                200 => owners.push("admitted".to_owned()),
                429 => owners.push(owner_of(&answer)),
                status => panic!("{status}: {}", answer.text()),
            }
        }
    }
    let count = |owner: &str| owners.iter().filter(|other| *other == owner).count();
    assert_eq!((count("admitted"), count("ann"), count("bea"), upstream.seen().len()), (12, 1, 1, 12), "{owners:?}");
    // The third one met the limit of the model before its own.
    assert_eq!(count("cem"), 0, "{owners:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_may_have_a_fee_of_its_own() {
    let upstream = upstream().await;
    let gateway = started(dev().with("--processing-fee", "1"), &upstream).await;
    let cost =
        async |key: &Key| ask(Dialect::Chat).key(key).send(&gateway).await.header("x-wardgate-cost").parse::<f64>().unwrap();
    let key = gateway.key().clone();
    // Fifteen tokens, at so many dollars for a million.
    assert_eq!(cost(&key).await, 0.000015);
    make_tier(&gateway, "dear", json!({"processingFee": "3"})).await;
    place_account(&gateway, "dear").await;
    until("the tier to be in force", DEADLINE, async || cost(&key).await == 0.000045).await;
    make_tier(&gateway, "waived", json!({"processingFee": "0", "managedMarkup": "7.5%"})).await;
    let waived = make_team(&gateway, "waived", "waived").await;
    assert_eq!((cost(&waived).await, cost(&key).await), (0.0, 0.000045));
    let shown = gateway.operate("GET", "/tiers", None).await.json();
    let tier = shown["tiers"].as_array().unwrap().iter().find(|tier| tier["name"] == "waived").unwrap();
    assert_eq!((&tier["managedMarkup"], &tier["processingFee"]), (&json!("7.5%"), &json!("0")));
}
