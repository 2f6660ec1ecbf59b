//! PostgreSQL servers for tests: the machine's own binaries, on a temporary directory, as an ordinary user.
//!
//! One server is shared by all tests of a machine, whatever process they run in, since starting one takes longer than most
//! tests; each test has a [`Database`] of its own there. A test that stops or freezes the server has a server of its own.
//!
//! Nothing is left behind, also when a test is killed. Whoever uses a server holds a lock on a file beside it, which ends with
//! the process, whatever ends that; and each server has a keeper, a process that takes it down once nobody holds the lock.

mod binaries;
mod database;
mod pooler;
mod processes;
mod server;

pub use database::Database;
pub use pooler::Pooler;
pub use server::{Frozen, Postgres};
