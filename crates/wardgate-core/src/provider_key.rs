//! Credentials for providers: a tenant's, and the operator's own.

use crate::id::{AccountId, ManagedKeyId, ProviderKeyId};
use crate::label::Label;
use crate::name::ProviderName;
use crate::stamp::Stamp;
use crate::time::Timestamp;

/// A tenant's credential as it is stored: sealed.
#[derive(Clone)]
pub struct ProviderKey {
    /// Its id.
    pub id: ProviderKeyId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The provider it opens.
    pub provider_name: ProviderName,
    /// Its texts. Its name is always there.
    pub label: Label,
    /// The credential, sealed under the account's data key and bound to this row.
    pub sealed_value: Vec<u8>,
    /// The credential with its middle cut out.
    pub redacted: String,
    /// When it was last used, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
    /// When and by whom. Keys of one provider are tried in the order in which they were made.
    pub stamp: Stamp,
}

/// The operator's own credential, which accounts may use that were granted it.
#[derive(Clone)]
pub struct ManagedKey {
    /// Its id.
    pub id: ManagedKeyId,
    /// The built-in provider it opens.
    pub provider_name: ProviderName,
    /// Its texts. Its name is always there.
    pub label: Label,
    /// The credential, sealed under the master key and bound to this row.
    pub sealed_value: Vec<u8>,
    /// The credential with its middle cut out.
    pub redacted: String,
    /// When it was last used, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
    /// When and by whom.
    pub stamp: Stamp,
}
