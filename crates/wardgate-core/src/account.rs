//! Tenants and the groups inside them.

use crate::credit::PrepaidScope;
use crate::id::{AccountId, TeamId};
use crate::label::Label;
use crate::stamp::Stamp;
use crate::tier::TierName;
use crate::time::Timestamp;

/// A tenant: the wall that nothing crosses.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name, unique on this gateway.
    pub name: String,
    /// Free text for programs, at most 4,096 characters.
    pub metadata: Option<String>,
    /// The tier it is on.
    pub tier: Option<TierName>,
    /// Since when none of its keys is served, if so.
    pub suspended_at: Option<Timestamp>,
    /// What its credits pay for, if for anything: without enough of them that is refused.
    pub prepaid: Option<PrepaidScope>,
    /// The id of its team [`DEFAULT_TEAM`], which is made with it.
    pub default_team_id: TeamId,
    /// The key that seals this account's provider credentials, itself sealed by the master key.
    pub sealed_data_key: Vec<u8>,
    /// When and by whom.
    pub stamp: Stamp,
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
    /// Its texts. Its name is always there and unique within the account.
    pub label: Label,
    /// The tier it is on, where that is not its account's.
    pub tier: Option<TierName>,
    /// When and by whom.
    pub stamp: Stamp,
}
