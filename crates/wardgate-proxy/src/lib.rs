//! The data plane: one request from start to end, on hyper.
//!
//! A request is a straight line of phases, each a file under `phase/`, each taking what the one before gave; [`request`] names
//! them in order. What a phase decides, it asks of a pure crate: `wire`, `policy`, `keys`, `limits`. This crate knows nothing of
//! databases, the management API or the command line. Start reading at [`request`].

pub mod deps;
pub mod service;
mod request;
mod phase;
pub mod affinity;
pub mod keepsakes;
pub mod recall;
pub mod allowance;
mod by_model;
mod respond;
mod failure;
mod meter;
mod passage;
mod health;
mod request_log;
mod models;
pub mod explain;
mod body;
pub mod cache;
pub mod tenant;
pub mod drain;
mod stall;
mod headers;
mod generation;
mod responses;
mod own_key;
mod credits;
mod telling;
mod rate_headers;

pub use deps::{Deps, Options};
pub use drain::Drain;
pub use explain::{ExplainError, Explainer};
pub use service::{Service, TlsError, load_tls};
