//! The database: whether it is there, whether it is up to date, and whether the master key opens what is sealed in it.

use super::Finding;
use super::network::Endpoints;
use crate::catalog::Source;
use crate::clock::{SystemClock, SystemRandom};
use crate::database::{Open, Place};
use crate::master_key::{self, Missing};
use crate::settings::Settings;
use std::time::Duration;
use tokio::time::timeout;
use wardgate_core::account::Account;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::time::Clock;
use wardgate_keys::seal::MasterKey;
use wardgate_model::{Catalog, Overlay};
use wardgate_store::{Collection, Page, Store, StoreError};

const DATABASE: &str = "database";
const MASTER_KEY: &str = "master key";
const PROVIDER_KEYS: &str = "provider keys";

/// How long the database may take for each step.
const WITHIN: Duration = Duration::from_secs(20);

/// How far two clocks may be apart: a lease on a budget is told by one and read by the other.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(5);

/// Accounts that are looked at, the newest.
const ACCOUNTS_MAX: usize = 1_000;

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) findings: Vec<Finding>,
    /// Where providers are that someone has a key for or made.
    pub(super) endpoints: Endpoints,
}

pub(super) async fn examine(settings: &Settings) -> Seen {
    let mut seen = Seen::default();
    let (finding, open) = database(settings).await;
    seen.findings.push(finding);
    let is_fresh = matches!(open, Opened::Fresh);
    let key = master_key(settings, is_fresh).await;
    let Opened::Open(open) = open else {
        seen.findings.push(match key {
            Ok(Some(_)) => Finding::ok(MASTER_KEY, "it is there; whether it is the right one the database would tell"),
            Ok(None) => Finding::ok(MASTER_KEY, "there is none yet; the first start makes one in the data directory"),
            Err(finding) => finding,
        });
        seen.findings.push(Finding::skipped(PROVIDER_KEYS, "they are in the database"));
        return seen;
    };
    let store = open.store();
    if let Some(finding) = clocks(&open).await {
        seen.findings.push(finding);
    }
    match key {
        Err(finding) => seen.findings.push(finding),
        Ok(None) => {}
        Ok(Some(key)) => {
            let fix =
                "set --master-key-file to the key that sealed this database, or --database-url to the database of this key";
            match master_key::is_right(&*store, &key).await {
                Ok(Some(false)) => {
                    seen.findings.push(Finding::failure(
                        MASTER_KEY,
                        "it is not the one that sealed the database's secrets",
                        fix,
                    ));
                }
                Ok(Some(true)) => {
                    let more = if key.is_replacing() { "; the previous one is still set" } else { "" };
                    seen.findings.push(Finding::ok(MASTER_KEY, format!("it opens what is sealed{more}")));
                    let keys = provider_keys(&*store, &key, settings, &mut seen.endpoints).await;
                    seen.findings.push(keys.unwrap_or_else(|error| unreadable(&error)));
                }
                Ok(None) => seen.findings.push(Finding::ok(MASTER_KEY, "nothing is sealed yet")),
                Err(error) => {
                    seen.findings.push(Finding::failure(MASTER_KEY, format!("{error:#}"), "see what the database says"));
                }
            }
        }
    }
    open.close().await;
    seen
}

enum Opened {
    /// There is none yet, and the first start makes it.
    Fresh,
    /// It cannot be asked.
    No,
    Open(Open),
}

async fn database(settings: &Settings) -> (Finding, Opened) {
    let away = |why: String| {
        let fix = "see whether --database-url is right, the server runs, and user and password are those it knows";
        (Finding::failure(DATABASE, why, fix), Opened::No)
    };
    let place = match Place::of(&settings.database) {
        Ok(place) => place,
        Err(error) => return (Finding::failure(DATABASE, format!("{error:#}"), "mend --database-url"), Opened::No),
    };
    let shown = place.shown();
    if let Place::Sqlite(path) = &place
        && !path.exists()
    {
        return (Finding::ok(DATABASE, format!("{shown} is not there yet; the first start makes it")), Opened::Fresh);
    }
    let late = || format!("{shown} does not answer within {} s", WITHIN.as_secs());
    let pending = match timeout(WITHIN, place.pending()).await {
        Ok(Ok(pending)) => pending,
        Ok(Err(error)) => return away(format!("{shown}: {}", super::files::chain(error.as_ref()))),
        Err(_) => return away(late()),
    };
    if !pending.is_empty() {
        let finding = format!("{shown} lacks {} changes of its schema: {}", pending.len(), pending.join(", "));
        return (Finding::warning(DATABASE, finding, "run `wardgate migrate`, or let the next start do it"), Opened::No);
    }
    // Nothing is missing, so opening it changes nothing.
    let opened = match timeout(WITHIN, place.open()).await {
        Ok(Ok(open)) => open,
        Ok(Err(error)) => return away(format!("{shown}: {}", super::files::chain(error.as_ref()))),
        Err(_) => return away(late()),
    };
    match timeout(WITHIN, opened.store().ping()).await {
        Ok(Ok(())) => (Finding::ok(DATABASE, format!("{shown} answers, and its schema is up to date")), Opened::Open(opened)),
        Ok(Err(error)) => away(format!("{shown}: {}", super::files::chain(&error))),
        Err(_) => away(late()),
    }
}

