//! Brings a database to the schema that this program knows.
//!
//! The migrations are part of the program. A shipped file is never edited or removed: the migrator compares what was applied
//! with what it holds, and a difference means that two programs disagree about what the tables are.

use crate::open::OpenError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr as _, SqlitePool};

/// Every migration of the SQLite schema, oldest first: number, description, text.
const SQLITE: [(i64, &str, &str); 2] = [
    (1, "first tables", include_str!("../../../migrations/sqlite/0001_first_tables.sql")),
    (2, "managed objects", include_str!("../../../migrations/sqlite/0002_managed_objects.sql")),
];

/// Applies what is missing. The caller sees to it that no other program does so at the same time.
pub(crate) async fn sqlite(writer: &SqlitePool) -> Result<(), OpenError> {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let known = SQLITE.last().map_or(0, |(version, ..)| *version);
    let migrator = Migrator::with_migrations(SQLITE.into_iter().map(migration).collect());
    migrator.run(writer).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) if found > known => OpenError::NewerSchema { found, known },
        other => OpenError::Migrate(other),
    })
}
