//! The credentials of the management API.

use crate::id::{AccountId, ApiKeyId, OperatorKeyId};
use crate::label::Label;
use crate::stamp::Stamp;
use crate::time::Timestamp;

/// What an API key may do in its account. Ordered: a later role may do all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reading.
    Viewer,
    /// Everything but API keys.
    Editor,
    /// Everything, API keys included.
    Admin,
}

impl Role {
    /// Every role, the least one first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The role's name in the API and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A credential of the management API for one account.
#[derive(Clone)]
pub struct ApiKey {
    /// Its id, part of the token.
    pub id: ApiKeyId,
    /// The account it manages.
    pub account_id: AccountId,
    /// What it may do there.
    pub role: Role,
    /// Its texts.
    pub label: Label,
    /// The argon2id hash of its secret, as a PHC string.
    pub secret_hash: String,
    /// The token with its middle cut out, for people to recognize.
    pub redacted: String,
    /// From when on it is refused, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last seen, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
    /// When and by whom.
    pub stamp: Stamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// A credential of the management API for the whole gateway.
#[derive(Clone)]
pub struct OperatorKey {
    /// Its id, part of the token.
    pub id: OperatorKeyId,
    /// Its texts.
    pub label: Label,
    /// The argon2id hash of its secret, as a PHC string.
    pub secret_hash: String,
    /// The token with its middle cut out, for people to recognize.
    pub redacted: String,
    /// From when on it is refused, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last seen, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
    /// When and by whom.
    pub stamp: Stamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}
