//! Several gateways on one Postgres: what is changed at one is in force at all, and none needs the database for what it knows.

use crate::{ask, dev, started};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wardgate_testkit::{DEADLINE, Database, Dialect, Gateway, Key, Pooler, Postgres, Reply, Setup, Upstream, until};

/// How soon a change is in force everywhere.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(2);

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

/// Gateways that share a database.
pub(crate) struct Cluster {
    database: Database,
    files: TempDir,
}

impl Cluster {
    pub(crate) fn on(database: Database) -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("master.key"), MASTER_KEY).unwrap();
        Self { database, files }
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn setup(&self) -> Setup {
        self.setup_at(&self.database.url())
    }

    /// The same, with another way to the database.
    fn setup_at(&self, url: &str) -> Setup {
        let key = self.files.path().join("master.key");
        dev().with("--database-url", url).with("--master-key-file", key).replica()
    }

    /// Gateways, each with keys of its own in the one account.
    async fn start(&self, upstream: &Upstream, count: usize) -> Vec<Gateway> {
        let mut gateways = vec![started(self.setup(), upstream).await];
        while gateways.len() < count {
            gateways.push(self.setup().start().await);
        }
        gateways
    }
}

async fn hello() -> Upstream {
    Upstream::scripted(|seen| {
        Reply::says(if seen.target.starts_with("/v1/messages") { Dialect::Messages } else { Dialect::Chat }, "hello")
    })
    .await
}

async fn status(gateway: &Gateway, key: &Key) -> u16 {
    ask(Dialect::Chat).key(key).send(gateway).await.status
}

async fn manage(gateway: &Gateway, method: &str, target: &str, body: Value) {
    let answer = gateway.manage(method.parse().unwrap(), target, Some(&body)).await;
    assert!(matches!(answer.status, 200 | 201 | 204), "{method} {target}: {} {}", answer.status, answer.text());
}

