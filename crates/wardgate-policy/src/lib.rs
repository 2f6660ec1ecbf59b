//! Who to ask, in which order, and what to try next.
//!
//! Pure: what the client wants and what the account has come in as values, a plan comes out; an attempt's fault comes in, the
//! next step comes out. What an access key may call is its configuration, a document that only this crate understands. This
//! crate knows nothing of HTTP, formats, clocks or stores. Start reading at [`plan()`], then [`failover`]; for documents at
//! [`configuration`].

pub mod ask;
pub mod preferences;
pub mod variant;
pub mod auto;
pub mod health;
pub mod plan;
pub mod policy;
pub mod configuration;
pub mod virtual_model;
pub mod credential;
pub mod candidate;
pub mod refusal;
pub mod explanation;
pub mod strategy;
pub mod expression;
pub mod caps;
pub mod failover;
pub mod disposition;
pub mod verdict;
#[cfg(test)]
mod testing;

pub use ask::Ask;
pub use candidate::Candidate;
pub use caps::{Caps, InputTooLong, OutputCap};
pub use credential::{Credential, Credentials};
pub use explanation::{Explanation, Refusal};
pub use failover::{Failover, Next};
pub use health::Health;
pub use plan::{Facts, Plan, can_call, pin, plan};
pub use policy::{OutOfScope, Policy};
pub use preferences::{Preferences, Wishes};
pub use refusal::{Dropped, Filter, Why, Wish, tally};
pub use verdict::{Verdict, verdict};
pub use virtual_model::VirtualModels;
