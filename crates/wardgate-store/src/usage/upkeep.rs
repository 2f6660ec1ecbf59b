//! What keeps the ledger in order while time passes.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::time::Timestamp;

/// Work on the ledger that no request waits for. Each call is short and bounded, may be made by several processes at once, and
/// may be repeated.
#[async_trait]
pub trait UsageUpkeep {
    /// Adds up to `max` events to the sums that a version of the program has stored which knew no sums. Says how many it were;
    /// none are left when it is fewer than `max`. An event is added once, whoever asks and however often.
    async fn sum_up_usage(&self, max: u32) -> Result<u64, StoreError>;

    /// Makes room for the events of the days to come, where the store keeps each day apart.
    async fn make_room_for_usage(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Deletes events that ended before then: up to `max` of them, or a day at once where the store keeps each day apart. Says
    /// whether there may be more. Their sums stay, and an event that is in no sum yet does, too.
    async fn delete_usage(&self, before: Timestamp, max: u32) -> Result<bool, StoreError>;
}