/// Waits for a status at a gateway, and says that it came in time.
async fn soon(what: &str, gateway: &Gateway, key: &Key, expected: u16) {
    let begun = Instant::now();
    until(what, DEADLINE, async || status(gateway, key).await == expected).await;
    assert!(begun.elapsed() < IN_FORCE_WITHIN, "{what} took {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_a_change_is_in_force_as_soon() {
    let postgres = Postgres::shared().await;
    let pooler = Pooler::start(&postgres).await;
    let cluster = Cluster::on(postgres.database());
    let upstream = hello().await;
    let setup = || {
        let setup = cluster.setup_at(&pooler.url(&cluster.database));
        setup.with("--database-direct-url", cluster.database.url())
    };
    let one = started(setup(), &upstream).await;
    let other = setup().start().await;
    let key = one.create_key("app").await;
    soon("a new key", &other, &key, 200).await;
    manage(&one, "DELETE", &format!("/access-keys/{}", key.id), Value::Null).await;
    soon("a key being revoked", &other, &key, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_one_gateway_is_in_force_at_the_other() {
    let postgres = Postgres::shared().await;
    let cluster = Cluster::on(postgres.database());
    let upstream = hello().await;
    let gateways = cluster.start(&upstream, 2).await;
    let (one, other) = (&gateways[0], &gateways[1]);
    let key = one.create_key("app").await;
    soon("a new key", other, &key, 200).await;
    manage(one, "PATCH", &format!("/access-keys/{}", key.id), json!({"disabled": true})).await;
    soon("a key being disabled", other, &key, 401).await;
    manage(other, "PATCH", &format!("/access-keys/{}", key.id), json!({"disabled": false})).await;
    soon("a key being enabled", one, &key, 200).await;

    // A configuration that is linked, edited and unlinked.
    let nothing = json!({"name": "nothing", "access": {"models": {"allow": []}}});
    let made = one.manage("POST".parse().unwrap(), "/access-key-configurations", Some(&nothing)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    manage(one, "PATCH", &format!("/access-keys/{}", key.id), json!({"accessKeyConfigurationId": id})).await;
    soon("a configuration being linked", other, &key, 403).await;
    let all = json!({"access": {"models": {"allow": ["up:*"]}}});
    manage(other, "PATCH", &format!("/access-key-configurations/{id}"), all).await;
    soon("a configuration being edited", one, &key, 200).await;

    // A provider key that comes and is rotated.
    let provider_key = one.add_provider_key("up", "pk-first").await;
    let sees = async |secret: &str| {
        let begun = Instant::now();
        let expected = format!("Bearer {secret}");
        until(secret, DEADLINE, async || {
            assert_eq!(status(other, &key).await, 200);
            upstream.seen().last().is_some_and(|seen| seen.header("authorization") == [expected.as_str()])
        })
        .await;
        assert!(begun.elapsed() < IN_FORCE_WITHIN, "{secret} took {:?}", begun.elapsed());
    };
    sees("pk-first").await;
    let rotation = json!({"name": "a key", "value": "pk-second"});
    manage(one, "POST", &format!("/provider-keys/{provider_key}/rotate"), rotation).await;
    sees("pk-second").await;

    one.revoke(&key).await;
    assert_eq!(status(one, &key).await, 401);
    soon("a key being revoked", other, &key, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_that_start_at_once_make_one_account() {
    let postgres = Postgres::shared().await;
    let cluster = Cluster::on(postgres.database());
    let (first, second, third) = tokio::join!(cluster.setup().start(), cluster.setup().start(), cluster.setup().start());
    let upstream = hello().await;
    first.add_provider("up", upstream.url()).await;
    for gateway in [&first, &second, &third] {
        let accounts = gateway.operate("GET", "/accounts", None).await.json();
        assert_eq!(accounts["accounts"].as_array().map(Vec::len), Some(1), "{accounts}");
        soon("the provider", gateway, gateway.key(), 200).await;
    }
}

/// Requests of known keys, one after the other, until it is told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    clients: Vec<tokio::task::JoinHandle<Vec<(u16, String)>>>,
}

impl Load {
    fn start(gateway: &Gateway, clients: usize) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let client = |_| {
            let (stop, sent, client) = (Arc::clone(&stop), Arc::clone(&sent), gateway.client());
            let (headers, body) = ask(Dialect::Chat).parts(gateway);
            tokio::spawn(async move {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let mut failed = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.send("POST".parse().unwrap(), Dialect::Chat.path(), &headers, body.clone()).await;
                    sent.fetch_add(1, Ordering::Relaxed);
                    if answer.status != 200 {
                        failed.push((answer.status, answer.text()));
                    }
                    // Steady rather than hard: what is shown is that none fails.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                failed
            })
        };
        Self { clients: (0..clients).map(client).collect(), stop, sent }
    }

    async fn finish(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            assert_eq!(client.await.unwrap(), []);
        }
        self.sent.load(Ordering::Relaxed)
    }
}

/// How long the database is away: longer than any timeout, interval or lifetime of a connection that has to do with it.
const AWAY: Duration = Duration::from_secs(60);

/// How a database is away.
enum Outage {
    /// Its connections break, and new ones are refused.
    Stopped,
    /// It takes connections and never answers.
    Frozen,
}

async fn survives(outage: Outage) {
    let postgres = Postgres::own().await;
    let cluster = Cluster::on(postgres.database());
    let upstream = hello().await;
    let gateways = cluster.start(&upstream, 1).await;
    let gateway = &gateways[0];
    let unknown = gateway.create_key("never seen by the data plane").await;
    assert_eq!(status(gateway, gateway.key()).await, 200);
    let load = Load::start(gateway, 4);
    let frozen = match outage {
        Outage::Stopped => {
            postgres.stop();
            None
        }
        Outage::Frozen => Some(postgres.freeze()),
    };
    // What it does not know, it does not call wrong.
    let answer = ask(Dialect::Chat).key(&unknown).send(gateway).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{}", answer.text());
    let ready = gateway.admin().send("GET".parse().unwrap(), "/readyz", &[], "").await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    let managed = gateway.manage("GET".parse().unwrap(), "/access-keys", None).await;
    assert_eq!(managed.status, 503, "{}", managed.text());
    tokio::time::sleep(AWAY).await;
    match frozen {
        Some(frozen) => drop(frozen),
        None => postgres.start(),
    }
    let begun = Instant::now();
    until("a database that is used again", DEADLINE, async || status(gateway, &unknown).await == 200).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "recovery took {:?}", begun.elapsed());
    let sent = load.finish().await;
    assert!(sent > 100, "{sent}");
    // Nothing of what was answered meanwhile is lost, and nothing is counted twice.
    let expected = upstream.seen().len();
    assert!(expected as u64 >= sent, "{expected} {sent}");
    let mut stored = 0;
    until(&format!("{expected} usage events"), DEADLINE, async || {
        stored = gateway.stored_usage().await.len();
        stored >= expected
    })
    .await;
    assert_eq!(stored, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stops_is_survived_under_load() {
    survives(Outage::Stopped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_survived_under_load() {
    survives(Outage::Frozen).await;
}
