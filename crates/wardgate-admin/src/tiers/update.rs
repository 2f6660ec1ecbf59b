//! `PATCH /tiers/{id}`. A name that accounts are placed by does not change.

use super::create::{LIMIT, classes, markup};
use super::narrow::{self, TierRates, TierRatesUpdate};
use super::{Tiers, document, limits};
use crate::body::{Change, Nested, Nullable, Problems, body};
use crate::context::Context;
use crate::resource::Update;
use crate::values;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::tier::Tier;
use wardgate_limits::tier::ModelClass;

body! {
    /// What changes a tier. A limit that is null does not apply.
    TierUpdate {
        /// Requests in any minute.
        requests_per_minute: Change<u64> = Nullable(LIMIT),
        /// Requests in a day (UTC).
        requests_per_day: Change<u64> = Nullable(LIMIT),
        /// Tokens, input and output together, in any minute.
        tokens_per_minute: Change<u64> = Nullable(LIMIT),
        /// Requests that are being answered at once.
        concurrent_requests: Change<u64> = Nullable(LIMIT),
        /// The largest request body, in bytes.
        body_bytes_max: Change<u64> = Nullable(LIMIT),
        /// Which models may be called. Null: all.
        model_classes: Change<Vec<ModelClass>> = Nullable(classes()),
        /// Limits on each access key; those that are not named stay. Null: none.
        per_key: Change<TierRatesUpdate> = Nullable(Nested::<TierRatesUpdate>::new()),
        /// Limits on each end user; those that are not named stay. Null: none.
        per_end_user: Change<TierRatesUpdate> = Nullable(Nested::<TierRatesUpdate>::new()),
        /// Limits on each model that `models` does not name; those that are not named stay. Null: none.
        per_model: Change<TierRatesUpdate> = Nullable(Nested::<TierRatesUpdate>::new()),
        /// Limits on single models, by their names: all of them anew. Null: none.
        models: Change<Vec<(String, TierRates)>> = Nullable(narrow::models()),
        /// What is added to the provider's price of requests with managed keys, as "5%". Null: what the gateway adds.
        managed_markup: Change<u32> = Nullable(markup()),
        /// What each request costs beside the model, in dollars for a million tokens. Null: as the gateway says.
        processing_fee: Change<PicoUsdPerToken> = Nullable(values::price()),
    }
    example {"requestsPerMinute": 120, "requestsPerDay": null}
}

impl Update for Tiers {
    type Body = TierUpdate;

    fn apply(_: &Context, tier: &mut Tier, wanted: &TierUpdate, problems: &mut Problems) {
        let Ok(mut limits) = limits(tier) else {
            let why = "cannot be changed: what is stored cannot be read; delete it and make it anew";
            problems.add("tier", "unreadable_tier", None, why);
            return;
        };
        wanted.requests_per_minute.apply_to(&mut limits.requests_per_minute);
        wanted.requests_per_day.apply_to(&mut limits.requests_per_day);
        wanted.tokens_per_minute.apply_to(&mut limits.tokens_per_minute);
        wanted.concurrent_requests.apply_to(&mut limits.concurrent_requests);
        wanted.body_bytes_max.apply_to(&mut limits.body_bytes_max);
        wanted.model_classes.apply_to_list(&mut limits.model_classes);
        narrow::change(&wanted.per_key, &mut limits.narrow.per_key);
        narrow::change(&wanted.per_end_user, &mut limits.narrow.per_end_user);
        narrow::change(&wanted.per_model, &mut limits.narrow.per_model);
        wanted.managed_markup.apply_to(&mut limits.margin.markup_ppm);
        wanted.processing_fee.apply_to(&mut limits.margin.fee);
        match &wanted.models {
            Change::Keep => {}
            Change::Clear => limits.narrow.models.clear(),
            Change::Set(models) => limits.narrow.models = narrow::by_name(models),
        }
        tier.document = document(&limits);
    }
}
