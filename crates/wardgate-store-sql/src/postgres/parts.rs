//! What rows of several tables have in common: texts, labels, stamps, and filters by text.

use super::Statement;
use crate::row::{Cells, count};
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use wardgate_core::label::Label;
use wardgate_core::stamp::{Stamp, Version};
use wardgate_store::StoreError;
use wardgate_store::kinds::NameFilter;

/// A text as Postgres takes it. It has no character zero; a batch of usage that a client slipped one into would be refused for
/// ever.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A text that may be absent.
pub(super) fn optional_text(optional: Option<&str>) -> Option<Cow<'_, str>> {
    optional.map(text)
}

/// Several texts.
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    texts.into_iter().map(text).collect()
}

/// Binds a name, a description and metadata.
pub(super) fn bind_label<'q>(statement: Statement<'q>, label: &'q Label) -> Statement<'q> {
    statement
        .bind(optional_text(label.name.as_deref()))
        .bind(optional_text(label.description.as_deref()))
        .bind(optional_text(label.metadata.as_deref()))
}

/// Binds all of a stamp but the version, which stands elsewhere.
pub(super) fn bind_stamp<'q>(statement: Statement<'q>, stamp: &'q Stamp) -> Statement<'q> {
    statement
        .bind(stamp.created_at.unix_micros())
        .bind(stamp.updated_at.unix_micros())
        .bind(&stamp.created_by)
        .bind(&stamp.updated_by)
}

/// Binds an exact name and a part of a text in small letters.
pub(super) fn bind_name_filter<'q>(statement: Statement<'q>, filter: &'q NameFilter) -> Statement<'q> {
    // Every text has the empty one in it, also one that is absent.
    let search = filter.search.as_deref().filter(|part| !part.is_empty());
    statement.bind(optional_text(filter.name.as_deref())).bind(search.map(|part| text(part).to_ascii_lowercase()))
}

pub(super) fn version(version: Version) -> i64 {
    count(version.number())
}

pub(super) fn read_label(cells: &Cells<'_, PgRow>) -> Result<Label, StoreError> {
    Ok(Label { name: cells.get("name")?, description: cells.get("description")?, metadata: cells.get("metadata")? })
}

pub(super) fn read_stamp(cells: &Cells<'_, PgRow>) -> Result<Stamp, StoreError> {
    Ok(Stamp {
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
        created_by: cells.get("created_by")?,
        updated_by: cells.get("updated_by")?,
        version: cells.number("version").map(Version::new)?,
    })
}
