//! Brings a database to the schema that this program knows.
//!
//! The migrations are part of the program. A shipped file is never edited or removed: the migrator compares what was applied
//! with what it holds, and a difference means that two programs disagree about what the tables are. Each migration is a
//! transaction, so one that was cut off is applied by the next start.

use crate::open::OpenError;
use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr as _, SqliteConnection, SqlitePool};

/// Every migration of the SQLite schema, oldest first: number, description, text.
const SQLITE: [(i64, &str, &str); 8] = [
    (1, "first tables", include_str!("../../../migrations/sqlite/0001_first_tables.sql")),
    (2, "managed objects", include_str!("../../../migrations/sqlite/0002_managed_objects.sql")),
    (3, "usage sums", include_str!("../../../migrations/sqlite/0003_usage_sums.sql")),
    (4, "budgets", include_str!("../../../migrations/sqlite/0004_budgets.sql")),
    (5, "provider addressing", include_str!("../../../migrations/sqlite/0005_provider_addressing.sql")),
    (6, "prepaid", include_str!("../../../migrations/sqlite/0006_prepaid.sql")),
    (7, "usage team sums", include_str!("../../../migrations/sqlite/0007_usage_team_sums.sql")),
    (8, "surface formats", include_str!("../../../migrations/sqlite/0008_surface_formats.sql")),
];

/// The newest migration that this program knows.
const KNOWN: i64 = SQLITE[SQLITE.len() - 1].0;

/// Where the migrator notes what was applied.
const APPLIED: &str = "_sqlx_migrations";

fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(SQLITE.into_iter().map(migration).collect())
}

/// Applies what is missing. The caller sees to it that no other program does so at the same time.
pub(crate) async fn sqlite(writer: &SqlitePool) -> Result<(), OpenError> {
    migrator().run(writer).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) if found > KNOWN => OpenError::NewerSchema { found, known: KNOWN },
        other => OpenError::Migrate(other),
    })
}

/// The descriptions of the migrations that are missing, oldest first. Looks only.
pub(crate) async fn pending(connection: &mut SqliteConnection) -> Result<Vec<&'static str>, OpenError> {
    let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?)")
        .bind(APPLIED)
        .fetch_one(&mut *connection)
        .await
        .map_err(OpenError::Connect)?;
    let applied =
        if is_there { connection.list_applied_migrations(APPLIED).await.map_err(OpenError::Migrate)? } else { Vec::new() };
    if let Some(newer) = applied.iter().find(|migration| migration.version > KNOWN) {
        return Err(OpenError::NewerSchema { found: newer.version, known: KNOWN });
    }
    let mut pending = Vec::new();
    for (migration, (version, description, _)) in migrator().iter().zip(SQLITE) {
        match applied.iter().find(|applied| applied.version == version) {
            None => pending.push(description),
            Some(applied) if applied.checksum == migration.checksum => {}
            Some(_) => return Err(OpenError::Migrate(MigrateError::VersionMismatch(version))),
        }
    }
    Ok(pending)
}

/// What a database lacks that is not there yet.
pub(crate) fn all() -> Vec<&'static str> {
    SQLITE.into_iter().map(|(_, description, _)| description).collect()
}
