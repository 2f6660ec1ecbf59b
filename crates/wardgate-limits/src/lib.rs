//! What a request may take, and what it costs.
//!
//! Bounds on requests in flight, on the memory that bodies take, on retries and on heavy work, all local; the rates that tiers
//! allow, counted locally or together with other gateways; money that budgets and credits allow; the price of a usage. This crate knows nothing of HTTP. Start
//! reading at [`gate`] for what the process can bear, at [`rate`] for what a caller may take.

pub mod gate;
pub mod memory;
pub mod retry_budget;
pub mod lane;
pub mod tier;
pub mod rate;
pub mod local;
pub mod shared;
pub mod limiter;
pub mod escrow;
pub mod estimate;
pub mod cost;
