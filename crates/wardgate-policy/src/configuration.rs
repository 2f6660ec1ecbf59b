//! Configurations: the documents that say what an access key may call, and through whom.
//!
//! A document is the JSON object of a configuration without its texts (name, description, metadata): `access`, the scope,
//! `router`, the rules, and the strategies, which are expressions. Only this module knows what stands in it; whoever stores one keeps the text of [`Document::to_text`].
//!
//! - **Create**: [`Draft::new`] reads the fields, [`Draft::finish`] checks them against what the account has and gives what is
//!   to be stored: the document, what it [names](wardgate_core::configuration::References), and the provider keys that are to be
//!   made with it.
//! - **Change**: [`Draft::edit`] takes the stored document and the fields of a PATCH: an absent one stays, `null` clears, a value
//!   replaces. An allow list may also be changed by entries: `{"access": {"models": {"add": […], "remove": […]}}}`.
//! - **Show**: [`Document::shown`] is what was written, each provider key with its name and its redacted value.
//! - **Use**: [`Document::from_text`], then [`crate::Policy::compile`].
//!
//! Reading never stops at the first mistake: all [`Problem`]s are told at once, each with its place and a way out. A draft
//! remembers them, so that those of the form and those of the facts come together.

mod access;
mod document;
mod draft;
mod entry;
mod formula;
mod inventory;
pub(crate) mod json;
mod problem;
mod references;
mod router;
mod shown;
mod strategies;
mod transform;
mod warnings;

pub use access::{Access, Scope};
pub use document::{BadDocument, Document};
pub use draft::{Draft, NewKey, Ready};
pub(crate) use entry::{ModelEntry, ids_at, provider_named};
pub use formula::Formula;
pub use inventory::Inventory;
pub use problem::{Problem, ProblemKind};
pub use router::{Router, Rule, RuleStep};
pub use strategies::{Admit, FALLBACK_MODELS_MAX, FORMULAS_MAX, MESSAGE_CHARACTERS_MAX, OnError, Selection, Strategies};
pub use transform::{Change, PARAMETER_BYTES_MAX, PARAMETERS_MAX, Transform};

/// The most entries of one list of the scope.
pub const SCOPE_ENTRIES_MAX: usize = 1_000;

/// The longest entry of the scope, in bytes: a provider, a colon and a model of 255 each.
pub const ENTRY_BYTES_MAX: usize = 511;

/// The most rules of a router.
pub const RULES_MAX: usize = 200;

/// The most steps of a rule.
pub const STEPS_MAX: usize = 20;

/// The most provider keys of a step.
pub const STEP_KEYS_MAX: usize = 100;

/// The most problems that are told of one document; the rest would be more of the same, and each may cost a search for the
/// name that was meant.
pub const PROBLEMS_MAX: usize = 50;

#[cfg(test)]
mod tests;
