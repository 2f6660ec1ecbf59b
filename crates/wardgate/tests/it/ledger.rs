//! The ledger holds every attempt once, whatever becomes of the process, of its clients and of its disk.

use crate::{ask, dev, started};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use wardgate_testkit::{Ask, DEADLINE, Dialect, Gateway, Postgres, Reply, Setup, Upstream, until};

/// How often the gateway is killed, unless a longer trial says otherwise.
const ROUNDS: usize = 3;

/// How many requests of each kind are answered between two deaths.
const EACH: usize = 20;

/// What `cargo xtask trial ledger` sets.
const ROUNDS_VARIABLE: &str = "WARDGATE_TRIAL_ROUNDS";

/// Answers by the model: a whole stream, one that never ends, or an error.
async fn upstream() -> Upstream {
    Upstream::scripted(|seen| match seen.text() {
        text if text.contains("endless") => {
            Reply::begin_stream().chunk(Dialect::Chat.opening()).chunk(Dialect::Chat.content("some text")).hang()
        }
        text if text.contains("ill") => Reply::json(500, &Dialect::Chat.error("ill")),
        _ => Reply::streams(Dialect::Chat, &["some", "text"]),
    })
    .await
}

/// A request is known once its answer began, and is in the ledger once it ended; so the text is all that is waited for.
async fn complete(gateway: &Gateway, number: usize) -> String {
    let whole = if number.is_multiple_of(2) {
        Ask::new(Dialect::Chat, "up:whole")
    } else {
        Ask::new(Dialect::Chat, "up:ill").or(&["up:whole"])
    };
    let answer = whole.stream(true).send(gateway).await;
    assert!(answer.status == 200 && answer.text().contains("[DONE]"), "{}", answer.text());
    answer.header("x-wardgate-request-id").to_owned()
}

async fn abort(gateway: &Gateway) {
    let mut streaming = Ask::new(Dialect::Chat, "up:endless").stream(true).open(gateway).await;
    streaming.read_until("some text").await;
}

fn aborted(gateway: &Gateway) -> usize {
    gateway.log_text().matches("client_closed").count()
}