/// Whether the server's clock agrees; none where there is no server.
async fn clocks(open: &Open) -> Option<Finding> {
    let Open::Postgres(store) = open else { return None };
    let theirs = store.time().await.ok()?;
    let ours = SystemClock.now();
    let apart = ours.since(theirs).max(theirs.since(ours));
    (apart > CLOCKS_APART_MAX).then(|| {
        let finding = format!("it is {} s apart from the database's", apart.as_secs());
        Finding::failure("clock", finding, "set both, as with chrony or systemd-timesyncd: leases on budgets go by both")
    })
}

/// The key; none where the first start would make one.
async fn master_key(settings: &Settings, is_fresh: bool) -> Result<Option<MasterKey>, Finding> {
    let (sealing, data_dir) = (&settings.sealing, &settings.database.data_dir);
    let is_set = sealing.master_key.is_some() || sealing.master_key_file.is_some() || sealing.master_key_command.is_some();
    if is_fresh && !is_set && !data_dir.join(master_key::FILE_NAME).exists() {
        return Ok(None);
    }
    let is_shared = Place::of(&settings.database).is_ok_and(|place| place.is_shared());
    let missing = if is_shared { Missing::IsShared } else { Missing::HasData };
    let fix = "set one of --master-key-file, --master-key and --master-key-command to the key that sealed the database";
    let loaded = master_key::load(sealing, data_dir, missing, &SystemRandom).await;
    loaded.map(Some).map_err(|error| Finding::failure(MASTER_KEY, format!("{error:#}"), fix))
}

/// Opens every provider key, and notes where the providers are.
async fn provider_keys(
    store: &dyn Store,
    master_key: &MasterKey,
    settings: &Settings,
    endpoints: &mut Endpoints,
) -> Result<Finding, StoreError> {
    let source = Source { file: settings.catalog_file.clone(), sandbox_url: None };
    let catalog = std::sync::Arc::new(
        source
            .load()
            .or_else(|_| Catalog::built_in().map_err(anyhow::Error::from))
            .map_err(|error| StoreError::Corrupt { table: "catalog", why: format!("{error:#}") })?,
    );
    let (mut count, mut sealed) = (0_usize, Vec::new());
    let managed: Vec<ManagedKey> = Collection::<ManagedKey>::list(store, &Default::default(), Page::first()).await?.items;
    for key in &managed {
        count += 1;
        if master_key.open_managed(key.id, &key.sealed_value).is_err() {
            sealed.push(key.id.to_string());
        }
        endpoints.add(catalog.provider(key.provider_name.as_str()));
    }
    for account in accounts(store).await? {
        let tenant = store.tenant(account.id);
        let keys: Vec<ProviderKey> = Collection::<ProviderKey>::list(&*tenant, &Default::default(), Page::first()).await?.items;
        let custom: Vec<CustomProvider> =
            Collection::<CustomProvider>::list(&*tenant, &Default::default(), Page::first()).await?.items;
        let overlay = Overlay::new(std::sync::Arc::clone(&catalog), &custom);
        let data_key = master_key.open_data_key(account.id, &account.sealed_data_key);
        for key in &keys {
            count += 1;
            if !data_key.as_ref().is_ok_and(|data_key| data_key.open(key.id, &key.sealed_value).is_ok()) {
                sealed.push(key.id.to_string());
            }
            endpoints.add(overlay.provider(key.provider_name.as_str()));
        }
        for provider in &custom {
            endpoints.add(overlay.provider(provider.provider_name.as_str()));
        }
    }
    if !sealed.is_empty() {
        sealed.truncate(5);
        let finding = format!("some do not open, such as {}", sealed.join(", "));
        return Ok(Finding::failure(
            PROVIDER_KEYS,
            finding,
            "set their values again: `wardgate provider-key rotate ID --value-file FILE`",
        ));
    }
    if count == 0 && endpoints.is_empty() {
        let fix = "add one: `wardgate provider-key create --provider openai --name main --value-file FILE`";
        return Ok(Finding::warning(PROVIDER_KEYS, "there are none, nor providers of tenants' own", fix));
    }
    Ok(Finding::ok(PROVIDER_KEYS, format!("{count} open with the master key")))
}

async fn accounts(store: &dyn Store) -> Result<Vec<Account>, StoreError> {
    let mut accounts: Vec<Account> = Vec::new();
    let mut page = Page::first();
    loop {
        let listed = Collection::<Account>::list(store, &Default::default(), page).await?;
        accounts.extend(listed.items);
        match accounts.last() {
            Some(last) if listed.has_more && accounts.len() < ACCOUNTS_MAX => {
                page = Page { before: Some(last.id), ..Page::first() }
            }
            _ => return Ok(accounts),
        }
    }
}

fn unreadable(error: &StoreError) -> Finding {
    Finding::failure(PROVIDER_KEYS, super::files::chain(error), "see what the database says")
}
