//! Prepaid credits are spent, and then there are none: on either database, whoever is killed, and until the operator adds some.

use super::*;
use std::time::Instant;

/// How soon what the operator says is in force.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(2);

/// What the operator does for the first account.
async fn operate(gateway: &Gateway, method: &str, path: &str, body: Value) {
    let account = gateway.manage("GET".parse().unwrap(), "/account", None).await.json()["id"].as_str().unwrap().to_owned();
    let answer = if path == "/credits" {
        let authorization = format!("Bearer {}", gateway.operator_key());
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("x-wardgate-account", account.as_str()),
        ];
        gateway.admin().send(method.parse().unwrap(), path, &headers, body.to_string()).await
    } else {
        gateway.operate(method, &format!("/accounts/{account}"), Some(&body)).await
    };
    assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text());
}

async fn prepaid(gateway: &Gateway, scope: Value) {
    operate(gateway, "PATCH", "/accounts", json!({"prepaid": scope})).await;
}

async fn top_up(gateway: &Gateway, cents: u64) {
    operate(gateway, "POST", "/credits", json!({"amountCents": cents, "category": "purchase"})).await;
}

/// Waits for a status, and says that it came in time.
async fn soon(what: &str, gateway: &Gateway, status: u16) {
    let begun = Instant::now();
    until(what, DEADLINE, async || dear(Dialect::Chat).send(gateway).await.status == status).await;
    assert!(begun.elapsed() < IN_FORCE_WITHIN, "{what} took {:?}", begun.elapsed());
}

async fn told(gateway: &Gateway, path: &str) -> Value {
    let authorization = format!("Bearer {}", gateway.key().token);
    let answer = gateway.client().send("GET".parse().unwrap(), path, &[("authorization", &authorization)], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn balance(gateway: &Gateway) -> Value {
    gateway.manage("GET".parse().unwrap(), "/credits/balance", None).await.json()
}

async fn are_spent(gateway: &Gateway, upstream: &Upstream) {
    add_providers(gateway, upstream).await;
    assert_eq!(dear(Dialect::Chat).send(gateway).await.status, 200, "nothing is prepaid yet");
    prepaid(gateway, json!("managed")).await;
    assert_eq!(dear(Dialect::Chat).send(gateway).await.status, 200, "with a key of its own, an account pays the provider");
    let before = upstream.seen().len();
    // Credits pay for what the ledger gets from then on.
    gateway.usage(2).await;
    prepaid(gateway, json!("everything")).await;
    soon("the first refusal", gateway, 402).await;
    top_up(gateway, 3).await;
    soon("the first credits", gateway, 200).await;
    for _ in 1..5 {
        assert_eq!(dear(Dialect::Chat).send(gateway).await.status, 200);
    }
    for dialect in DIALECTS {
        let refused = dear(dialect).send(gateway).await;
        let body = refused.json();
        assert_eq!((refused.status, dialect.error_code(&body).as_str()), (402, "insufficient_credits"), "{}", refused.text());
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("0.006") && message.contains("credits"), "{message}");
    }
    let asked = upstream.seen().len() - before;
    assert_eq!(asked, 5, "a refused request reached the provider");
    // What costs nothing passes, also as a fallback of what costs something.
    assert_eq!(Ask::new(Dialect::Chat, "up:free").send(gateway).await.status, 200);
    assert_eq!(dear(Dialect::Chat).or(&["up:free"]).send(gateway).await.header("x-wardgate-provider"), "up");
    for path in ["/v1/credits", "/api/v1/credits"] {
        let expected = json!({"data": {"total_credits": 0.03, "total_usage": 0.03}});
        until("the ledger to have it", DEADLINE, async || told(gateway, path).await == expected).await;
    }
    assert_eq!(balance(gateway).await, json!({"balanceCents": 0, "balance": "0.00000", "spent": "0.03000"}));
    top_up(gateway, 1).await;
    soon("more credits", gateway, 200).await;
    assert_eq!(dear(Dialect::Chat).send(gateway).await.status, 402);
    // Who need not pay beforehand any more is refused nothing, and is owed what is left.
    prepaid(gateway, Value::Null).await;
    soon("nothing to be prepaid", gateway, 200).await;
    until("the ledger to have it", DEADLINE, async || balance(gateway).await["spent"] == "0.03600").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let upstream = upstream().await;
    are_spent(&dev().start().await, &upstream).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let (postgres, upstream) = (Postgres::shared().await, upstream().await);
    let cluster = Cluster::on(postgres.database());
    are_spent(&cluster.setup().start().await, &upstream).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_spend_no_more_than_there_is() {
    let upstream = upstream().await;
    let gateway = dev().start().await;
    add_providers(&gateway, &upstream).await;
    prepaid(&gateway, json!("everything")).await;
    top_up(&gateway, 30).await;
    soon("the credits", &gateway, 200).await;
    let answers = storm(std::slice::from_ref(&gateway), gateway.key(), 200).await;
    assert_eq!((1 + answered(&answers), spent(&upstream)), (50, 300), "all of it is spent, and no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_gateways_spend_no_more_than_there_is_also_when_one_is_killed() {
    let (postgres, upstream) = (Postgres::shared().await, upstream().await);
    let cluster = Cluster::on(postgres.database());
    let mut gateways = vec![cluster.setup().start().await];
    add_providers(&gateways[0], &upstream).await;
    prepaid(&gateways[0], json!("everything")).await;
    top_up(&gateways[0], 100).await;
    let key = gateways[0].create_key("app").await;
    for _ in 0..2 {
        gateways.push(cluster.setup().start().await);
    }
    for gateway in &gateways {
        until("the key", DEADLINE, async || Ask::new(Dialect::Chat, "up:free").key(&key).send(gateway).await.status == 200)
            .await;
    }
    one_of_them_is_killed(gateways, &key, &upstream).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_and_started_again_gives_nothing_out_twice() {
    let upstream = upstream().await;
    let mut gateway = dev().start().await;
    add_providers(&gateway, &upstream).await;
    prepaid(&gateway, json!("everything")).await;
    top_up(&gateway, 100).await;
    soon("the credits", &gateway, 200).await;
    for round in 1..4 {
        let killing = async {
            upstream.wait_for_requests(round * 20).await;
            gateway.kill().await;
        };
        tokio::join!(storm(std::slice::from_ref(&gateway), gateway.key(), 60), killing);
        let (data, key) = (gateway.data(), gateway.key().clone());
        drop(gateway.ended().await);
        gateway = dev().on_data(data, 0).replica().start().await;
        until("the key", DEADLINE, async || Ask::new(Dialect::Chat, "up:free").key(&key).send(&gateway).await.status == 200)
            .await;
    }
    answered(&storm(std::slice::from_ref(&gateway), gateway.key(), 250).await);
    let spent = spent(&upstream);
    assert!((500..=1_000).contains(&spent), "{spent} thousandths of a dollar were spent");
}
