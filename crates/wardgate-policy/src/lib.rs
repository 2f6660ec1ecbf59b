//! Who to ask, in which order, and what to try next.
//!
//! Pure: what the client wants and what the account has come in as values, a plan comes out; an attempt's fault comes in, the
//! next step comes out. This crate knows nothing of HTTP, formats, clocks or stores. Start reading at [`plan()`], then
//! [`failover`].

pub mod configuration;
pub mod ask;
pub mod candidate;
pub mod disposition;
pub mod failover;
pub mod plan;
pub mod refusal;
pub mod verdict;
pub mod virtual_model;
#[cfg(test)]
mod testing;

pub use ask::Ask;
pub use candidate::Candidate;
pub use failover::{Failover, Next};
pub use plan::{Credentials, Facts, Plan, plan};
pub use refusal::{Dropped, Why};
pub use verdict::{Verdict, verdict};
pub use virtual_model::VirtualModels;
