//! What a request may take, and what it costs.
//!
//! Bounds on requests in flight, on the memory that bodies take, on retries and on heavy work, all local; the price of a usage.
//! This crate knows nothing of HTTP. Start reading at [`gate`].

pub mod gate;
pub mod memory;
pub mod retry_budget;
pub mod lane;
pub mod tier;
pub mod estimate;
pub mod cost;
