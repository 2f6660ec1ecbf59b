//! How those who are asked have done lately: a small record for each model of a provider and each credential.
//!
//! A record learns from each attempt, says whom not to ask for a while, and forgets. What an attempt means is pure ([`record`]); the
//! table of all records is shared and bounded ([`table`]). Times are arguments. This crate knows nothing of plans or HTTP. Start
//! reading at [`record`].

pub mod record;
pub mod average;
pub mod table;

pub use record::{Outcome, Record, Turn};
pub use table::{Entry, Health, Key, Owner};
