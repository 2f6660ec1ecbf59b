//! Tiers: named sets of limits that accounts and teams are placed on. Some come with the gateway or from the operator's file;
//! others the operator makes here.

mod create;
mod list;
mod narrow;
mod update;

use crate::body::Problems;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{Param, Parameters};
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use narrow::RatesBody;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use wardgate_core::api_key::Role;
use wardgate_core::id::{AccountId, TierId};
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::tier::{Tier, TierName};
use wardgate_limits::cost::percent;
use wardgate_limits::tier::{ModelClass, TierLimits};
use wardgate_store::Collection;
use wardgate_store::kinds::NameFilter;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        list::route(),
        resource::create::<Tiers>(Access::Operator),
        resource::get::<Tiers>(Access::Anywhere(Role::Viewer)),
        resource::update::<Tiers>(Access::Operator),
        resource::delete::<Tiers>(Access::Operator),
    ]
}

pub(crate) static TIER: Param = Param::optional(
    "tier",
    "Only those that are on this tier.",
    || json!({"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}),
);

/// Reads [`TIER`].
pub(crate) fn filter(parameters: &mut Parameters) -> Result<Option<TierName>, ApiError> {
    parameters.read(&TIER, |text| TierName::new(text).map_err(|error| error.to_string()))
}

/// Whether there is a tier of this name.
pub(crate) async fn check(context: &Context, name: Option<&TierName>) -> Result<(), ApiError> {
    let Some(name) = name else { return Ok(()) };
    let filter = NameFilter { name: Some(name.to_string()), search: None };
    let is_there = context.app.deps.tiers.contains_key(name) || Collection::<Tier>::count(context.store(), &filter).await? > 0;
    if is_there {
        return Ok(());
    }
    let mut problems = Problems::default();
    problems.add("tier", "unknown_tier", None, "names no tier of this gateway: list them with GET /tiers");
    problems.check()
}

/// The resource.
pub(crate) struct Tiers;

/// A tier as the API shows it. A limit that is null does not apply.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Tier")]
pub(crate) struct TierBody {
    /// Null: it comes from a file.
    #[schemars(with = "Option<schema::Id<TierId>>")]
    id: Option<TierId>,
    uri: Option<String>,
    name: String,
    /// Where it comes from: `file`, or `api`.
    source: Source,
    /// Requests in any minute.
    requests_per_minute: Option<u64>,
    /// Requests in a day (UTC).
    requests_per_day: Option<u64>,
    /// Tokens, input and output together, in any minute.
    tokens_per_minute: Option<u64>,
    /// Requests that are being answered at once.
    concurrent_requests: Option<u64>,
    /// The largest request body, in bytes.
    body_bytes_max: Option<u64>,
    /// Which models may be called. Null: all.
    model_classes: Option<Vec<&'static str>>,
    /// Limits on each access key.
    per_key: Option<RatesBody>,
    /// Limits on each end user, as requests name it.
    per_end_user: Option<RatesBody>,
    /// Limits on each model that `models` does not name.
    per_model: Option<RatesBody>,
    /// Limits on single models, by their names in lower case.
    models: Option<BTreeMap<String, RatesBody>>,
    /// What is added to the provider's price of requests with managed keys, as "5%". Null: what the gateway adds.
    managed_markup: Option<String>,
    /// What each request costs beside the model, in dollars for a million tokens. Null: as the gateway says.
    processing_fee: Option<String>,
    #[serde(flatten)]
    stamped: Option<Stamped>,
}

/// Where a tier comes from.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "TierSource")]
enum Source {
    File,
    Api,
}

impl TierBody {
    fn new(name: String, limits: TierLimits) -> Self {
        let classes: Vec<_> = limits.model_classes.into_iter().map(ModelClass::name).collect();
        let models = limits.narrow.models.iter().filter_map(|(name, rates)| Some((name.clone(), RatesBody::of(rates)?)));
        let models: BTreeMap<_, _> = models.collect();
        Self {
            id: None,
            uri: None,
            name,
            source: Source::File,
            requests_per_minute: limits.requests_per_minute,
            requests_per_day: limits.requests_per_day,
            tokens_per_minute: limits.tokens_per_minute,
            concurrent_requests: limits.concurrent_requests,
            body_bytes_max: limits.body_bytes_max,
            model_classes: (!classes.is_empty()).then_some(classes),
            per_key: RatesBody::of(&limits.narrow.per_key),
            per_end_user: RatesBody::of(&limits.narrow.per_end_user),
            per_model: RatesBody::of(&limits.narrow.per_model),
            models: (!models.is_empty()).then_some(models),
            managed_markup: limits.margin.markup_ppm.map(percent),
            processing_fee: limits.margin.fee.map(PicoUsdPerToken::to_usd_per_million),
            stamped: None,
        }
    }
}

impl Resource for Tiers {
    type Object = Tier;
    type Shown = TierBody;
    const PATH: &'static str = "/tiers";
    const ENVELOPE: &'static str = "tiers";
    const TITLE: &'static str = "Tier";
    const TAG: &'static str = "Tiers";
    const ACTION: &'static str = "tier";
    const FILTERS: &'static [&'static Param] = &[];

    fn collection(context: &Context) -> Result<Handle<'_, Tier>, ApiError> {
        Ok(Handle::Store(context.store()))
    }

    fn owner(_: &Context) -> Option<AccountId> {
        None
    }

    fn filter(_: &Context, _: &mut Parameters) -> Result<NameFilter, ApiError> {
        Ok(NameFilter::default())
    }

    async fn show(context: &Context, tiers: Vec<Tier>) -> Result<Vec<TierBody>, ApiError> {
        let show = |tier: Tier| {
            let limits = limits(&tier)?;
            Ok(TierBody {
                id: Some(tier.id),
                uri: Some(context.app.item_uri(Self::PATH, tier.id)),
                source: Source::Api,
                stamped: Some(Stamped::new(&context.app, tier.stamp)),
                ..TierBody::new(tier.name.to_string(), limits)
            })
        };
        tiers.into_iter().map(show).collect()
    }
}

/// A stored tier that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored tier {0} cannot be read")]
struct BadTier(TierName);

/// What a stored tier allows.
fn limits(tier: &Tier) -> Result<TierLimits, ApiError> {
    let read = serde_json::from_str(&tier.document).ok().and_then(|document| TierLimits::read(&document).ok());
    read.ok_or_else(|| ApiError::internal(&BadTier(tier.name.clone())))
}

/// The document of limits.
fn document(limits: &TierLimits) -> String {
    serde_json::Value::Object(limits.document()).to_string()
}
