//! What rows of several tables have in common: heads, labels, stamps, lists of texts, and filters by text.

use super::Statement;
use crate::row::{Cells, count};
use sqlx::sqlite::SqliteRow;
use std::fmt::Display;
use std::str::FromStr;
use wardgate_core::label::Label;
use wardgate_core::stamp::{Stamp, Version};
use wardgate_store::StoreError;
use wardgate_store::kinds::NameFilter;

/// Binds what every row of an account begins with.
pub(super) fn bind_head<'q>(
    statement: Statement<'q>,
    id: &'q [u8; 16],
    stamp: &Stamp,
    account_id: &'q [u8; 16],
) -> Statement<'q> {
    statement.bind(id.as_slice()).bind(version(stamp.version)).bind(account_id.as_slice())
}

/// Binds a name, a description and metadata.
pub(super) fn bind_label<'q>(statement: Statement<'q>, label: &'q Label) -> Statement<'q> {
    statement.bind(label.name.as_deref()).bind(label.description.as_deref()).bind(label.metadata.as_deref())
}

/// Binds all of a stamp but the version, which stands elsewhere.
pub(super) fn bind_stamp<'q>(statement: Statement<'q>, stamp: &'q Stamp) -> Statement<'q> {
    statement
        .bind(stamp.created_at.unix_micros())
        .bind(stamp.updated_at.unix_micros())
        .bind(&stamp.created_by)
        .bind(&stamp.updated_by)
}

/// Binds an exact name and the pattern of a part of a text.
pub(super) fn bind_name_filter<'q>(statement: Statement<'q>, filter: &'q NameFilter) -> Statement<'q> {
    // Every text has the empty one in it, also one that is absent.
    let search = filter.search.as_deref().filter(|part| !part.is_empty());
    statement.bind(filter.name.as_deref()).bind(search.map(pattern))
}

/// The pattern of all texts with this part, for `LIKE … ESCAPE '\'`. In it ASCII letters match in either case.
fn pattern(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

pub(super) fn version(version: Version) -> i64 {
    count(version.number())
}

/// Texts as a JSON array.
pub(super) fn list<T: Display>(texts: &[T]) -> String {
    serde_json::Value::from_iter(texts.iter().map(T::to_string)).to_string()
}

/// The texts of a JSON array, each as what it stands for.
pub(super) fn read_list<T: FromStr<Err: Display>>(
    cells: &Cells<'_, SqliteRow>,
    column: &'static str,
) -> Result<Vec<T>, StoreError> {
    let texts: Vec<String> =
        serde_json::from_str(&cells.get::<String>(column)?).map_err(|error| cells.corrupt(column, error))?;
    texts.iter().map(|text| text.parse().map_err(|error| cells.corrupt(column, error))).collect()
}

pub(super) fn read_label(cells: &Cells<'_, SqliteRow>) -> Result<Label, StoreError> {
    Ok(Label { name: cells.get("name")?, description: cells.get("description")?, metadata: cells.get("metadata")? })
}

pub(super) fn read_stamp(cells: &Cells<'_, SqliteRow>) -> Result<Stamp, StoreError> {
    Ok(Stamp {
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
        created_by: cells.get("created_by")?,
        updated_by: cells.get("updated_by")?,
        version: cells.number("version").map(Version::new)?,
    })
}
