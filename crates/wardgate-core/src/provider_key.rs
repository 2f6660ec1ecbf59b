//! A tenant's credential for a provider.

use crate::id::{AccountId, ProviderKeyId};
use crate::name::ProviderName;
use crate::time::Timestamp;

/// A provider credential as it is stored: sealed.
#[derive(Clone)]
pub struct ProviderKey {
    /// Its id.
    pub id: ProviderKeyId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The provider it opens.
    pub provider_name: ProviderName,
    /// Label, at most 255 characters.
    pub name: String,
    /// Free text, at most 255 characters.
    pub description: Option<String>,
    /// Free text for programs, at most 4,096 characters.
    pub metadata: Option<String>,
    /// The credential, sealed under the account's data key and bound to this row.
    pub sealed_value: Vec<u8>,
    /// The credential with its middle cut out.
    pub redacted: String,
    /// When it was made. Keys of one provider are tried in this order.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
}
