//! What a million access keys cost: a store is filled, then looked up in, and the data plane's cache is sent through all of it.
//!
//! `cargo xtask sizes` runs this and shows the figures. It prints one JSON object. The accounts and one key are stored as any others
//! are; the other keys are copies, which the example `copy_keys` of the store makes.

use anyhow::{Context, ensure};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::process::Command;
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
use wardgate_store::kinds::AccessKeyFilter;
use wardgate_store::{Collection, Listed, Page, Store, Tenant};
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
    let usage = "usage: sizes DATABASE ACCOUNTS KEYS COPY-KEYS-PROGRAM";
    let database = arguments.next().context(usage)?;
    let mut number = || -> anyhow::Result<u64> { Ok(arguments.next().context("a number is missing")?.parse()?) };
    let (accounts, keys) = (number()?, number()?);
    let copying = arguments.next().context(usage)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&database, accounts, keys, &copying))
}

async fn run(database: &str, accounts: u64, keys: u64, copying: &str) -> anyhow::Result<()> {
    let (store, url, _server) = open(database).await?;
    let filled = Instant::now();
    let (owners, template) = fill(&store, accounts).await?;
    say(&format!("{accounts} accounts are stored"));
    let copies = keys.saturating_sub(1).to_string();
    let copied = Command::new(copying).args([&url, &template.to_string(), &copies]).status().await;
    ensure!(copied.context("the program that copies keys does not run")?.success(), "the keys could not be copied");
    let fill_seconds = filled.elapsed().as_secs_f64();
    let ids = listed(&store, &owners).await?;
    ensure!(ids.len() as u64 * 10 >= keys * 9, "only {} keys are listed", ids.len());
    say("all keys are stored and listed; looking them up");
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

/// Opens a file `sqlite:/path`, or with `postgres` a server of its own, which ends with what is returned; and gives its URL.
async fn open(database: &str) -> anyhow::Result<(Arc<dyn Store>, String, Option<(Postgres, Database)>)> {
    if database == "postgres" {
        let server = Postgres::own().await;
        // It is there as long as its handle.
        let database = server.database();
        let url = database.url();
        let store = PostgresStore::open(&url, &PostgresOptions::default()).await?;
        return Ok((Arc::new(store), url, Some((server, database))));
    }
    let path = wardgate_store_sql::path_of_url(database).context("the database is written as sqlite:/path, or postgres")?;
    Ok((Arc::new(SqliteStore::open(Path::new(&path), &SqliteOptions::default()).await?), database.to_owned(), None))
}

/// Stores the accounts, and in one of them a key.
async fn fill(store: &Arc<dyn Store>, accounts: u64) -> anyhow::Result<(Vec<AccountId>, AccessKeyId)> {
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
                ids.push(account.id);
            }
        });
    }
    let mut ids = Vec::new();
    while let Some(written) = writers.join_next().await {
        ids.extend(written??);
    }
    let first = *ids.first().context("there is to be at least one account")?;
    let first: Account = Collection::get(&**store, first).await?.context("an account that was stored is not found")?;
    let template = create_key(&*store.tenant(first.id), &first, &*random).await?;
    Ok((ids, template))
}

/// The keys of these accounts.
async fn listed(store: &Arc<dyn Store>, accounts: &[AccountId]) -> anyhow::Result<Vec<AccessKeyId>> {
    let mut ids = Vec::new();
    for account in accounts {
        let tenant = store.tenant(*account);
        let mut page = Page::first();
        loop {
            let listed: Listed<AccessKey> = Collection::list(&*tenant, &AccessKeyFilter::default(), page).await?;
            ids.extend(listed.items.iter().map(|key| key.id));
            page.before = listed.items.last().map(|key| key.id);
            if !listed.has_more {
                break;
            }
        }
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

/// Says on stderr what is going on: stdout is for the result.
fn say(text: &str) {
    // Without a stderr there is nobody to tell, and the measurement goes on.
    let _ = writeln!(std::io::stderr(), "sizes: {text}");
}

fn resident_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel does not tell")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
