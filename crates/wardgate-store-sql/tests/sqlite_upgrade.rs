//! A database of the first version is brought up in place, and everything in it is still there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqlSafeStr as _, SqliteConnection};
use std::path::Path;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, DEFAULT_TEAM, Team};
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};
use wardgate_core::id::{AccessKeyId, AccountId, ApiKeyId, CustomProviderId, OperatorKeyId, ProviderKeyId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::stamp::{Stamp, Version};
use wardgate_core::time::Timestamp;
use wardgate_store::conformance::sample;
use wardgate_store::kinds::{AccessKeyFilter, TieredFilter};
use wardgate_store::usage::{GroupBy, Interval, OverviewQuery, UsageQuery};
use wardgate_store::{AuditQuery, Collection, Page, Store as _, UsageUpkeep as _};
use wardgate_store_sql::{OpenError, SqliteOptions, SqliteStore};

const FIRST: &str = include_str!("../../../migrations/sqlite/0001_first_tables.sql");

/// What a gateway of the first version left. Ids are one byte sixteen times.
const ROWS: &str = "
    INSERT INTO accounts VALUES
        (x'01010101010101010101010101010101', 'acme', x'00ff', 1000001),
        (x'02020202020202020202020202020202', 'other', x'01', 1000002);
    INSERT INTO teams VALUES
        (x'12121212121212121212121212121212', x'01010101010101010101010101010101', 'blue', 1000003),
        (x'11111111111111111111111111111111', x'01010101010101010101010101010101', 'default', 1000004),
        (x'13131313131313131313131313131313', x'02020202020202020202020202020202', 'default', 1000005);
    INSERT INTO access_keys VALUES
        (x'21212121212121212121212121212121', x'01010101010101010101010101010101', x'12121212121212121212121212121212',
         'ci', 'for builds', '{}', 'hash', 'ng-a***z', 1000006, 1000007, 'maker', 'changer', 1000008, NULL),
        (x'22222222222222222222222222222222', x'01010101010101010101010101010101', x'11111111111111111111111111111111',
         NULL, NULL, NULL, 'hash2', 'ng-b***z', 1000009, 1000010, 'maker', 'maker', NULL, 1000011);
    INSERT INTO api_keys VALUES
        (x'31313131313131313131313131313131', x'01010101010101010101010101010101', 'admin', 'bootstrap', 'hash3', 1000012, NULL);
    INSERT INTO operator_keys VALUES (x'41414141414141414141414141414141', 'hash4', 1000013, NULL);
    INSERT INTO provider_keys VALUES
        (x'51515151515151515151515151515151', x'01010101010101010101010101010101', 'ollama', 'prod', NULL, NULL, x'0102',
         'sk-***z', 1000014, 1000015, 'maker', 'changer');
    INSERT INTO custom_providers VALUES
        (x'61616161616161616161616161616161', x'01010101010101010101010101010101', 'ollama', 'Ollama', 'http://127.0.0.1/v1',
         NULL, 1000016, 1000017, 'maker', 'changer');
    INSERT INTO custom_surfaces VALUES
        (x'01010101010101010101010101010101', x'61616161616161616161616161616161', 0, 'messages', NULL);
    INSERT INTO custom_models VALUES
        (x'01010101010101010101010101010101', x'61616161616161616161616161616161', 0, x'71717171717171717171717171717171',
         'qwen3', NULL);
    INSERT INTO usage_events VALUES
        (x'81818181818181818181818181818181', x'82828282828282828282828282828282', x'01010101010101010101010101010101',
         x'12121212121212121212121212121212', x'21212121212121212121212121212121', 1000018, 'messages', 'ollama', 'qwen3',
         NULL, NULL, 1, 1, 200, 'succeeded', 0, 'end_turn', 1, 2, 3, 4, 5, 6, 7, 'provider', 42, 1000, 500);
";

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn execute(path: &Path, sql: &'static str) {
    let mut connection = connect(path).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn old_database(path: &Path) {
    let mut connection = connect(path).await;
    let first = Migration::new(1, "first tables".into(), MigrationType::Simple, FIRST.into_sql_str(), false);
    Migrator::with_migrations(vec![first]).run_direct(None, &mut connection, false).await.unwrap();
    connection.close().await.unwrap();
    execute(path, ROWS).await;
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}

/// The stamp of what was made by the process before there were makers.
fn made_at(micros: i64) -> Stamp {
    Stamp::first(at(micros), "wardgate")
}

fn stamp(created: i64, by: &str) -> Stamp {
    Stamp { updated_at: at(created + 1), updated_by: by.to_owned(), ..Stamp::first(at(created), "maker") }
}

#[tokio::test]
async fn everything_is_still_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    old_database(&path).await;
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
    let acme_id = AccountId::from_bytes([0x01; 16]);
    let tenant = store.tenant(acme_id);

    let acme = store.account_by_name("acme").await.unwrap().unwrap();
    assert_eq!((acme.id, acme.metadata, acme.tier, acme.suspended_at), (acme_id, None, None, None));
    assert_eq!((acme.default_team_id, acme.sealed_data_key), (TeamId::from_bytes([0x11; 16]), vec![0, 255]));
    assert_eq!(acme.stamp, made_at(1_000_001));
    let other = store.account_by_name("other").await.unwrap().unwrap();
    assert_eq!(other.default_team_id, TeamId::from_bytes([0x13; 16]));

    let teams = Collection::<Team>::list(&*tenant, &TieredFilter::default(), Page::first()).await.unwrap().items;
    let found: Vec<_> = teams.iter().map(|team| (team.label.clone(), team.tier.clone(), team.stamp.clone())).collect();
    assert_eq!(
        found,
        [(Label::named("blue"), None, made_at(1_000_003)), (Label::named(DEFAULT_TEAM), None, made_at(1_000_004))]
    );

    let key = store.access_key(AccessKeyId::from_bytes([0x21; 16])).await.unwrap().unwrap();
    assert_eq!((key.account_id, key.team_id, key.configuration_id), (acme_id, teams[0].id, None));
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(key.label, Label { name: text("ci"), description: text("for builds"), metadata: text("{}") });
    assert_eq!((key.secret_hash.as_str(), key.redacted.as_str(), key.previous_secret), ("hash", "ng-a***z", None));
    assert_eq!((key.tags, key.allowed_networks), (vec![], vec![]));
    assert_eq!((key.expires_at, key.disabled_at, key.last_used_at, key.revoked_at), (None, None, Some(at(1_000_008)), None));
    assert_eq!(key.stamp, stamp(1_000_006, "changer"));
    let revoked = store.access_key(AccessKeyId::from_bytes([0x22; 16])).await.unwrap().unwrap();
    assert_eq!((revoked.label, revoked.revoked_at), (Label::default(), Some(at(1_000_011))));
    assert_eq!(revoked.stamp, stamp(1_000_009, "maker"));

    let api_key = store.api_key(ApiKeyId::from_bytes([0x31; 16])).await.unwrap().unwrap();
    assert_eq!((api_key.role, api_key.label, api_key.stamp), (Role::Admin, Label::named("bootstrap"), made_at(1_000_012)));
    assert_eq!((api_key.secret_hash.as_str(), api_key.redacted.as_str()), ("hash3", ""));
    assert_eq!((api_key.expires_at, api_key.last_used_at, api_key.deleted_at), (None, None, None));
    let operator_key = store.operator_key(OperatorKeyId::from_bytes([0x41; 16])).await.unwrap().unwrap();
    assert_eq!((operator_key.secret_hash.as_str(), operator_key.redacted.as_str()), ("hash4", ""));
    assert_eq!((operator_key.label, operator_key.stamp), (Label::default(), made_at(1_000_013)));

    let provider_key: ProviderKey = tenant.get(ProviderKeyId::from_bytes([0x51; 16])).await.unwrap().unwrap();
    assert_eq!((provider_key.label, provider_key.last_used_at), (Label::named("prod"), None));
    assert_eq!((provider_key.sealed_value, provider_key.stamp), (vec![1, 2], stamp(1_000_014, "changer")));
    let provider: CustomProvider = tenant.get(CustomProviderId::from_bytes([0x61; 16])).await.unwrap().unwrap();
    assert_eq!((provider.display_name.as_str(), provider.stamp), ("Ollama", stamp(1_000_016, "changer")));
    assert_eq!((provider.surfaces.len(), provider.surfaces[0].supported_params.len()), (1, 0));
    assert_eq!((provider.models[0].model_id.as_str(), provider.models[0].unsupported_params.len()), ("qwen3", 0));

    let everything =
        UsageQuery { start: at(0), end: at(i64::MAX), access_key_id: None, include_retries: true, after: None, limit: 10 };
    let usage = tenant.list_usage(&everything).await.unwrap().items;
    assert_eq!((usage.len(), usage[0].usage.reasoning, usage[0].cost.unwrap().nano_usd()), (1, 7, 42));
    assert_eq!((usage[0].virtual_model.as_deref(), usage[0].managed_key_id), (None, None));
    assert!(store.audit_log(&AuditQuery { limit: 1, ..AuditQuery::default() }).await.unwrap().items.is_empty());
}

/// What is old is changed and deleted like what is new, and what ties rows together holds for both.
#[tokio::test]
async fn what_was_there_is_managed_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    old_database(&path).await;
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
    let acme = store.account_by_name("acme").await.unwrap().unwrap();
    let tenant = store.tenant(acme.id);
    let next = |stamp: &Stamp| stamp.next(sample::next_instant(), "editor");

    let mut key: AccessKey = tenant.get(AccessKeyId::from_bytes([0x21; 16])).await.unwrap().unwrap();
    let configuration = sample::stored(&store, &acme, sample::configuration(&acme, &[])).await;
    key.configuration_id = Some(configuration.id);
    key.stamp = next(&key.stamp);
    tenant.update(&key, &sample::audit(acme.id)).await.unwrap();
    assert_eq!(store.access_key(key.id).await.unwrap().unwrap().stamp.version, Version::new(2));
    let mut api_key: ApiKey = tenant.get(ApiKeyId::from_bytes([0x31; 16])).await.unwrap().unwrap();
    api_key.stamp = next(&api_key.stamp);
    tenant.update(&api_key, &sample::audit(acme.id)).await.unwrap();
    let mut operator_key: OperatorKey = Collection::get(&store, OperatorKeyId::from_bytes([0x41; 16])).await.unwrap().unwrap();
    operator_key.stamp = next(&operator_key.stamp);
    store.update(&operator_key, &sample::audit(None)).await.unwrap();

    assert!(Collection::<Team>::delete(&*tenant, key.team_id, None, &sample::audit(acme.id)).await.is_err());
    assert_eq!(Collection::<AccessKey>::count(&*tenant, &AccessKeyFilter::default()).await.unwrap(), 1);
    assert!(Collection::<Account>::delete(&store, acme.id, None, &sample::audit(None)).await.unwrap());
    assert!(store.access_key(key.id).await.unwrap().is_none());
    store.close().await;

    let mut connection = connect(&path).await;
    let integrity: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(integrity, "ok");
    assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap().is_empty());
}