/// How often a gateway is killed: so often, or as a longer trial says.
#[expect(clippy::disallowed_methods, reason = "a trial is this test at another length")]
pub(crate) fn rounds(usual: usize) -> usize {
    std::env::var(ROUNDS_VARIABLE).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completed_and_aborted_requests_are_there_once_though_the_gateway_is_killed() {
    let upstream = upstream().await;
    let mut gateway = started(dev(), &upstream).await;
    let mut completed = BTreeSet::new();
    let rounds = rounds(ROUNDS);
    for _ in 0..rounds {
        for number in 0..EACH {
            abort(&gateway).await;
            completed.insert(complete(&gateway, number).await);
        }
        // An abort is written down when it is noticed, which nobody waits for.
        until("all aborts are noticed", DEADLINE, async || aborted(&gateway) >= EACH).await;
        // The last of them are in the journal and nowhere else.
        gateway.kill().await;
        let data = gateway.data();
        drop(gateway.ended().await);
        gateway = dev().on_data(data, 0).replica().start().await;
    }
    let requests = 2 * EACH * rounds;
    // Every other completed request took two attempts.
    let attempts = requests + EACH * rounds / 2;
    let mut stored = Vec::new();
    until("all attempts in the ledger", DEADLINE, async || {
        stored = gateway.stored_usage().await;
        stored.len() >= attempts
    })
    .await;
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    let mut by_request: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for event in &stored {
        let is_first = by_request.entry(text(event, "requestId")).or_default().insert(event["attemptNumber"].as_u64().unwrap());
        assert!(is_first, "an attempt is in the ledger twice: {event}");
    }
    assert_eq!((by_request.len(), stored.len()), (requests, attempts));
    let is_final = |event: &&Value| event["isFinalAttempt"] == true;
    assert_eq!(stored.iter().filter(is_final).count(), requests, "each request has one last attempt");
    let ended = |completion: &str| stored.iter().filter(is_final).filter(|event| event["completion"] == completion).count();
    assert_eq!((ended("succeeded"), ended("client_closed")), (requests / 2, requests / 2));
    assert!(completed.iter().all(|id| by_request.contains_key(id)));
    let overview = "/usage/overview?startTime=2020-01-01T00:00:00Z&groupBy=none&interval=all";
    let sums = gateway.manage("GET".parse().unwrap(), overview, None).await.json();
    assert_eq!(
        (&sums["totals"]["requests"], &sums["totals"]["attempts"]),
        (&requests.into(), &attempts.into()),
        "the sums agree"
    );
}

/// What `/readyz` says of the journal, and how many events the disk did not take.
async fn journal(gateway: &Gateway) -> (String, String) {
    let ready = gateway.admin().send("GET".parse().unwrap(), "/readyz", &[], "").await;
    assert_eq!(ready.status, 200, "requests are served on");
    let metrics = gateway.metrics().await;
    let unjournaled = metrics.lines().find_map(|line| line.strip_prefix("wardgate_usage_events_unjournaled_total "));
    (ready.json()["checks"]["journal"].as_str().unwrap_or_default().to_owned(), unjournaled.unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_nothing_is_told_and_costs_no_event() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = started(dev(), &upstream).await;
    let directory = gateway.data().path().join("data/journal");
    assert_eq!(journal(&gateway).await, ("takes events".to_owned(), "0".to_owned()));
    // No file can be made where a directory is.
    let in_the_way: Vec<_> = (1..20).map(|number| directory.join(format!("{number:016}.journal"))).collect();
    for path in &in_the_way {
        fs::create_dir(path).unwrap();
    }
    for _ in 0..5 {
        assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    }
    let (told, unjournaled) = journal(&gateway).await;
    assert!(told.starts_with("takes no events"), "{told}");
    assert_eq!(unjournaled, "5");
    assert!(gateway.log_text().contains("the usage journal takes no events"));
    gateway.usage(5).await;
    for path in &in_the_way {
        fs::remove_dir(path).unwrap();
    }
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    assert_eq!(journal(&gateway).await, ("takes events".to_owned(), "5".to_owned()));
    gateway.usage(6).await;
}

/// Files of this process end at 8 KiB, in the middle of a record; and the database is away, so that the journal grows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_end_too_soon_and_a_database_that_is_away_cost_no_event() {
    let files = tempfile::tempdir().unwrap();
    let limited = files.path().join("limited");
    let script = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f 16\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_wardgate"));
    fs::write(&limited, script).unwrap();
    fs::set_permissions(&limited, Permissions::from_mode(0o700)).unwrap();
    let master_key = files.path().join("master.key");
    fs::write(&master_key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();

    let postgres = Postgres::own().await;
    let database = postgres.database();
    let setup = |binary: &str| Setup::dev(binary).with("--database-url", database.url()).with("--master-key-file", &master_key);
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = started(setup(limited.to_str().unwrap()), &upstream).await;
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    gateway.usage(1).await;
    postgres.stop();
    for _ in 0..100 {
        assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    }
    assert_eq!(journal(&gateway).await.1, "0", "a file that ends is followed by the next one");
    gateway.kill().await;
    let data = gateway.data();
    drop(gateway.ended().await);
    postgres.start();
    let gateway = setup(env!("CARGO_BIN_EXE_wardgate")).on_data(data, 0).replica().start().await;
    let mut stored = Vec::new();
    until("all attempts in the ledger", DEADLINE, async || {
        stored = gateway.stored_usage().await;
        stored.len() >= 101
    })
    .await;
    let requests: BTreeSet<_> = stored.iter().map(|event| event["requestId"].to_string()).collect();
    assert_eq!((requests.len(), stored.len()), (101, 101));
}
