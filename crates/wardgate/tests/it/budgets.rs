//! Budgets hold to the cent: on one gateway and on several, whoever is killed, and while the database is away.

mod credits;
mod webhook;

use crate::{dev, replicas::Cluster};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gate, Gateway, Key, Postgres, Reply, Upstream, until};

/// What one request for [`PRICED`] costs, in thousandths of a dollar: three tokens of output, as every reply of the testkit says.
const MILLI_USD: usize = 6;

const DIALECTS: [Dialect; 2] = [Dialect::Chat, Dialect::Messages];

const PRICED: &str = "priced:dear";

/// A provider whose one model costs so much, and another whose models cost nothing.
async fn add_providers(gateway: &Gateway, upstream: &Upstream) {
    let surfaces = json!([{"format": "openai"}, {"format": "anthropic"}]);
    let models = json!([{"modelId": "dear", "inputPrice": "0", "outputPrice": "2000"}]);
    let body = json!({"providerId": "priced", "name": "Priced", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces, "models": models});
    made(gateway, "/providers", &body).await;
    gateway.add_provider("up", upstream.url()).await;
}

async fn made(gateway: &Gateway, path: &str, body: &Value) -> Value {
    let answer = gateway.manage("POST".parse().unwrap(), path, Some(body)).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    answer.json()
}

async fn upstream() -> Upstream {
    Upstream::scripted(|seen| {
        let dialect = DIALECTS.into_iter().find(|dialect| seen.target.ends_with(dialect.path())).unwrap();
        Reply::says(dialect, "hello")
    })
    .await
}

/// As many tokens of output as it gets, so that what is reserved is what it costs.
fn dear(dialect: Dialect) -> Ask {
    Ask::new(dialect, PRICED).field("max_tokens", 3)
}

