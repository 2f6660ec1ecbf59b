//! One account's prepaid money.

use crate::{Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::credit::{Credit, Purchase};
use wardgate_core::id::CreditId;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;

/// One account's balance and what made it.
#[async_trait]
pub trait Credits {
    /// Adds to the balance. [`StoreError::NotInAccount`] when the credit is another account's.
    async fn add_credit(&self, credit: &Credit, audit: &AuditEvent) -> Result<(), StoreError>;

    /// What was added, newest first.
    async fn list_credits(&self, page: Page<CreditId>) -> Result<Listed<Credit>, StoreError>;

    /// The sum of all credits that are not expired at this instant.
    async fn credit_balance(&self, now: Timestamp) -> Result<NanoUsd, StoreError>;

    /// Replaces the version before this one of a purchase, and adds the credit it was for, both or neither. Errors as
    /// [`crate::Collection::update`].
    async fn settle_purchase(&self, purchase: &Purchase, credit: Option<&Credit>, audit: &AuditEvent)
    -> Result<(), StoreError>;
}
