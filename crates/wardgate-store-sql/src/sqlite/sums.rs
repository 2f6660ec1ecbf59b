//! The ledger: what events add to the sums, in the transaction that stores them.

use super::Statement;
use super::rows::Texts;
use crate::error::unavailable;
use crate::row::count;
use sqlx::SqliteConnection;
use std::sync::LazyLock;
use wardgate_core::usage::UsageEvent;
use wardgate_store::StoreError;
use wardgate_store::usage::sums::{SumKey, Sums, sums};

/// A sum is held here: what a provider says was used may be anything, and SQLite refuses to add up what is beyond the range of
/// its numbers. So a thousand such sums can still be added up. In dollars it is nine million, for one key and model in a day.
const SUM_MAX: u64 = 1 << 53;

/// A batch of one key adds to two rows: its hour and its day.
static ADDS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::repeating(
        &[32, 8, 2, 1],
        "INSERT INTO usage_sums (account_id, span_hours, start, provider, model, access_key_id, team_id, cost_nano_usd,
             attempts, unpriced, requests, errors, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
             reasoning_tokens) VALUES",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ON CONFLICT DO UPDATE SET
             cost_nano_usd = cost_nano_usd + min(excluded.cost_nano_usd, 9007199254740992 - cost_nano_usd),
             attempts = attempts + excluded.attempts,
             unpriced = unpriced + excluded.unpriced,
             requests = requests + excluded.requests,
             errors = errors + excluded.errors,
             input_tokens = input_tokens + min(excluded.input_tokens, 9007199254740992 - input_tokens),
             cache_read_tokens = cache_read_tokens + min(excluded.cache_read_tokens, 9007199254740992 - cache_read_tokens),
             cache_write_tokens =
                 cache_write_tokens + min(excluded.cache_write_tokens, 9007199254740992 - cache_write_tokens),
             output_tokens = output_tokens + min(excluded.output_tokens, 9007199254740992 - output_tokens),
             reasoning_tokens = reasoning_tokens + min(excluded.reasoning_tokens, 9007199254740992 - reasoning_tokens)",
    )
});

/// Adds events that this transaction stored.
pub(super) async fn add<'e>(
    transaction: &mut SqliteConnection,
    events: impl IntoIterator<Item = &'e UsageEvent> + Clone,
) -> Result<(), StoreError> {
    super::spending::add(transaction, events.clone()).await?;
    // Written in the order of the table, so that rows which lie beside each other are written one after the other.
    let sums: Vec<_> = sums(events).into_iter().collect();
    for (statement, part) in ADDS.cut(&sums) {
        part.iter().fold(sqlx::query(statement), bind).execute(&mut *transaction).await.map_err(unavailable)?;
    }
    Ok(())
}

fn bind<'q>(statement: Statement<'q>, (key, sums): &'q (SumKey, Sums)) -> Statement<'q> {
    statement
        .bind(key.account_id.as_bytes().as_slice())
        .bind(key.span.hours())
        .bind(key.start.unix_micros())
        .bind(key.provider.as_str())
        .bind(&*key.model)
        .bind(key.access_key_id.as_bytes().as_slice())
        .bind(key.team_id.as_bytes().as_slice())
        .bind(sums.cost.nano_usd().min(held(u64::MAX)))
        .bind(held(sums.attempts))
        .bind(held(sums.unpriced))
        .bind(held(sums.requests))
        .bind(held(sums.errors))
        .bind(held(sums.input_tokens))
        .bind(held(sums.cache_read_tokens))
        .bind(held(sums.cache_write_tokens))
        .bind(held(sums.output_tokens))
        .bind(held(sums.reasoning_tokens))
}

fn held(sum: u64) -> i64 {
    count(sum.min(SUM_MAX))
}
