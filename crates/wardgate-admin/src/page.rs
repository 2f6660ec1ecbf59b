//! Query parameters and pages of lists.

use crate::error::ApiError;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde_json::{Value, json};
use std::fmt::{Display, Write as _};
use std::str::FromStr;
use wardgate_core::id::NotAnId;
use wardgate_core::time::Timestamp;
use wardgate_store::Page;
use wardgate_store::kinds::NameFilter;
use wardgate_store::page::PAGE_LIMIT_MAX;

/// A query parameter: how it is named and described.
#[derive(Clone, Copy)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) is_required: bool,
    pub(crate) schema: fn() -> Value,
}

impl Param {
    /// One that may be absent.
    pub(crate) const fn optional(name: &'static str, doc: &'static str, schema: fn() -> Value) -> Self {
        Self { name, doc, is_required: false, schema }
    }

    /// One that must be there.
    pub(crate) const fn required(name: &'static str, doc: &'static str, schema: fn() -> Value) -> Self {
        Self { name, doc, is_required: true, schema }
    }
}

pub(crate) static LIMIT: Param = Param::optional(
    "limit",
    "How many items a page holds.",
    || json!({"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT_MAX, "default": PAGE_LIMIT_MAX}),
);
static BEFORE_ID: Param = Param::optional("beforeId", "Only items that are older than the one with this id.", text_schema);
pub(crate) static NAME: Param = Param::optional("name", "Only the item with exactly this name.", text_schema);
pub(crate) static SEARCH: Param =
    Param::optional("search", "Only items with this in their name or description, in upper or lower case.", text_schema);

/// The most characters of a text that is searched for.
const TEXT_LENGTH_MAX: usize = 255;

/// Any text.
pub(crate) fn text_schema() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH_MAX, "pattern": "^[^\\u0000]*$"})
}

/// The parameter `beforeId` of a list of objects with such ids.
pub(crate) fn before_id<Id: FromStr<Err = NotAnId>>() -> Param {
    Param { schema: id_schema::<Id>, ..BEFORE_ID }
}

/// An id of this kind.
pub(crate) fn id_schema<Id: FromStr<Err = NotAnId>>() -> Value {
    json!({"type": "string", "pattern": id_pattern::<Id>()})
}

/// What ids of this kind look like. What is no such id says which prefix is missing.
pub(crate) fn id_pattern<Id: FromStr<Err = NotAnId>>() -> String {
    let prefix = "".parse::<Id>().err().map_or("", |error| error.prefix);
    format!("^{prefix}_[0-7][0-9A-Za-z]{{21}}$")
}

/// An instant.
pub(crate) fn time_schema() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// The parameters of a query that are not read yet. An unknown or repeated one is refused, as unknown fields are: a filter
/// that is passed over in silence answers another question than was asked.
pub(crate) struct Parameters {
    unread: Vec<(String, String)>,
    /// Those that were read and say which items, for the address of the next page.
    filters: String,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(unread)| Self { unread, filters: String::new() })
            .map_err(|_| ApiError::bad_request("bad_query", "The part of the address after the question mark is malformed."))
    }
}

impl Parameters {
    /// The value of a parameter, and never an empty one.
    pub(crate) fn text(&mut self, param: &Param) -> Result<Option<String>, ApiError> {
        let mut values = self.unread.extract_if(.., |(name, _)| name == param.name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(bad_parameter("repeated_parameter", param.name, "is given more than once"));
        }
        drop(values);
        let Some(value) = value else {
            let why = format!("is required. {}", param.doc.trim_end_matches('.'));
            return if param.is_required { Err(bad_parameter("missing_parameter", param.name, &why)) } else { Ok(None) };
        };
        if value.is_empty() || value.contains('\0') || value.chars().count() > TEXT_LENGTH_MAX {
            let why = format!("must have 1 to {TEXT_LENGTH_MAX} characters, none of them NUL");
            return Err(bad_parameter("bad_parameter", param.name, &why));
        }
        if param.name != LIMIT.name && param.name != BEFORE_ID.name && param.name != "cursor" {
            let _ = write!(self.filters, "{}={}&", param.name, percent_encoded(&value));
        }
        Ok(Some(value))
    }

    /// The value of a parameter as something else.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, param: &Param) -> Result<Option<T>, ApiError> {
        self.read(param, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// The value of a parameter as something else, or why it is nothing.
    pub(crate) fn read<T>(
        &mut self,
        param: &Param,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ApiError> {
        let text = self.text(param)?;
        text.map(|text| read(&text).map_err(|why| bad_parameter("bad_parameter", param.name, &why))).transpose()
    }

    /// The value of a parameter as one of a few words.
    pub(crate) fn word<T: Copy>(&mut self, param: &Param, words: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        self.read(param, |text| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            found.ok_or_else(|| {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                format!("must be {}", words.join(" or "))
            })
        })
    }

    /// The value of a parameter as an instant.
    pub(crate) fn time(&mut self, param: &Param) -> Result<Option<Timestamp>, ApiError> {
        let why = "must be a time in RFC 3339, such as 2026-01-31T00:00:00Z; write a + in it as %2B";
        self.read(param, |text| Timestamp::parse(text).ok_or_else(|| why.to_owned()))
    }

    /// The parameter `limit`: how many items a page may hold.
    pub(crate) fn limit(&mut self) -> Result<u32, ApiError> {
        let limit = self.parse::<u32>(&LIMIT)?.unwrap_or(PAGE_LIMIT_MAX);
        if (1..=PAGE_LIMIT_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(bad_parameter("bad_parameter", "limit", &format!("must be from 1 to {PAGE_LIMIT_MAX}")))
        }
    }

    /// The parameters `beforeId` and `limit`.
    pub(crate) fn page<Id: FromStr<Err: Display>>(&mut self) -> Result<Page<Id>, ApiError> {
        Ok(Page { before: self.parse(&BEFORE_ID)?, limit: self.limit()? })
    }

    /// The parameters `name` and `search`.
    pub(crate) fn name_filter(&mut self) -> Result<NameFilter, ApiError> {
        Ok(NameFilter { name: self.text(&NAME)?, search: self.text(&SEARCH)? })
    }

    /// Refuses what nobody read, and gives those that say which items, each followed by `&`.
    pub(crate) fn finish(self) -> Result<String, ApiError> {
        match self.unread.first() {
            None => Ok(self.filters),
            Some((name, _)) => {
                let shown: String = name.chars().take(64).collect();
                Err(bad_parameter("unknown_parameter", &shown, "is not a parameter of this endpoint: check its spelling"))
            }
        }
    }
}

/// An error about one parameter.
pub(crate) fn bad_parameter(code: &'static str, name: &str, why: &str) -> ApiError {
    let key = if name == "code" { "query.code" } else { name };
    ApiError::bad_request(code, format!("{name}: {why}.")).detail(key.to_owned(), why.to_owned())
}

/// A text as it stands in a query.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
