//! Usage events between the request that made them and the store.
//!
//! An event is written to a journal on disk before the last byte of its answer leaves, so a process that is killed loses none
//! of what was answered. From memory, or from the journal after a restart, events go to the store in batches; what the store
//! has taken is deleted here. A batch may be sent twice, and the store tells by the events' ids. This crate knows nothing of
//! the store. Start reading at [`ledger`].

pub mod ledger;
mod journal;
mod segment;
mod record;

pub use ledger::{Batch, Ledger, MANY, OpenError, Options, Outcome};
