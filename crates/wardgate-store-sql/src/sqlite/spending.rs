//! What was spent, by spender and day: the ledger's money as limits ask for it.

use crate::error::unavailable;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::UsageEvent;
use wardgate_store::StoreError;

/// Who spends what the operator's keys are used for.
pub(super) const CREDITS: [u8; 16] = [0; 16];

/// A sum is held here, so that SQLite can add up a thousand of them. In dollars it is nine million in a day.
const ADD: &str = "INSERT INTO spending (account_id, spender_id, day, nano_usd) VALUES (?, ?, ?, min(?, 9007199254740992))
     ON CONFLICT DO UPDATE SET nano_usd = nano_usd + min(excluded.nano_usd, 9007199254740992 - nano_usd)";

/// Adds events that this transaction stored.
pub(super) async fn add<'e>(
    transaction: &mut SqliteConnection,
    events: impl IntoIterator<Item = &'e UsageEvent>,
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<([u8; 16], [u8; 16], i64), NanoUsd> = BTreeMap::new();
    for event in events {
        let Some(cost) = event.cost.filter(|cost| *cost > NanoUsd::ZERO) else { continue };
        let day = event.request_id.made_at().day_start().unix_micros();
        let account = *event.account_id.as_bytes();
        let spenders = [account, *event.team_id.as_bytes(), *event.access_key_id.as_bytes()];
        for spender in spenders.into_iter().chain(event.managed_key_id.map(|_| CREDITS)) {
            *sums.entry((account, spender, day)).or_default() += cost;
        }
    }
    for ((account, spender, day), sum) in sums {
        sqlx::query(ADD)
            .bind(account.to_vec())
            .bind(spender.to_vec())
            .bind(day)
            .bind(sum.nano_usd())
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}
