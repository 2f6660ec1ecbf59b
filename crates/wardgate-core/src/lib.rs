//! The vocabulary that every other crate speaks: ids, names, money, usage, formats, secrets, time.
//!
//! Plain values with their rules. This crate knows nothing of HTTP, databases, files or clocks; time and randomness arrive as
//! arguments. Start reading at [`access_key`] and follow the types it mentions.

pub mod access_key;
pub mod account;
pub mod address;
pub mod api_key;
pub mod audit;
pub mod base62;
pub mod budget;
pub mod configuration;
pub mod credit;
pub mod fault;
pub mod format;
pub mod gateway_config;
pub mod health;
pub mod id;
pub mod label;
pub mod money;
pub mod name;
pub mod provider;
pub mod provider_key;
pub mod random;
pub mod secret;
pub mod stamp;
pub mod tier;
pub mod time;
pub mod usage;
pub mod zone;