async fn budget(gateway: &Gateway, name: &str, fields: Value) -> String {
    let mut body = json!({"name": name, "window": "month"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    made(gateway, "/budgets", &body).await["id"].as_str().unwrap().to_owned()
}

async fn shown(gateway: &Gateway, id: &str) -> Value {
    gateway.manage("GET".parse().unwrap(), &format!("/budgets/{id}"), None).await.json()
}

fn check_refused(dialect: Dialect, answer: &Answer, name: &str, owner: &str) {
    let body = answer.json();
    let kind = if dialect == Dialect::Messages { "billing_error" } else { "insufficient_quota" };
    assert_eq!((answer.status, body["error"]["type"].as_str()), (402, Some(kind)), "{}", answer.text());
    assert_eq!((dialect.error_code(&body).as_str(), &body["error"]["origin"]), ("budget_exceeded", &json!("gateway")));
    let budget = &body["budget"];
    assert_eq!((&budget["name"], &budget["owner"]), (&json!(name), &json!(owner)), "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.ends_with(&format!("(too dear: {PRICED})")), "{message}");
    for told in [name, budget["remaining"].as_str().unwrap(), budget["resets_at"].as_str().unwrap_or_default()] {
        assert!(message.contains(told), "{told:?} is missing: {message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_apply_hold() {
    let upstream = upstream().await;
    let gateway = dev().start().await;
    add_providers(&gateway, &upstream).await;
    let key = gateway.create_key("narrow").await;
    let all = budget(&gateway, "all", json!({"hardLimit": "0.027"})).await;
    let narrow = budget(&gateway, "of the key", json!({"hardLimit": "0.013", "accessKeyId": key.id, "window": "day"})).await;
    for dialect in DIALECTS {
        assert_eq!(dear(dialect).key(&key).send(&gateway).await.status, 200);
    }
    for dialect in DIALECTS {
        check_refused(dialect, &dear(dialect).key(&key).stream(true).send(&gateway).await, "of the key", "key");
    }
    // What it lacks, another key has; until all of the account's is spent.
    for _ in 0..2 {
        assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 200);
    }
    check_refused(Dialect::Chat, &dear(Dialect::Chat).send(&gateway).await, "all", "account");
    assert_eq!(upstream.seen().len(), 4, "a refused request reached the provider");
    // What costs nothing passes, also as a fallback of what costs something.
    assert_eq!(Ask::new(Dialect::Chat, "up:free").send(&gateway).await.status, 200);
    let answer = dear(Dialect::Chat).or(&["up:free"]).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "up"), "{}", answer.text());
    let metrics = gateway.metrics().await;
    for line in
        [r#"wardgate_over_budget_total{owner="key",window="day"} 2"#, r#"wardgate_refusals_total{reason="budget_exceeded"} 3"#]
    {
        assert!(metrics.contains(line), "{line} is missing: {metrics}");
    }
    until("the ledger to have it", DEADLINE, async || shown(&gateway, &all).await["spent"] == "0.024").await;
    assert_eq!(shown(&gateway, &narrow).await["spent"], "0.012");
    // What OpenRouter's clients are told of the key.
    let authorization = format!("Bearer {}", key.token);
    until("the key's limit", DEADLINE, async || {
        let headers = [("authorization", authorization.as_str())];
        let told = gateway.client().send("GET".parse().unwrap(), "/api/v1/key", &headers, "").await.json()["data"].clone();
        assert_eq!((&told["limit"], &told["limit_reset"]), (&json!(0.013), &json!("daily")), "{told}");
        told["limit_remaining"] == json!(0.001) && told["usage"] == json!(0.012)
    })
    .await;
    // A limit that is raised is in force at once.
    let raised =
        gateway.manage("PATCH".parse().unwrap(), &format!("/budgets/{all}"), Some(&json!({"hardLimit": "0.03"}))).await;
    assert_eq!(raised.status, 200, "{}", raised.text());
    until("the raised limit", DEADLINE, async || dear(Dialect::Chat).send(&gateway).await.status == 200).await;
    check_refused(Dialect::Chat, &dear(Dialect::Chat).send(&gateway).await, "all", "account");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_reserved_comes_back() {
    let gate = Gate::closed();
    let held = gate.clone();
    let upstream = Upstream::scripted(move |seen| {
        let reply = Reply::says(Dialect::Chat, "hello");
        if seen.text().contains("please wait") { Reply::begin_stream().wait_for(&held).close() } else { reply }
    })
    .await;
    let gateway = dev().start().await;
    add_providers(&gateway, &upstream).await;
    budget(&gateway, "all", json!({"hardLimit": "0.013"})).await;
    // It asks for far more than it gets, so that nothing is left for others while it runs.
    let greedy = dear(Dialect::Chat).field("max_tokens", 6).field("user", "please wait").stream(true);
    let opened = tokio::spawn({
        let (client, (headers, body)) = (gateway.client(), greedy.parts(&gateway));
        async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            client.send("POST".parse().unwrap(), Dialect::Chat.path(), &headers, body).await
        }
    });
    upstream.wait_for_requests(1).await;
    assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 402);
    // The provider breaks off without a word, so nothing was used.
    gate.open();
    assert_ne!(opened.await.unwrap().status, 200);
    until("what was reserved to be free", DEADLINE, async || dear(Dialect::Chat).send(&gateway).await.status == 200).await;
    assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 200);
    assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 402);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_soft_limit_is_told_once() {
    let upstream = upstream().await;
    let gateway = dev().start().await;
    add_providers(&gateway, &upstream).await;
    budget(&gateway, "soft", json!({"softLimit": "0.01"})).await;
    for _ in 0..4 {
        assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 200);
    }
    let told = || gateway.log_text().matches("has passed its soft limit").count();
    until("the log line", DEADLINE, async || told() > 0).await;
    assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 200);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(told(), 1);
    assert!(gateway.metrics().await.contains(r#"wardgate_soft_limits_passed_total{owner="account"} 1"#));
}

/// Many requests at once, spread over gateways. Those whose gateway is killed are lost.
async fn storm(gateways: &[Gateway], key: &Key, count: usize) -> Vec<Answer> {
    let mut requests = JoinSet::new();
    for number in 0..count {
        let gateway = &gateways[number % gateways.len()];
        let (client, (headers, body)) = (gateway.client(), dear(Dialect::Chat).key(key).parts(gateway));
        requests.spawn(async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            client.send("POST".parse().unwrap(), Dialect::Chat.path(), &headers, body).await
        });
    }
    let mut answers = Vec::new();
    while let Some(done) = requests.join_next().await {
        answers.extend(done.ok());
    }
    answers
}

/// How many were answered, after a look at those that were not.
fn answered(answers: &[Answer]) -> usize {
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    for answer in &refused {
        assert_eq!(answer.status, 402, "{}", answer.text());
    }
    answers.len() - refused.len()
}

