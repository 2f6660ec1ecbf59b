//! `GET /tiers`: all of them by name, on one page. There are few, and those from files have no ids to page by.

use super::{TierBody, Tiers};
use crate::context::Context;
use crate::error::ApiError;
use crate::page::Parameters;
use crate::resource::Resource as _;
use crate::resource::list::envelope;
use crate::route::{Access, Route};
use axum::response::IntoResponse;
use wardgate_core::api_key::Role;
use wardgate_core::tier::Tier;
use wardgate_store::kinds::NameFilter;
use wardgate_store::{Listed, Page};

pub(super) fn route() -> Route {
    Route::get(Tiers::PATH, Access::Anywhere(Role::Viewer), handle)
        .named("listTiers", Tiers::TAG, "Lists all tiers by name, on one page.")
        .answers_page::<TierBody>(Tiers::ENVELOPE)
}

async fn handle(context: Context, parameters: Parameters) -> Result<impl IntoResponse, ApiError> {
    parameters.finish()?;
    let mut stored = Vec::new();
    let mut page = Page::first();
    loop {
        let listed: Listed<Tier> = Tiers::collection(&context)?.list(&NameFilter::default(), page).await?;
        page.before = listed.items.last().map(|tier| tier.id);
        stored.extend(listed.items);
        if !listed.has_more {
            break;
        }
    }
    let mut shown = Tiers::show(&context, stored).await?;
    let tiers = &context.app.deps.tiers;
    shown.extend(tiers.iter().map(|(name, limits)| TierBody::new(name.to_string(), limits.clone())));
    shown.sort_by(|one, other| one.name.cmp(&other.name));
    envelope(Tiers::ENVELOPE, &shown, context.app.uri(Tiers::PATH), None)
}
