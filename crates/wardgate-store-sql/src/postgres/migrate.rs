//! Brings a database to the schema that this program knows, one program at a time.
//!
//! Programs that start together queue for a lock of the database; the first applies what is missing and the others find it
//! done. Each migration is a transaction, so one that was cut off is applied by the next start.

use crate::open::OpenError;
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgPool;
use sqlx::{Row as _, SqlSafeStr as _};

/// Every migration of the Postgres schema, oldest first: number, description, text. Shipped ones are never edited or removed.
const POSTGRES: [(i64, &str, &str); 7] = [
    (1, "first tables", include_str!("../../../../migrations/postgres/0001_first_tables.sql")),
    (2, "usage sums", include_str!("../../../../migrations/postgres/0002_usage_sums.sql")),
    (3, "budgets", include_str!("../../../../migrations/postgres/0003_budgets.sql")),
    (4, "provider addressing", include_str!("../../../../migrations/postgres/0004_provider_addressing.sql")),
    (5, "prepaid", include_str!("../../../../migrations/postgres/0005_prepaid.sql")),
    (6, "usage team sums", include_str!("../../../../migrations/postgres/0006_usage_team_sums.sql")),
    (7, "surface formats", include_str!("../../../../migrations/postgres/0007_surface_formats.sql")),
];

/// The newest migration that this program knows.
const KNOWN: i64 = POSTGRES[POSTGRES.len() - 1].0;

/// What Postgres says when a lock is waited for too long.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// The descriptions of the migrations that are missing, oldest first. Looks only, and needs no right to change anything.
pub(super) async fn pending(pool: &PgPool) -> Result<Vec<&'static str>, OpenError> {
    let table = sqlx::query("SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS is_there").fetch_one(pool).await;
    let is_there: bool = table.and_then(|row| row.try_get("is_there")).map_err(OpenError::Connect)?;
    let mut applied: Vec<i64> = Vec::new();
    if is_there {
        let rows = sqlx::query("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(pool).await;
        let rows = rows.map_err(OpenError::Connect)?;
        applied = rows.iter().map(|row| row.try_get("version")).collect::<Result<_, _>>().map_err(OpenError::Connect)?;
    }
    match applied.iter().max() {
        Some(&found) if found > KNOWN => Err(OpenError::NewerSchema { found, known: KNOWN }),
        _ => Ok(POSTGRES.into_iter().filter(|(version, ..)| !applied.contains(version)).map(|(_, what, _)| what).collect()),
    }
}

/// Whether every text can be kept.
pub(super) async fn check_encoding(pool: &PgPool) -> Result<(), OpenError> {
    let row = sqlx::query("SHOW server_encoding").fetch_one(pool).await;
    let found: String = row.and_then(|row| row.try_get(0)).map_err(OpenError::Connect)?;
    if found == "UTF8" { Ok(()) } else { Err(OpenError::Encoding { found }) }
}

/// Applies what is missing. The pool's connections must have no statement timeout: a migration takes as long as it takes.
pub(super) async fn run(pool: &PgPool) -> Result<(), OpenError> {
    if pending(pool).await?.is_empty() {
        return Ok(());
    }
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let migrator = Migrator::with_migrations(POSTGRES.into_iter().map(migration).collect());
    migrator.run(pool).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) if found > KNOWN => OpenError::NewerSchema { found, known: KNOWN },
        MigrateError::Execute(error) if code(&error).as_deref() == Some(LOCK_NOT_AVAILABLE) => OpenError::Busy,
        other => OpenError::Migrate(other),
    })
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(DatabaseError::code).map(String::from)
}
