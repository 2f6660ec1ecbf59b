//! The store on SQL databases: one adapter a database, with the same file names on both sides, a file per table.
//!
//! It knows nothing of HTTP and nothing of what documents mean. Queries stand as plain text beside the function that runs
//! them. Start reading at [`SqliteStore`] in `open.rs`, then `sqlite.rs`; what the adapters share is in `row.rs` and `error.rs`.

mod error;
mod file;
mod migrate;
pub mod open;
mod postgres;
mod row;
mod sqlite;
mod turn;

pub use open::{OpenError, SqliteOptions, path_of_url};
pub use postgres::{PostgresOptions, PostgresStore};
pub use sqlite::SqliteStore;
