//! Declarative documents: what accounts, and the gateway for all of them, shall have, in YAML.
//!
//! A document has a section for each kind of object. What a section may hold is data (`section`), from which reading, the JSON
//! Schema for editors and the text of problems come. A section that is absent is not managed: nothing of it is looked at. In an
//! object that is present, an absent field means its default, so that taking a line out takes its effect back. The singletons
//! `gatewayConfig` and `account` are the exception: there an absent field stays as it is.

mod files;
mod read;
mod schema;
mod section;
mod shape;
pub mod yaml;

#[cfg(test)]
pub(crate) use files::File;
pub(crate) use files::read_all;
pub(crate) use read::{Desired, Documents, Entry, documents_of};
pub(crate) use schema::json_schema;
pub(crate) use section::{DOCUMENT, GATEWAY_CONFIG, Kind};
pub(crate) use shape::{shortest_field, with_defaults, without_defaults, yaml_text};
