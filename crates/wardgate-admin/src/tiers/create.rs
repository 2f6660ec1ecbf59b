//! `POST /tiers`.

use super::narrow::{self, TierRates};
use super::{Tiers, document};
use crate::body::{Integer, Items, Nested, OneOf, Optional, Parsed, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::values;
use serde_json::json;
use wardgate_core::id::TierId;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::tier::{Tier, TierName};
use wardgate_limits::cost::markup_from_percent;
use wardgate_limits::tier::{LIMIT_MAX, ModelClass, Narrow, TierLimits, TierMargin};
use wardgate_store::StoreError;

/// A limit.
pub(super) const LIMIT: Integer = Integer { min: 1, max: LIMIT_MAX };

/// Classes of models. No class at all would be a tier that can call nothing.
pub(super) fn classes() -> Items<OneOf<ModelClass>> {
    let class = OneOf::new(ModelClass::ALL.map(|class| (class.name(), class)), "unknown_model_class");
    Items::of(class, ModelClass::ALL.len()).at_least(1).unique(
        |class| class.name().to_owned(),
        "duplicate_model_class",
        None,
        None,
    )
}

/// A share, such as `5%`.
pub(super) fn markup() -> Parsed<u32> {
    Parsed {
        parse: |text| {
            markup_from_percent(text).ok_or_else(|| "must be a share, such as \"5%\" or \"2.5%\", at most 1000%".to_owned())
        },
        code: "bad_share",
        error_code: None,
        schema: || json!({"pattern": "^[0-9]{1,4}(\\.[0-9]{1,4})?%$"}),
    }
}

body! {
    /// What makes a tier. A limit that is left out does not apply.
    TierCreate {
        /// Unique on this gateway, and never changed: lower-case letters, digits, "-" and "_".
        name: TierName = Required(values::tier_name()),
        /// Requests in any minute.
        requests_per_minute: Option<u64> = Optional(LIMIT),
        /// Requests in a day (UTC).
        requests_per_day: Option<u64> = Optional(LIMIT),
        /// Tokens, input and output together, in any minute.
        tokens_per_minute: Option<u64> = Optional(LIMIT),
        /// Requests that are being answered at once.
        concurrent_requests: Option<u64> = Optional(LIMIT),
        /// The largest request body, in bytes.
        body_bytes_max: Option<u64> = Optional(LIMIT),
        /// Which models may be called; without it, all.
        model_classes: Option<Vec<ModelClass>> = Optional(classes()),
        /// Limits on each access key.
        per_key: Option<TierRates> = Optional(Nested::<TierRates>::new()),
        /// Limits on each end user, as requests name it: `user`, `safety_identifier`, `metadata.user_id`.
        per_end_user: Option<TierRates> = Optional(Nested::<TierRates>::new()),
        /// Limits on each model that `models` does not name.
        per_model: Option<TierRates> = Optional(Nested::<TierRates>::new()),
        /// Limits on single models, by their names: "gpt-4o" at whatever provider, "openai:gpt-4o" at one.
        models: Option<Vec<(String, TierRates)>> = Optional(narrow::models()),
        /// What is added to the provider's price of requests with managed keys, as "5%"; without it, what the gateway adds.
        managed_markup: Option<u32> = Optional(markup()),
        /// What each request costs beside the model, in dollars for a million tokens; without it, as the gateway says.
        processing_fee: Option<PicoUsdPerToken> = Optional(values::price()),
    }
    example {"name": "batch", "requestsPerMinute": 60, "tokensPerMinute": 1_000_000, "perEndUser": {"requestsPerMinute": 5}}
}

impl Create for Tiers {
    type Body = TierCreate;

    async fn make(context: &Context, wanted: TierCreate) -> Result<Made<Tier>, ApiError> {
        if context.app.deps.tiers.contains_key(&wanted.name) {
            let what = format!("a tier with the name \"{}\", which comes from a file,", wanted.name);
            return Err(StoreError::Conflict { what }.into());
        }
        let margin = TierMargin { markup_ppm: wanted.managed_markup, fee: wanted.processing_fee };
        let rates = |rates: Option<TierRates>| rates.map(|rates| rates.rates()).unwrap_or_default();
        let limits = TierLimits {
            requests_per_minute: wanted.requests_per_minute,
            requests_per_day: wanted.requests_per_day,
            tokens_per_minute: wanted.tokens_per_minute,
            concurrent_requests: wanted.concurrent_requests,
            body_bytes_max: wanted.body_bytes_max,
            model_classes: wanted.model_classes.unwrap_or_default(),
            narrow: Narrow {
                per_key: rates(wanted.per_key),
                per_end_user: rates(wanted.per_end_user),
                per_model: rates(wanted.per_model),
                models: narrow::by_name(&wanted.models.unwrap_or_default()),
            },
            margin,
        };
        Ok(Made::from(Tier {
            id: TierId::new(context.now(), context.random()),
            name: wanted.name,
            document: document(&limits),
            stamp: context.first_stamp(),
        }))
    }
}
