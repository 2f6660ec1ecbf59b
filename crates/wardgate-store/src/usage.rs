//! The ledger of one account.

use crate::{Listed, StoreError};
use async_trait::async_trait;
use std::time::Duration;
use wardgate_core::id::{AccessKeyId, RequestId, UsageEventId};
use wardgate_core::money::NanoUsd;
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

/// What an overview adds up by, beside the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// By provider.
    Provider,
    /// By access key.
    AccessKey,
    /// By team.
    Team,
    /// By provider and model, as `provider:model`.
    Model,
}

/// Which sums to make.
#[derive(Debug, Clone)]
pub struct OverviewQuery {
    /// From here, inclusive.
    pub start: Timestamp,
    /// To here, inclusive.
    pub end: Timestamp,
    /// One bucket a day and one of these.
    pub group_by: GroupBy,
}

/// The sums of one day (UTC) and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewBucket {
    /// The start of the day.
    pub day: Timestamp,
    /// The id of the access key or team, the provider's id, or `provider:model`.
    pub group: String,
    /// Of all attempts whose cost is known.
    pub cost: NanoUsd,
    /// How many requests, which is final attempts.
    pub requests: u64,
    /// How many of these failed: any completion but [`wardgate_core::usage::Completion::Succeeded`], or a status of 400 or more.
    pub errors: u64,
    /// Input tokens of all attempts.
    pub input_tokens: u64,
    /// Output tokens of all attempts.
    pub output_tokens: u64,
}

/// The most buckets that an overview has; beyond it [`StoreError::Full`], since cutting would falsify the sums.
pub const OVERVIEW_BUCKETS_MAX: usize = 50_000;

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

    /// Sums, by day and then group, both ascending.
    async fn usage_overview(&self, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError>;
}
