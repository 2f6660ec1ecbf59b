//! The credential that a client presents on the data plane.

use crate::id::{AccessKeyId, AccountId, TeamId};
use crate::time::Timestamp;

/// An access key as it is stored. The secret itself is not: only its hash, and a form fit to be shown.
#[derive(Clone)]
pub struct AccessKey {
    /// Its id, part of the token.
    pub id: AccessKeyId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The team it is issued to.
    pub team_id: TeamId,
    /// Label, at most 255 characters.
    pub name: Option<String>,
    /// Free text, at most 255 characters.
    pub description: Option<String>,
    /// Free text for programs, at most 4,096 characters.
    pub metadata: Option<String>,
    /// The argon2id hash of its secret, as a PHC string.
    pub secret_hash: String,
    /// The token with its middle cut out, for people to recognize.
    pub redacted: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its label or text last changed.
    pub updated_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was last seen, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked. A revoked key is remembered so that its holder learns why it stopped working.
    pub revoked_at: Option<Timestamp>,
}