/// What was used before there were sums is added to them: each event once, a few at a time, whoever stops in between.
#[tokio::test]
async fn what_was_used_is_summed_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    old_database(&path).await;
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
    let acme = store.account_by_name("acme").await.unwrap().unwrap();
    let old: Vec<_> = (0..4).map(|_| sample::usage_event(&acme)).collect();
    let new = sample::usage_event(&acme);
    store.append_usage(&old).await.unwrap();
    // As if the program of before had stored them.
    execute(&path, "UPDATE usage_events SET is_summed = 0; DELETE FROM usage_sums; DELETE FROM usage_team_sums").await;
    store.append_usage(std::slice::from_ref(&new)).await.unwrap();
    assert!(!store.delete_usage(new.event_time, 100).await.unwrap(), "what is in no sum stays");

    let query = OverviewQuery {
        start: at(0),
        end: new.event_time,
        group_by: GroupBy::Nothing,
        interval: Interval::Whole,
        access_key_id: None,
    };
    let attempts = async |store: &SqliteStore| {
        let buckets = store.tenant(acme.id).usage_overview(&query).await.unwrap();
        buckets.iter().map(|bucket| bucket.sums.attempts).sum::<u64>()
    };
    assert_eq!(attempts(&store).await, 1);
    assert_eq!((store.sum_up_usage(2).await.unwrap(), attempts(&store).await), (2, 3));
    store.close().await;
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
    assert_eq!((store.sum_up_usage(2).await.unwrap(), attempts(&store).await), (2, 5));
    assert_eq!((store.sum_up_usage(2).await.unwrap(), attempts(&store).await), (1, 6));
    assert_eq!((store.sum_up_usage(2).await.unwrap(), attempts(&store).await), (0, 6));
    store.close().await;
    // As if the program of before, which had no sums of teams, had summed them up.
    execute(
        &path,
        "DROP TRIGGER usage_sums_inserted; DROP TRIGGER usage_sums_updated; DROP TABLE usage_team_sums;
         DELETE FROM _sqlx_migrations WHERE version = 7",
    )
    .await;
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
    store.append_usage(&[sample::usage_event(&acme)]).await.unwrap();
    assert_eq!(attempts(&store).await, 7);
}

