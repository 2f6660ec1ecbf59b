//! Prepaid money.

use crate::id::{AccountId, CreditId, PurchaseId};
use crate::money::NanoUsd;
use crate::stamp::Stamp;
use crate::time::Timestamp;

/// Where credits come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditCategory {
    /// They were paid for.
    Purchase,
    /// They were given.
    Promotional,
}

impl CreditCategory {
    /// Every category.
    pub const ALL: [Self; 2] = [Self::Purchase, Self::Promotional];

    /// Its name in the API and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Promotional => "promotional",
        }
    }

    /// The category with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

/// What an account's credits pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrepaidScope {
    /// What is asked with the operator's keys: what is asked with its own, the account pays to the provider.
    Managed,
    /// Everything that costs something.
    Everything,
}

impl PrepaidScope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Managed, Self::Everything];

    /// Its name in the API and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Everything => "everything",
        }
    }

    /// The scope with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether it is credits that pay for an attempt.
    #[must_use]
    pub const fn covers(self, is_managed: bool) -> bool {
        is_managed || matches!(self, Self::Everything)
    }
}

/// An amount that was added to an account's balance. Never edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Its id.
    pub id: CreditId,
    /// Whose balance.
    pub account_id: AccountId,
    /// How much; never negative.
    pub amount: NanoUsd,
    /// Where it comes from.
    pub category: CreditCategory,
    /// Why, for people; at most 255 characters.
    pub note: Option<String>,
    /// From when on what is left of it is void, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Who added it.
    pub created_by: String,
}

/// How far a purchase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurchaseStatus {
    /// The operator has not decided.
    Pending,
    /// The credits were added.
    Succeeded,
    /// The operator declined.
    Failed,
}

impl PurchaseStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Succeeded, Self::Failed];

    /// Its name in the API and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// The status with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// An account's wish for credits. The gateway takes no payments: the operator settles it and says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Its id.
    pub id: PurchaseId,
    /// Who wants them.
    pub account_id: AccountId,
    /// How much, in US cents; at least 1.
    pub amount_cents: u32,
    /// How far it is.
    pub status: PurchaseStatus,
    /// Why it failed, for people.
    pub failure_message: Option<String>,
    /// The `Idempotency-Key` it was made with; unique within the account.
    pub idempotency_key: Option<String>,
    /// From when on the credits are void once they are added.
    pub expires_at: Timestamp,
    /// When and by whom.
    pub stamp: Stamp,
}
