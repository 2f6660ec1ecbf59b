//! Reading rows: cells by the name of their column, as the types of the vocabulary.
//!
//! A cell that makes no sense is [`StoreError::Corrupt`] with the table and the column, never a default: a wrong row must not
//! become a wrong bill.

use sqlx::types::Uuid;
use sqlx::{ColumnIndex, Database, Decode, Postgres, Row, Sqlite, Type};
use std::fmt::Display;
use wardgate_core::money::NanoUsd;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::DeclaredPrices;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageSource;
use wardgate_store::StoreError;
use wardgate_store::usage::Sums;

/// What every id stands before: where a list begins that has no cursor. So one text serves all pages, by one index.
pub(crate) const AFTER_ALL_IDS: &[u8] = &[0xff; 17];

/// How a database keeps ids.
pub(crate) trait IdColumn: Database {
    /// A cell with an id in it.
    type Cell: for<'r> Decode<'r, Self> + Type<Self>;

    /// The bytes of the id.
    fn bytes(cell: Self::Cell) -> Option<[u8; 16]>;
}

impl IdColumn for Sqlite {
    type Cell = Vec<u8>;

    fn bytes(cell: Vec<u8>) -> Option<[u8; 16]> {
        cell.try_into().ok()
    }
}

impl IdColumn for Postgres {
    type Cell = Uuid;

    fn bytes(cell: Uuid) -> Option<[u8; 16]> {
        Some(cell.into_bytes())
    }
}

/// One row of a table.
pub(crate) struct Cells<'r, R> {
    table: &'static str,
    row: &'r R,
}

impl<'r, R: Row> Cells<'r, R>
where
    &'static str: ColumnIndex<R>,
{
    pub(crate) const fn new(table: &'static str, row: &'r R) -> Self {
        Self { table, row }
    }

    /// A cell as the database gives it.
    pub(crate) fn get<T: Decode<'r, R::Database> + Type<R::Database>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    /// The bytes of an id.
    pub(crate) fn id(&self, column: &'static str) -> Result<[u8; 16], StoreError>
    where
        R::Database: IdColumn,
    {
        self.optional_id(column)?.ok_or_else(|| self.corrupt(column, "no id"))
    }

    /// The bytes of an id that may be absent.
    pub(crate) fn optional_id(&self, column: &'static str) -> Result<Option<[u8; 16]>, StoreError>
    where
        R::Database: IdColumn,
    {
        let cell: Option<<R::Database as IdColumn>::Cell> = self.get(column)?;
        cell.map(|cell| R::Database::bytes(cell).ok_or_else(|| self.corrupt(column, "an id has 16 bytes"))).transpose()
    }

    /// A time.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError>
    where
        i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        self.get(column).map(Timestamp::from_unix_micros)
    }

    /// A time that may be absent.
    pub(crate) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError>
    where
        Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_unix_micros))
    }

    /// A number that is stored as a signed one and fits a smaller or unsigned type.
    pub(crate) fn number<T: TryFrom<i64, Error: Display>>(&self, column: &'static str) -> Result<T, StoreError>
    where
        i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        T::try_from(self.get::<i64>(column)?).map_err(|error| self.corrupt(column, error))
    }

    /// A price that may be absent.
    pub(crate) fn price(&self, column: &'static str) -> Result<Option<PicoUsdPerToken>, StoreError>
    where
        Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    {
        let price: Option<i64> = self.get(column)?;
        let price = price.map(|price| u64::try_from(price).map(PicoUsdPerToken::new));
        price.transpose().map_err(|error| self.corrupt(column, error))
    }

    /// What a model costs, if anything.
    pub(crate) fn prices(&self, input: &'static str, output: &'static str) -> Result<Option<DeclaredPrices>, StoreError>
    where
        Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    {
        let (input, output) = (self.price(input)?, self.price(output)?);
        Ok(input.zip(output).map(|(input, output)| DeclaredPrices { input, output }))
    }

    /// The name of a provider.
    pub(crate) fn provider_name(&self, column: &'static str) -> Result<ProviderName, StoreError>
    where
        String: Decode<'r, R::Database> + Type<R::Database>,
    {
        ProviderName::new(&self.get::<String>(column)?).map_err(|error| self.corrupt(column, error))
    }

    /// A word that stands for a value, such as a role.
    pub(crate) fn word<T>(&self, column: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError>
    where
        String: Decode<'r, R::Database> + Type<R::Database>,
    {
        let word: String = self.get(column)?;
        read(&word).ok_or_else(|| self.corrupt(column, format!("unknown word \"{word}\"")))
    }

    /// A word that stands for a value and may be absent.
    pub(crate) fn optional_word<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError>
    where
        Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    {
        let Some(word) = self.get::<Option<String>>(column)? else { return Ok(None) };
        read(&word).map(Some).ok_or_else(|| self.corrupt(column, format!("unknown word \"{word}\"")))
    }

    /// The error for a cell that makes no sense.
    pub(crate) fn corrupt(&self, column: &str, why: impl Display) -> StoreError {
        StoreError::Corrupt { table: self.table, why: format!("{column}: {why}") }
    }
}

/// Sums of usage, from the columns that are named as their fields.
pub(crate) fn sums<'r, R: Row>(cells: &Cells<'r, R>) -> Result<Sums, StoreError>
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(Sums {
        cost: cells.get("cost_nano_usd").map(NanoUsd::new)?,
        attempts: cells.number("attempts")?,
        unpriced: cells.number("unpriced")?,
        requests: cells.number("requests")?,
        errors: cells.number("errors")?,
        input_tokens: cells.number("input_tokens")?,
        cache_read_tokens: cells.number("cache_read_tokens")?,
        cache_write_tokens: cells.number("cache_write_tokens")?,
        output_tokens: cells.number("output_tokens")?,
        reasoning_tokens: cells.number("reasoning_tokens")?,
    })
}

/// A count as databases keep it. What is beyond their range is held at its end.
pub(crate) fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The word for where usage numbers come from.
pub(crate) const fn usage_source_word(source: UsageSource) -> &'static str {
    match source {
        UsageSource::Provider => "provider",
        UsageSource::Estimated => "estimated",
        UsageSource::None => "none",
    }
}

/// The source that a word stands for.
pub(crate) fn usage_source(word: &str) -> Option<UsageSource> {
    [UsageSource::Provider, UsageSource::Estimated, UsageSource::None]
        .into_iter()
        .find(|source| usage_source_word(*source) == word)
}
