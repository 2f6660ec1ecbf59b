//! The ledger of one account.

use crate::{Listed, StoreError};
use async_trait::async_trait;
use wardgate_core::id::{AccessKeyId, UsageEventId};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;

/// Which events to list.
#[derive(Debug, Clone)]
pub struct UsageQuery {
    /// From here, inclusive.
    pub start: Timestamp,
    /// To here, inclusive.
    pub end: Timestamp,
    /// Only of this key.
    pub access_key_id: Option<AccessKeyId>,
    /// Also attempts that were not the last of their request.
    pub include_retries: bool,
    /// Only events that stand after this one in the list, which is ordered by time and then id, both descending.
    pub after: Option<(Timestamp, UsageEventId)>,
    /// 1 to [`crate::page::PAGE_LIMIT_MAX`].
    pub limit: u32,
}

/// One account's usage events.
#[async_trait]
pub trait UsageEvents {
    /// A page of events, newest first.
    async fn list_usage(&self, query: &UsageQuery) -> Result<Listed<UsageEvent>, StoreError>;
}
