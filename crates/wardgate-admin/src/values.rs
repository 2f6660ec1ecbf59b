//! Rules for values that several resources have.

pub(crate) mod duration;
pub(crate) mod network;

use crate::body::{Parsed, Problems};
use serde_json::json;
use std::str::FromStr;
use wardgate_core::id::NotAnId;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::name::ProviderName;
use wardgate_core::tier::TierName;
use wardgate_core::time::Timestamp;

/// An id of some kind of object. What is no such id names nothing, and reads like one that names nothing.
pub(crate) fn id<T: FromStr<Err = NotAnId>>(code: &'static str) -> Parsed<T> {
    Parsed {
        parse: |text| text.parse().map_err(|_| "names nothing of this account: check the id".to_owned()),
        code,
        error_code: None,
        schema: crate::page::id_schema::<T>,
    }
}

/// An instant.
pub(crate) fn time() -> Parsed<Timestamp> {
    Parsed {
        parse: |text| {
            Timestamp::parse(text).ok_or_else(|| "must be a time in RFC 3339, such as 2026-01-31T00:00:00Z".to_owned())
        },
        code: "bad_time",
        error_code: None,
        schema: || json!({"format": "date-time"}),
    }
}

/// The name of a tier.
pub(crate) fn tier_name() -> Parsed<TierName> {
    Parsed {
        parse: |text| TierName::new(text).map_err(|error| error.to_string()),
        code: "bad_tier_name",
        error_code: None,
        schema: || json!({"pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}),
    }
}

/// The id of a provider as clients write it.
pub(crate) fn provider_name(code: &'static str, error_code: Option<&'static str>) -> Parsed<ProviderName> {
    Parsed {
        parse: |text| ProviderName::new(text).map_err(|error| error.to_string()),
        code,
        error_code,
        schema: || json!({"pattern": "^[a-z0-9][a-z0-9._-]{0,254}$"}),
    }
}

/// Dollars for a million tokens, as a text: `"0.15"`.
pub(crate) fn price() -> Parsed<PicoUsdPerToken> {
    Parsed {
        parse: |text| {
            let price = PicoUsdPerToken::from_usd_per_million(text).filter(|price| *price <= PRICE_MAX);
            price.ok_or_else(|| {
                "must be dollars for a million tokens as a text, at most 1000000, such as \"0.15\", with at most six digits \
                 after the point"
                    .to_owned()
            })
        },
        code: "bad_price",
        error_code: None,
        schema: || json!({"pattern": "^[0-9]{1,7}(\\.[0-9]{1,6})?$"}),
    }
}

/// A dollar a token.
const PRICE_MAX: PicoUsdPerToken = PicoUsdPerToken::new(1_000_000_000_000);

/// Whether the end of something is still to come.
pub(crate) fn check_future(path: &str, end: Option<Timestamp>, now: Timestamp, problems: &mut Problems) {
    if end.is_some_and(|end| end <= now) {
        problems.add(path, "time_is_past", None, format!("must be in the future; it is {now} now"));
    }
}
