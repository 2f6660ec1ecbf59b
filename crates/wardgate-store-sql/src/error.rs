//! From the database's errors to the store's.

use sqlx::error::ErrorKind;
use wardgate_store::StoreError;

/// The error of a read, or of a write that breaks no rule.
pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// The error of an insert: what it was about is named by `what`, and what it refers to by `parent`.
pub(crate) fn of_insert(error: sqlx::Error, what: impl FnOnce() -> String, parent: &'static str) -> StoreError {
    match error.as_database_error().map(sqlx::error::DatabaseError::kind) {
        Some(ErrorKind::UniqueViolation) => StoreError::Conflict { what: what() },
        Some(ErrorKind::ForeignKeyViolation) => StoreError::NotInAccount { what: parent },
        _ => unavailable(error),
    }
}