/// What would be done is told without being done.
#[tokio::test]
async fn pending_migrations_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    let options = SqliteOptions::default();
    assert_eq!(
        SqliteStore::pending(&path, &options).await.unwrap(),
        [
            "first tables",
            "managed objects",
            "usage sums",
            "budgets",
            "provider addressing",
            "prepaid",
            "usage team sums",
            "surface formats"
        ]
    );
    assert!(!path.exists());
    old_database(&path).await;
    for _ in 0..2 {
        assert_eq!(
            SqliteStore::pending(&path, &options).await.unwrap(),
            [
                "managed objects",
                "usage sums",
                "budgets",
                "provider addressing",
                "prepaid",
                "usage team sums",
                "surface formats"
            ]
        );
    }
    let store = SqliteStore::open(&path, &options).await.unwrap();
    assert!(SqliteStore::pending(&path, &options).await.unwrap().is_empty());
    store.close().await;
    assert!(SqliteStore::pending(&path, &options).await.unwrap().is_empty());

    let pending_error = async || SqliteStore::pending(&path, &options).await.unwrap_err();
    execute(&path, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
    let refused = pending_error().await;
    assert!(matches!(refused, OpenError::Migrate(_)), "{refused:?}");
    execute(&path, "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 4").await;
    let refused = pending_error().await;
    assert!(matches!(refused, OpenError::NewerSchema { found: 9999, known: 8 }), "{refused:?}");
}
