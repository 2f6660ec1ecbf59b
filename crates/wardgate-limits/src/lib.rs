//! What a request may take, and what it costs.
//!
//! Bounds on requests in flight, on the memory that bodies take and on retries, all local and lock-free; the price of a usage.
//! This crate knows nothing of HTTP. Start reading at [`gate`].

pub mod cost;
pub mod estimate;
pub mod gate;
pub mod memory;
pub mod retry_budget;
