//! The operator's webhook hears of a soft limit, once, with a signature, whatever the receiver does at first.

use super::*;
use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use wardgate_testkit::{Database, Seen, Setup};

const SECRET: &str = "a secret of the operator's own";

/// A gateway that tells this receiver.
fn telling(url: &str, files: &Path) -> Setup {
    told(dev(), url, files)
}

fn told(setup: Setup, url: &str, files: &Path) -> Setup {
    let secret = files.join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    setup.with("--webhook-url", url).with("--webhook-secret-file", &secret).with("--webhook-timeout", "500ms")
}

/// A receiver that does this at first, so many times, and then takes what comes.
async fn receiver(count: usize, at_first: fn() -> Reply) -> Upstream {
    let calls = Arc::new(AtomicUsize::new(0));
    Upstream::scripted(
        move |_| {
            if calls.fetch_add(1, Ordering::Relaxed) < count { at_first() } else { Reply::json(200, &json!({})) }
        },
    )
    .await
}

fn header<'s>(seen: &'s Seen, name: &str) -> &'s str {
    seen.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.as_str())
}

/// What was told, after a look at its signature.
fn event(seen: &Seen) -> Value {
    let (id, at) = (header(seen, "webhook-id"), header(seen, "webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = hmac::sign(&key, format!("{id}.{at}.{}", seen.text()).as_bytes());
    assert_eq!(header(seen, "webhook-signature"), format!("v1,{}", Base64::encode_string(signed.as_ref())));
    assert_eq!((seen.method.as_str(), header(seen, "content-type")), ("POST", "application/json"));
    let event: Value = serde_json::from_str(&seen.text()).unwrap();
    assert_eq!(event["id"], id);
    event
}

async fn pass_the_limit(gateway: &Gateway, upstream: &Upstream) -> String {
    add_providers(gateway, upstream).await;
    let id = budget(gateway, "soft", json!({"softLimit": "0.01", "hardLimit": "5"})).await;
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(dear(Dialect::Chat).send(gateway).await.status, 200);
        assert!(begun.elapsed() < Duration::from_secs(2), "a request waited for it: {:?}", begun.elapsed());
    }
    id
}

async fn until_delivered(gateway: &Gateway, events: usize) {
    let line = format!(r#"wardgate_webhooks_total{{result="delivered"}} {events}"#);
    until("the events to be delivered", DEADLINE, async || gateway.metrics().await.contains(&line)).await;
}

async fn is_told_after(failures: usize, at_first: fn() -> Reply) {
    let (upstream, receiver, files) = (upstream().await, receiver(failures, at_first).await, tempfile::tempdir().unwrap());
    let gateway = telling(&format!("{}/hooks?of=money", receiver.url()), files.path()).start().await;
    let id = pass_the_limit(&gateway, &upstream).await;
    until_delivered(&gateway, 1).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), failures + 1);
    let events: Vec<Value> = seen.iter().map(event).collect();
    assert!(events.iter().all(|event| *event == events[0]), "what is sent again is the same");
    let told = &events[0];
    assert_eq!((told["type"].as_str(), seen[0].target.as_str()), (Some("budget.soft_limit_passed"), "/hooks?of=money"));
    let told_of = &told["budget"];
    assert_eq!((&told_of["id"], &told_of["name"], &told_of["owner"]), (&json!(id), &json!("soft"), &json!("account")));
    assert_eq!(
        (&told_of["softLimit"], &told_of["hardLimit"], &told_of["window"]),
        (&json!("0.01"), &json!("5.00"), &json!("month"))
    );
    // It is not told again when more is spent: what is told next is of the limit that is passed next.
    let next = budget(&gateway, "next", json!({"softLimit": "0.01", "hardLimit": "5"})).await;
    assert_eq!(dear(Dialect::Chat).send(&gateway).await.status, 200);
    until_delivered(&gateway, 2).await;
    let seen = receiver.seen();
    assert_eq!((seen.len(), &event(&seen[failures + 1])["budget"]["id"]), (failures + 2, &json!(next)));
    assert!(!gateway.log_text().contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_once() {
    is_told_after(0, || Reply::json(200, &json!({}))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_twice_is_told_again() {
    is_told_after(2, || Reply::json(503, &json!({}))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_is_told_again() {
    is_told_after(1, || Reply::silence().hang()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_taken_is_sent_by_the_next_start() {
    let (upstream, deaf, files) =
        (upstream().await, receiver(99, || Reply::json(500, &json!({}))).await, tempfile::tempdir().unwrap());
    let gateway = telling(deaf.url(), files.path()).start().await;
    pass_the_limit(&gateway, &upstream).await;
    until("the first try", DEADLINE, async || !deaf.seen().is_empty()).await;
    gateway.kill().await;
    let data = gateway.data();
    drop(gateway.ended().await);
    let receiver = receiver(0, Reply::silence).await;
    let next = telling(receiver.url(), files.path()).on_data(data, 0).replica().start().await;
    until_delivered(&next, 1).await;
    assert_eq!(event(&receiver.seen()[0])["id"], event(&deaf.seen()[0])["id"]);
}

/// Refuses every note that a soft limit was passed.
const REFUSE_NOTES: &str = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON soft_limits_passed EXECUTE FUNCTION refuse()";

/// Counts who wants to note it.
const COUNT_NOTES: &str = "CREATE TABLE asked (at TIMESTAMPTZ);
    CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO asked VALUES (now()); RETURN NULL; END $$;
    CREATE TRIGGER ask BEFORE INSERT ON soft_limits_passed EXECUTE FUNCTION ask()";

/// The note is there all the same: it was made, and its answer was lost.
fn lose_the_answer(database: &Database, event: &str) {
    let start = event.strip_suffix(".json").unwrap().rsplit_once('-').unwrap().1;
    let note = format!("INSERT INTO soft_limits_passed SELECT id, {start} * 1000000::bigint FROM budgets");
    database.run(&format!("DROP TRIGGER refuse ON soft_limits_passed; {note}"));
}

/// What a gateway keeps for the webhook.
fn kept(gateway: &Gateway) -> Vec<String> {
    let files = std::fs::read_dir(gateway.data().path().join("data/webhooks")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".json")).collect()
}

/// A gateway that has seen a limit passed, and cannot note it.
async fn about_to_tell(database: &Database, setup: Setup, upstream: &Upstream) -> (Gateway, String) {
    let gateway = setup.start().await;
    database.run(REFUSE_NOTES);
    pass_the_limit(&gateway, upstream).await;
    until("what is to be told", DEADLINE, async || !kept(&gateway).is_empty()).await;
    let kept = kept(&gateway);
    assert_eq!(kept.len(), 1, "{kept:?}");
    (gateway, kept[0].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_noted_as_told_is_told_by_the_next_start_after_a_kill() {
    let (postgres, upstream, files) = (Postgres::shared().await, upstream().await, tempfile::tempdir().unwrap());
    let receiver = receiver(0, Reply::silence).await;
    let cluster = Cluster::on(postgres.database());
    let setup = || told(cluster.setup(), receiver.url(), files.path());
    let (gateway, event_file) = about_to_tell(cluster.database(), setup(), &upstream).await;
    gateway.kill().await;
    let data = gateway.data();
    drop(gateway.ended().await);
    lose_the_answer(cluster.database(), &event_file);
    let next = setup().on_data(data, 0).start().await;
    until_delivered(&next, 1).await;
    // The account is in use again, so its limits are looked at: there is nothing more to tell of this one.
    assert_eq!(dear(Dialect::Chat).send(&next).await.status, 200);
    let other = budget(&next, "next", json!({"softLimit": "0.01", "hardLimit": "5"})).await;
    assert_eq!(dear(Dialect::Chat).send(&next).await.status, 200);
    until_delivered(&next, 2).await;
    let told: Vec<Value> = receiver.seen().iter().map(event).collect();
    assert_eq!((told.len(), &told[1]["budget"]["id"]), (2, &json!(other)));
    assert_eq!(format!("{}.json", told[0]["id"].as_str().unwrap()), event_file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_whose_answer_was_lost_is_told() {
    let (postgres, upstream, files) = (Postgres::shared().await, upstream().await, tempfile::tempdir().unwrap());
    let receiver = receiver(0, Reply::silence).await;
    let cluster = Cluster::on(postgres.database());
    let setup = told(cluster.setup(), receiver.url(), files.path());
    let (gateway, event_file) = about_to_tell(cluster.database(), setup, &upstream).await;
    assert!(receiver.seen().is_empty(), "it was told before it was noted");
    lose_the_answer(cluster.database(), &event_file);
    until_delivered(&gateway, 1).await;
    until("nothing to be kept", DEADLINE, async || kept(&gateway).is_empty()).await;
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_gateways_tells_it() {
    let (postgres, upstream, files) = (Postgres::shared().await, upstream().await, tempfile::tempdir().unwrap());
    let receiver = receiver(0, Reply::silence).await;
    let cluster = Cluster::on(postgres.database());
    let setup = || told(cluster.setup(), receiver.url(), files.path());
    let mut gateways = vec![setup().start().await];
    add_providers(&gateways[0], &upstream).await;
    let key = gateways[0].create_key("app").await;
    let id = budget(&gateways[0], "soft", json!({"softLimit": "0.01", "hardLimit": "5"})).await;
    gateways.extend([setup().start().await, setup().start().await]);
    cluster.database().run(COUNT_NOTES);
    until("each gateway to have seen it", DEADLINE, async || {
        for gateway in &gateways {
            assert_eq!(dear(Dialect::Chat).key(&key).send(gateway).await.status, 200);
        }
        cluster.database().run("SELECT count(*) FROM asked") == "3"
    })
    .await;
    until("nothing to be kept", DEADLINE, async || gateways.iter().all(|gateway| kept(gateway).is_empty())).await;
    let told: Vec<Value> = receiver.seen().iter().map(event).collect();
    assert_eq!((told.len(), &told[0]["budget"]["id"]), (1, &json!(id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_no_provider_may_have_are_not_called() {
    let (upstream, files) = (upstream().await, tempfile::tempdir().unwrap());
    for url in ["http://169.254.169.254/latest", "https://[fe80::1]/", "http://10.1.2.3/"] {
        let gateway = telling(url, files.path()).start().await;
        pass_the_limit(&gateway, &upstream).await;
        until("the refusal", DEADLINE, async || gateway.log_text().contains("may not be called from here")).await;
    }
}
