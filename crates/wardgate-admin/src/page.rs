//! Query parameters and pages of lists.

use crate::app::AppState;
use crate::error::ApiError;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use std::fmt::Display;
use std::str::FromStr;
use wardgate_store::Page;
use wardgate_store::page::PAGE_LIMIT_MAX;

/// The parameters of a query that are not read yet. An unknown or repeated one is refused, as unknown fields are: a filter
/// that is passed over in silence answers another question than was asked.
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(pairs)| Self(pairs))
            .map_err(|_| ApiError::bad_request("bad_query", "The part of the address after the question mark is malformed."))
    }
}

impl Parameters {
    /// The value of a parameter. An empty one counts as absent.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        let mut values = self.0.extract_if(.., |(other, _)| other == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(bad_parameter("repeated_parameter", name, "is given more than once"));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter as something else.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Result<Option<T>, ApiError> {
        let text = self.take(name)?;
        text.map(|text| text.parse().map_err(|error: T::Err| bad_parameter("bad_parameter", name, &error.to_string())))
            .transpose()
    }

    /// The parameter `limit`: how many items a page may hold.
    pub(crate) fn limit(&mut self) -> Result<u32, ApiError> {
        let limit = self.parse::<u32>("limit")?.unwrap_or(PAGE_LIMIT_MAX);
        if (1..=PAGE_LIMIT_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(bad_parameter("bad_parameter", "limit", &format!("must be from 1 to {PAGE_LIMIT_MAX}")))
        }
    }

    /// The parameters `beforeId` and `limit`.
    pub(crate) fn page<Id: FromStr<Err: Display>>(&mut self) -> Result<Page<Id>, ApiError> {
        Ok(Page { before: self.parse("beforeId")?, limit: self.limit()? })
    }

    /// Refuses what nobody read.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let shown: String = name.chars().take(64).collect();
                Err(bad_parameter("unknown_parameter", &shown, "is not a parameter of this list: check its spelling"))
            }
        }
    }
}

/// An error about one parameter.
pub(crate) fn bad_parameter(code: &'static str, name: &str, why: &str) -> ApiError {
    let key = if name == "code" { "query.code" } else { name };
    ApiError::bad_request(code, format!("{name}: {why}.")).detail(key.to_owned(), why.to_owned())
}

/// The address of the page after this one; none when this was the last. `filters` are parameters in front of the paging ones,
/// each followed by `&`.
pub(crate) fn next_page_uri<Id: Display>(
    app: &AppState,
    path: &str,
    filters: &str,
    last: Option<Id>,
    has_more: bool,
    limit: u32,
) -> Option<String> {
    let last = last.filter(|_| has_more)?;
    Some(format!("{}?{filters}beforeId={last}&limit={limit}", app.uri(path)))
}
