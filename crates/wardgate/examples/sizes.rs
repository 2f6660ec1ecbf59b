//! What a million access keys cost: a store is filled, then looked up in, and the data plane's cache is sent through all of it.
//!
//! `cargo xtask sizes` runs this and shows the figures. It prints one JSON object.

use anyhow::Context;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::Account;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccessKeyId, AccountId, AuditEventId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::random::{Counting, Random};
use wardgate_core::stamp::Stamp;
use wardgate_core::time::Timestamp;
use wardgate_keys::seal::MasterKey;
use wardgate_proxy::cache::KeyCache;
use wardgate_store::{Collection, Store, Tenant};
use wardgate_store_sql::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use wardgate_telemetry::Metrics;
use wardgate_testkit::{Database, Postgres};

/// Keys that are looked up one after the other.
const LOOKUPS: usize = 20_000;

/// Who makes what is made here.
const ACTOR: &str = "sizes";

/// Writers at once. SQLite has one at a time anyway, Postgres as many as it has connections.
const WRITERS: u64 = 32;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let database = arguments.next().context("usage: sizes DATABASE ACCOUNTS KEYS")?;
    let mut number = || -> anyhow::Result<u64> { Ok(arguments.next().context("a number is missing")?.parse()?) };
    let (accounts, keys) = (number()?, number()?);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&database, accounts, keys))
}

async fn run(database: &str, accounts: u64, keys: u64) -> anyhow::Result<()> {
    let (store, _server) = open(database).await?;
    let filled = Instant::now();
    let ids = fill(&store, accounts, keys).await?;
    let fill_seconds = filled.elapsed().as_secs_f64();
    let mut lookups = Vec::with_capacity(LOOKUPS);
    for id in some(&ids, LOOKUPS) {
        let started = Instant::now();
        store.access_key(id).await?.context("a key that was stored is not found")?;
        lookups.push(started.elapsed().as_micros());
    }
    lookups.sort_unstable();
    let at = |share: f64| lookups[((lookups.len() - 1) as f64 * share) as usize] as f64 / 1_000.0;

    let cache = KeyCache::new(Arc::clone(&store), Arc::new(Metrics::new()?));
    let before = resident_kib()?;
    let mut resident = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        cache.get(*id).await?.context("a key that was stored is not found")?;
        if (index + 1) % (ids.len() / 10).max(1) == 0 {
            resident.push(json!({"keys_seen": index + 1, "grown_mib": (resident_kib()?.saturating_sub(before)) / 1_024}));
        }
    }
    let report = json!({
        "accounts": accounts,
        "keys": keys,
        "fill_seconds": fill_seconds,
        "lookup_ms": {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)},
        "cache": resident,
    });
    #[expect(clippy::print_stdout, reason = "it is what this program is for")]
    {
        println!("{report}");
    }
    Ok(())
}

/// Opens a file `sqlite:/path`, or with `postgres` a server of its own, which ends with what is returned.
async fn open(database: &str) -> anyhow::Result<(Arc<dyn Store>, Option<(Postgres, Database)>)> {
    if database == "postgres" {
        let server = Postgres::own().await;
        // It is there as long as its handle.
        let database = server.database();
        let store = PostgresStore::open(&database.url(), &PostgresOptions::default()).await?;
        return Ok((Arc::new(store), Some((server, database))));
    }
    let path = wardgate_store_sql::path_of_url(database).context("the database is written as sqlite:/path, or postgres")?;
    Ok((Arc::new(SqliteStore::open(Path::new(&path), &SqliteOptions::default()).await?), None))
}

/// Stores the accounts, and keys evenly among them.
async fn fill(store: &Arc<dyn Store>, accounts: u64, keys: u64) -> anyhow::Result<Vec<AccessKeyId>> {
    let random = Arc::new(Counting::default());
    let master_key = MasterKey::from_bytes([7; 32]);
    let next = Arc::new(AtomicU64::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let (store, random, master_key, next) = (Arc::clone(store), Arc::clone(&random), master_key.clone(), Arc::clone(&next));
        writers.spawn(async move {
            let mut ids = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= accounts {
                    return anyhow::Ok(ids);
                }
                let account = account(number, &master_key, &*random);
                Collection::<Account>::create(&*store, &account, &audit(None, &*random)).await?;
                let share = keys / accounts + u64::from(number < keys % accounts);
                let tenant = store.tenant(account.id);
                for _ in 0..share {
                    ids.push(create_key(&*tenant, &account, &*random).await?);
                }
            }
        });
    }
    let mut ids = Vec::new();
    while let Some(written) = writers.join_next().await {
        ids.extend(written??);
    }
    Ok(ids)
}

fn account(number: u64, master_key: &MasterKey, random: &dyn Random) -> Account {
    let id = AccountId::new(NOW, random);
    Account {
        id,
        name: format!("account-{number}"),
        metadata: None,
        tier: None,
        suspended_at: None,
        prepaid: None,
        default_team_id: TeamId::new(NOW, random),
        sealed_data_key: master_key.new_data_key(id, random).1,
        stamp: Stamp::first(NOW, ACTOR),
    }
}

async fn create_key(tenant: &dyn Tenant, account: &Account, random: &dyn Random) -> anyhow::Result<AccessKeyId> {
    let key = AccessKey {
        id: AccessKeyId::new(NOW, random),
        account_id: account.id,
        team_id: account.default_team_id,
        configuration_id: None,
        label: Label::named("a key of many"),
        tags: Vec::new(),
        // As long as a real one; nobody presents its secret.
        secret_hash: "$argon2id$v=19$m=4096,t=1,p=1$c2l4dGVlbiBieXRlcyE$dGhpcnR5LXR3byBieXRlcyBvZiBhIGhhc2ggaGVyZSE".to_owned(),
        previous_secret: None,
        redacted: "ng-0123456789***abcd".to_owned(),
        expires_at: None,
        disabled_at: None,
        allowed_networks: Vec::new(),
        last_used_at: None,
        stamp: Stamp::first(NOW, ACTOR),
        revoked_at: None,
    };
    Collection::<AccessKey>::create(tenant, &key, &audit(Some(account.id), random)).await?;
    Ok(key.id)
}

const NOW: Timestamp = Timestamp::from_unix_millis(1_795_000_000_000);

fn audit(account_id: Option<AccountId>, random: &dyn Random) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(NOW, random),
        account_id,
        at: NOW,
        actor: ACTOR.to_owned(),
        address: None,
        action: "access_key.create".to_owned(),
        object_id: String::new(),
        before: None,
        after: None,
    }
}

/// So many of them, spread over all.
fn some(ids: &[AccessKeyId], count: usize) -> impl Iterator<Item = AccessKeyId> {
    // A step that is prime visits all of any smaller number of places, far from one another.
    const STEP: usize = 7_368_787;
    (0..count.min(ids.len())).map(|index| ids[index.wrapping_mul(STEP) % ids.len()])
}

fn resident_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel does not tell")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