async fn three(postgres: &Postgres, upstream: &Upstream) -> (Cluster, Vec<Gateway>, Key) {
    let cluster = Cluster::on(postgres.database());
    let mut gateways = vec![cluster.setup().start().await];
    add_providers(&gateways[0], upstream).await;
    budget(&gateways[0], "a dollar", json!({"hardLimit": "1"})).await;
    let key = gateways[0].create_key("app").await;
    for _ in 0..2 {
        gateways.push(cluster.setup().start().await);
    }
    for gateway in &gateways {
        until("the key", DEADLINE, async || Ask::new(Dialect::Chat, "up:free").key(&key).send(gateway).await.status == 200)
            .await;
    }
    (cluster, gateways, key)
}

fn spent(upstream: &Upstream) -> usize {
    upstream.seen().iter().filter(|seen| seen.text().contains("dear")).count() * MILLI_USD
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_at_three_gateways_spend_no_more_than_the_dollar() {
    let (postgres, upstream) = (Postgres::shared().await, upstream().await);
    let (_cluster, gateways, key) = three(&postgres, &upstream).await;
    let answers = storm(&gateways, &key, 1_000).await;
    assert_eq!(answers.len(), 1_000);
    let spent = spent(&upstream);
    assert_eq!(answered(&answers) * MILLI_USD, spent);
    // On a busy machine one gateway may still hold a slice, which is a sixteenth at most, when the others' last requests are refused.
    assert!((800..=1_000).contains(&spent), "{spent} thousandths of a dollar were spent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_takes_nothing_from_the_bound() {
    let (postgres, upstream) = (Postgres::shared().await, upstream().await);
    let (_cluster, gateways, key) = three(&postgres, &upstream).await;
    one_of_them_is_killed(gateways, &key, &upstream).await;
}

/// Of three gateways that spend a dollar, the first is killed after forty requests: the others spend no more than is left of it.
async fn one_of_them_is_killed(mut gateways: Vec<Gateway>, key: &Key, upstream: &Upstream) {
    let killing = async {
        upstream.wait_for_requests(3 + 40).await;
        gateways[0].kill().await;
    };
    tokio::join!(storm(&gateways, key, 300), killing);
    drop(gateways.remove(0).ended().await);
    answered(&storm(&gateways, key, 300).await);
    let spent = spent(upstream);
    assert!((500..=1_000).contains(&spent), "{spent} thousandths of a dollar were spent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_what_is_held_is_spent_and_no_more() {
    let (postgres, upstream) = (Postgres::own().await, upstream().await);
    let cluster = Cluster::on(postgres.database());
    let gateway = cluster.setup().start().await;
    add_providers(&gateway, &upstream).await;
    budget(&gateway, "a dollar", json!({"hardLimit": "1"})).await;
    assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 200);
    postgres.stop();
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let answer = dear(Dialect::Chat).send(&gateway).await;
        if answer.status == 503 {
            assert_eq!(
                (Dialect::Chat.error_code(&answer.json()).as_str(), answer.header("retry-after")),
                ("budget_unavailable", "1")
            );
        }
        statuses.push(answer.status);
    }
    let served = statuses.iter().take_while(|status| **status == 200).count();
    assert!((1..20).contains(&served), "{statuses:?}");
    assert!(statuses[served..].iter().all(|status| *status == 503), "{statuses:?}");
    // What costs nothing goes on.
    assert_eq!(Ask::new(Dialect::Chat, "up:free").send(&gateway).await.status, 200);
    postgres.start();
    until("the budget to be known again", DEADLINE, async || dear(Dialect::Chat).send(&gateway).await.status == 200).await;
    // Until the ledger has what was spent meanwhile, that counts twice, so a refusal may come early; but not for ever.
    until("most of the dollar to be spent", DEADLINE, async || {
        let mut last = 200;
        while last == 200 {
            last = dear(Dialect::Chat).send(&gateway).await.status;
        }
        assert_eq!(last, 402);
        spent(&upstream) >= 900
    })
    .await;
    let more = storm(std::slice::from_ref(&gateway), gateway.key(), 30).await;
    assert!(answered(&more) < 30 && spent(&upstream) <= 1_000, "{}", spent(&upstream));
}
