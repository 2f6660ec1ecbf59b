//! Tiers: named sets of limits that accounts and teams are placed on.

use crate::body::Problems;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{Param, Parameters, text_schema};
use wardgate_core::tier::{Tier, TierName};
use wardgate_store::Collection;
use wardgate_store::kinds::NameFilter;

pub(crate) static TIER: Param = Param::optional("tier", "Only those that are on this tier.", text_schema);

/// Reads [`TIER`].
pub(crate) fn filter(parameters: &mut Parameters) -> Result<Option<TierName>, ApiError> {
    parameters.read(&TIER, |text| TierName::new(text).map_err(|error| error.to_string()))
}

/// Whether there is a tier of this name.
pub(crate) async fn check(context: &Context, name: Option<&TierName>) -> Result<(), ApiError> {
    let Some(name) = name else { return Ok(()) };
    let filter = NameFilter { name: Some(name.to_string()), search: None };
    if Collection::<Tier>::count(context.store(), &filter).await? > 0 {
        return Ok(());
    }
    let mut problems = Problems::default();
    problems.add("tier", "unknown_tier", None, "names no tier of this gateway: list them with GET /tiers");
    problems.check()
}
