//! Tenants and the groups inside them.

use crate::id::{AccountId, ApiKeyId, OperatorKeyId, TeamId};
use crate::time::Timestamp;

/// A tenant: the wall that nothing crosses.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name, unique on this gateway.
    pub name: String,
    /// The key that seals this account's provider credentials, itself sealed by the master key.
    pub sealed_data_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The team that every account has.
pub const DEFAULT_TEAM: &str = "default";

/// A group inside an account that access keys are issued to.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Its name, unique within the account.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What an API key may do in its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything, keys and members included.
    Admin,
    /// Everything but API keys.
    Editor,
    /// Reading.
    Viewer,
}

impl Role {
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
        [Self::Admin, Self::Editor, Self::Viewer].into_iter().find(|role| role.name() == name)
    }
}

/// A credential of the management API for one account.
#[derive(Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The account it manages.
    pub account_id: AccountId,
    /// What it may do there.
    pub role: Role,
    /// Its label.
    pub name: Option<String>,
    /// The argon2id hash of its secret, as a PHC string.
    pub secret_hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// A credential of the management API for the whole gateway.
#[derive(Clone)]
pub struct OperatorKey {
    /// Its id.
    pub id: OperatorKeyId,
    /// The argon2id hash of its secret, as a PHC string.
    pub secret_hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}
