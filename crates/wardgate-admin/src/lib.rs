//! The management API: who may call models, with whose credentials, and what it cost.
//!
//! One endpoint, one file. It checks and translates, and leaves keeping to the store; it knows nothing of how requests to
//! models are answered. Start reading at [`router()`], whose table lists every endpoint, then any endpoint's file.

mod actor;
mod app;
mod auth;
mod body;
mod context;
pub mod deps;
mod error;
mod etag;
mod idempotency;
mod inventory;
mod openapi;
mod page;
mod path;
mod reference;
mod resource;
mod route;
mod router;
mod schema;
mod stamped;
mod text;
mod values;

mod access_keys;
mod accounts;
mod api_keys;
mod audit_log;
mod backends;
mod budgets;
mod configurations;
mod credits;
mod explain;
mod gateway_config;
mod health;
mod managed_keys;
mod metrics;
mod models;
mod operator_keys;
mod provider_keys;
mod providers;
mod teams;
mod tiers;
mod usage;
mod virtual_models;

#[cfg(test)]
mod tests;

pub use deps::{Deps, Explainer, Explaining, NotExplained, Options, Readiness, ReadinessReport};
pub use router::router;
