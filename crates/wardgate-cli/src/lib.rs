//! The command line as a client of the management API.
//!
//! Each resource is a row of data (`resource`), from which its commands are made (`command`). `document` reads declarative
//! documents, `plan` compares them with what there is, and `apply` does what the plan says. This crate knows HTTP and JSON and
//! nothing of how a gateway stores or serves anything: whatever it can do, any client of the API can. Start reading at
//! [`commands`].

mod command;
mod resource;
pub mod catalog_file;
mod document;
mod plan;
mod account_state;
mod apply;
mod export;
mod session;
mod client;
mod connection;
mod output;
mod secret_input;
mod expiry;
mod surroundings;
mod failure;
#[cfg(test)]
mod testing;

pub use command::{commands, run};
pub use document::yaml;
pub use failure::{Exit, Failure};
pub use surroundings::{Surroundings, Variables};
