//! The ledger of one account: its events, one for each attempt, and their sums.

pub mod overview;
pub mod sums;
pub mod upkeep;

pub use overview::{GroupBy, Interval, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery};
pub use sums::Sums;
pub use upkeep::UsageUpkeep;

use crate::{Listed, StoreError};
use async_trait::async_trait;
use std::time::Duration;
use wardgate_core::id::{AccessKeyId, RequestId, UsageEventId};
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

/// How long after its beginning the last attempt of a request may end and still be found by the request.
pub const REQUEST_LASTS_MAX: Duration = Duration::from_secs(24 * 3_600);

/// One account's usage events.
#[async_trait]
pub trait UsageEvents {
    /// A page of events, newest first.
    async fn list_usage(&self, query: &UsageQuery) -> Result<Listed<UsageEvent>, StoreError>;

    /// The attempts of one request, in their order; empty when there is no such request of this account. The id says when the
    /// request began, so only the time until [`REQUEST_LASTS_MAX`] after that is looked at.
    async fn request_usage(&self, id: RequestId) -> Result<Vec<UsageEvent>, StoreError>;

    /// Sums, by the start of their time and then group, both ascending. Made of hours and days that are summed up already, so its
    /// cost does not grow with the number of events.
    async fn usage_overview(&self, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError>;
}
