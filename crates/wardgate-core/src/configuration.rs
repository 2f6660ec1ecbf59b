//! The documents that say what an access key may call, and how.

use crate::id::{AccountId, ConfigurationId, ProviderKeyId, VirtualModelId};
use crate::label::Label;
use crate::name::ProviderName;
use crate::stamp::Stamp;

/// An access-key configuration as it is stored. Only `wardgate-policy` understands its document.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Its id.
    pub id: ConfigurationId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Its texts. Its name is always there.
    pub label: Label,
    /// A JSON object as text: access scope, router, and what else policy knows.
    pub document: String,
    /// What the document names, so that none of it is deleted meanwhile.
    pub references: References,
    /// When and by whom.
    pub stamp: Stamp,
}

/// What a document names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Provider keys, each once.
    pub provider_keys: Vec<ProviderKeyId>,
    /// Providers, built-in and custom, each once.
    pub providers: Vec<ProviderName>,
}

/// A name that stands for an ordered list of models.
#[derive(Debug, Clone)]
pub struct VirtualModel {
    /// Its id.
    pub id: VirtualModelId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Its texts. Its name is always there, unique within the account without regard to case, and what clients write as the model.
    pub label: Label,
    /// Model strings, in the order in which they are tried; 1 to [`VIRTUAL_MODEL_TARGETS_MAX`].
    pub models: Vec<String>,
    /// When and by whom.
    pub stamp: Stamp,
}

/// The most models that one name stands for.
pub const VIRTUAL_MODEL_TARGETS_MAX: usize = 50;
