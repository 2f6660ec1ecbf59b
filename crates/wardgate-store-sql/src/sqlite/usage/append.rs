//! Storing events: what a gateway writes most.
//!
//! Each value of a statement is allocated by one thread and freed by another, which costs more than to store it. So the ids of a
//! row travel as one value, and a word is shared with the row before where that says the same. Parameters have no numbers: to
//! find one by its number, the database looks through all of them.

use super::super::rows::Texts;
use super::super::{SqliteStore, Statement, sums};
use crate::error::unavailable;
use crate::row::{count, usage_source_word};
use sqlx::SqliteConnection;
use sqlx::error::ErrorKind;
use std::sync::{Arc, LazyLock};
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::UsageEvent;
use wardgate_store::StoreError;

/// How long an id is.
const ID_BYTES: usize = 16;

/// The columns whose ids lie one after the other in the first value of a row. The last may be missing.
const IDS: [&str; 6] = ["id", "request_id", "account_id", "team_id", "access_key_id", "provider_key_id"];

/// The other columns, in the order of their values.
const VALUES: [&str; 24] = [
    "managed_key_id",
    "event_time",
    "surface",
    "provider",
    "model",
    "virtual_model",
    "provider_key_redacted",
    "attempt_number",
    "is_final",
    "status_code",
    "completion",
    "is_streaming",
    "stop_reason",
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write_other",
    "output",
    "reasoning",
    "usage_source",
    "cost_nano_usd",
    "duration_us",
    "first_token_us",
];

/// Fails at the first row that is there already, with those before it stored: a statement that undid them itself would have to
/// keep a copy of each page that it changes. The transaction is rolled back then.
///
/// A statement of more rows would save little, and keep a core for longer than a request should wait.
static INSERTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(&[64, 16, 4, 1], |rows| statement("INSERT OR FAIL", rows, "")));

/// Stores a row that is not there yet.
static INSERT_NEW: LazyLock<String> = LazyLock::new(|| statement("INSERT", 1, " ON CONFLICT DO NOTHING"));

/// Stores these events in one transaction, with what they add to the sums. Says how many of them were not there yet.
pub(in super::super) async fn append(store: &SqliteStore, events: &[UsageEvent]) -> Result<u64, StoreError> {
    if events.is_empty() {
        return Ok(0);
    }
    let mut transaction = store.begin().await?;
    match insert(&mut transaction, events).await {
        Ok(()) => {
            sums::add(&mut transaction, events).await?;
            transaction.commit().await.map_err(unavailable)?;
            return Ok(events.len() as u64);
        }
        Err(error) if is_there_already(&error) => transaction.rollback().await.map_err(unavailable)?,
        Err(error) => return Err(unavailable(error)),
    }
    // A part of them was there already, which is rare: which part, only storing one by one tells.
    let mut transaction = store.begin().await?;
    let mut new = Vec::new();
    for event in events {
        let row = bind_all(&INSERT_NEW, std::slice::from_ref(event));
        if row.execute(&mut *transaction).await.map_err(unavailable)?.rows_affected() == 1 {
            new.push(event);
        }
    }
    let count = new.len() as u64;
    sums::add(&mut transaction, new.iter().copied()).await?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(count)
}

async fn insert(transaction: &mut SqliteConnection, events: &[UsageEvent]) -> Result<(), sqlx::Error> {
    for (statement, part) in INSERTS.cut(events) {
        bind_all(statement, part).execute(&mut *transaction).await?;
    }
    Ok(())
}

fn is_there_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.kind() == ErrorKind::UniqueViolation)
}

/// The statement for so many rows.
fn statement(verb: &str, rows: usize, ending: &str) -> String {
    let ids = (0..IDS.len()).map(|index| format!("nullif(substr(column1, {}, {ID_BYTES}), x'')", index * ID_BYTES + 1));
    let values = (0..VALUES.len()).map(|index| format!("column{}", index + 2));
    let taken: Vec<String> = ids.chain(values).collect();
    let row = format!("(?{})", ", ?".repeat(VALUES.len()));
    format!(
        "{verb} INTO usage_events ({}, {}, is_summed) SELECT {}, 1 FROM (VALUES {}) WHERE true{ending}",
        IDS.join(", "),
        VALUES.join(", "),
        taken.join(", "),
        vec![row; rows].join(", "),
    )
}

fn bind_all<'q>(statement: &'static str, events: &'q [UsageEvent]) -> Statement<'q> {
    let mut words = Words::default();
    events.iter().fold(sqlx::query(statement), |statement, event| bind(statement, event, &mut words))
}

fn bind<'q>(statement: Statement<'q>, event: &'q UsageEvent, words: &mut Words) -> Statement<'q> {
    statement
        .bind(ids(event))
        .bind(event.managed_key_id.as_ref().map(|id| id.as_bytes().as_slice()))
        .bind(event.event_time.unix_micros())
        .bind(words.surface.of(event.surface.name()))
        .bind(words.provider.of(event.provider.as_str()))
        .bind(Arc::clone(&event.model))
        .bind(event.virtual_model.clone())
        .bind(event.provider_key_redacted.as_deref().map(|text| words.redacted.of(text)))
        .bind(event.attempt_number)
        .bind(event.is_final)
        .bind(event.status_code)
        .bind(words.completion.of(event.completion.name()))
        .bind(event.is_streaming)
        .bind(event.stop_reason.as_deref().map(|text| words.stop_reason.of(text)))
        .bind(count(event.usage.input_uncached))
        .bind(count(event.usage.cache_read))
        .bind(count(event.usage.cache_write_5m))
        .bind(count(event.usage.cache_write_1h))
        .bind(count(event.usage.cache_write_other))
        .bind(count(event.usage.output))
        .bind(count(event.usage.reasoning))
        .bind(words.usage_source.of(usage_source_word(event.usage_source)))
        .bind(event.cost.map(NanoUsd::nano_usd))
        .bind(count(event.duration_us))
        .bind(event.first_token_us.map(count))
}

/// The ids in the order of [`IDS`].
fn ids(event: &UsageEvent) -> Vec<u8> {
    let mut ids = Vec::with_capacity(IDS.len() * ID_BYTES);
    ids.extend_from_slice(event.id.as_bytes());
    ids.extend_from_slice(event.request_id.as_bytes());
    ids.extend_from_slice(event.account_id.as_bytes());
    ids.extend_from_slice(event.team_id.as_bytes());
    ids.extend_from_slice(event.access_key_id.as_bytes());
    if let Some(id) = &event.provider_key_id {
        ids.extend_from_slice(id.as_bytes());
    }
    ids
}

/// The words that the rows of a statement have in common.
#[derive(Default)]
struct Words {
    surface: Word,
    provider: Word,
    redacted: Word,
    completion: Word,
    stop_reason: Word,
    usage_source: Word,
}

/// A word, shared with the row before where that has the same.
#[derive(Default)]
struct Word(Option<Arc<str>>);

impl Word {
    fn of(&mut self, text: &str) -> Arc<str> {
        match &self.0 {
            Some(last) if **last == *text => Arc::clone(last),
            _ => Arc::clone(self.0.insert(Arc::from(text))),
        }
    }
}
