//! `GET /api/v1/key`: what a client can know of the key that it asks with, as OpenRouter tells it.

use crate::body::ReplyBody;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::generation::dollars;
use crate::models::json;
use crate::phase::configure::Caller;
use http::Response;
use serde_json::json;
use wardgate_core::budget::{Budget, BudgetWindow};
use wardgate_core::id::AccessKeyId;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::escrow::Purse;
use wardgate_store::kinds::BudgetFilter;
use wardgate_store::usage::sums::Span;
use wardgate_store::usage::{GroupBy, Interval, OverviewBucket, OverviewQuery};
use wardgate_store::{Collection, Page, StoreError, Tenant};

/// Answers the request. Sums are those of the store, which is a moment behind.
pub(crate) async fn get(deps: &Deps, caller: &Caller) -> Result<Response<ReplyBody>, Failure> {
    let record = &caller.key.record;
    let now = deps.clock.now();
    let tenant = deps.tenants.store().tenant(record.account_id);
    let query = |start, interval| OverviewQuery {
        start,
        end: now,
        group_by: GroupBy::Nothing,
        interval,
        access_key_id: Some(record.id),
    };
    let all = query(Timestamp::from_unix_micros(0), Interval::Whole);
    let all = tenant.usage_overview(&all).await.map_err(|_| Failure::StoreAway)?;
    let (today, week, month) = (Span::Day.start_of(now), start_of_week(now), start_of_month(now));
    let days = query(week.min(month), Interval::Day);
    let days = tenant.usage_overview(&days).await.map_err(|_| Failure::StoreAway)?;
    let since = |start: Timestamp| dollars(Some(sum(days.iter().filter(|bucket| bucket.start >= start))));
    let limit = limit(&*tenant, record.id, now).await.map_err(|_| Failure::StoreAway)?;
    Ok(json(&json!({ "data": {
        "label": record.label.name.as_deref().unwrap_or(&record.redacted),
        "limit": limit.as_ref().map(|limit| dollars(Some(limit.hard))),
        "limit_remaining": limit.as_ref().map(|limit| dollars(Some(limit.remaining))),
        "limit_reset": limit.as_ref().and_then(|limit| limit.reset),
        "include_byok_in_limit": false,
        "usage": dollars(Some(sum(all.iter()))),
        "usage_daily": since(today),
        "usage_weekly": since(week),
        "usage_monthly": since(month),
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
        "is_free_tier": false,
        "is_management_key": false,
        "is_provisioning_key": false,
        "expires_at": record.expires_at,
        "creator_user_id": null,
        "rate_limit": { "requests": -1, "interval": "10s", "note": "see the headers of answers" },
    }})))
}

/// The budget of the key itself of which the least is left. Those of its team and account more keys than this one share.
struct Limit {
    hard: NanoUsd,
    /// What is left that no gateway holds.
    remaining: NanoUsd,
    /// How often it begins anew, in OpenRouter's words; none: never.
    reset: Option<&'static str>,
}

async fn limit(tenant: &dyn Tenant, id: AccessKeyId, now: Timestamp) -> Result<Option<Limit>, StoreError> {
    let filter = BudgetFilter { access_key_id: Some(id), ..BudgetFilter::default() };
    let budgets = Collection::<Budget>::list(tenant, &filter, Page::first()).await?.items;
    let hard: Vec<_> = budgets.iter().filter_map(|budget| Some((budget, budget.hard?))).collect();
    let purses: Vec<_> = hard.iter().map(|(budget, _)| (Purse::Budget(budget.id), budget.span(now))).collect();
    let standings = tenant.standings(&purses, now).await?;
    let limits = hard.into_iter().zip(standings).map(|((budget, hard), standing)| Limit {
        hard,
        remaining: (hard - standing.spent - standing.held).max(NanoUsd::ZERO),
        reset: match budget.window {
            BudgetWindow::Day => Some("daily"),
            BudgetWindow::Week => Some("weekly"),
            BudgetWindow::Month => Some("monthly"),
            BudgetWindow::Total => None,
        },
    });
    Ok(limits.min_by_key(|limit| limit.remaining))
}

fn sum<'b>(buckets: impl Iterator<Item = &'b OverviewBucket>) -> NanoUsd {
    buckets.map(|bucket| bucket.sums.cost).sum()
}

/// The Monday (UTC) before. The first day of all time was a Thursday.
fn start_of_week(now: Timestamp) -> Timestamp {
    let today = Span::Day.start_of(now).unix_micros();
    let since_monday = (today.div_euclid(Span::Day.micros()) + 3).rem_euclid(7);
    Timestamp::from_unix_micros(today - since_monday * Span::Day.micros())
}

/// The first of the month (UTC).
fn start_of_month(now: Timestamp) -> Timestamp {
    let text = now.to_string();
    let month = text.get(..7).and_then(|month| Timestamp::parse(&format!("{month}-01T00:00:00Z")));
    month.unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        for (now, monday, first) in [
            ("2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("2026-12-01T10:00:00Z", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"),
        ] {
            assert_eq!((start_of_week(at(now)), start_of_month(at(now))), (at(monday), at(first)), "{now}");
        }
    }
}
