//! What a client does not want, or what a model cannot do.
//!
//! What the catalog does not know counts against a model where the client asks for a promise (prices, data policy, number formats,
//! parameters), and for it where the gateway only guesses what the request needs.

use crate::preferences::Wishes;
use crate::refusal::{Why, Wish};
use crate::variant::Variants;
use wardgate_model::price::Rates;
use wardgate_model::{Ability, AbilitySet, Endpoint, Target};

/// Parameters that need an ability, so that a model without it cannot understand them.
const PARAMS_OF_ABILITIES: [(&str, Ability); 8] = [
    ("tools", Ability::Tools),
    ("tool_choice", Ability::Tools),
    ("parallel_tool_calls", Ability::Tools),
    ("functions", Ability::Tools),
    ("response_format", Ability::JsonSchema),
    ("reasoning", Ability::Reasoning),
    ("reasoning_effort", Ability::Reasoning),
    ("thinking", Ability::Reasoning),
];

/// What is said to the model, and how it is sent: no parameters.
const NO_PARAMS: [&str; 9] =
    ["model", "messages", "stream", "stream_options", "system", "prompt", "input", "instructions", "user"];

/// Why a target must not be tried for what the client wants, if it must not.
pub(crate) fn unwanted(target: &Target, endpoint: &Endpoint, wishes: &Wishes, variants: Variants) -> Option<Why> {
    let found = wish(target, endpoint, wishes, variants);
    let place = || (target.provider.name.clone(), target.model.clone());
    if let Some(wish) = found {
        let (provider, model) = place();
        return Some(Why::Unwanted { provider, model, wish });
    }
    let mut needed = wishes.needs.abilities;
    if variants.thinks {
        needed.insert(Ability::Reasoning);
    }
    let cannot = target.known.as_ref().map_or(AbilitySet::default(), |known| known.abilities.cannot);
    let lacking = needed.both(cannot).iter().next()?;
    let (provider, model) = place();
    Some(Why::CannotDo { provider, model, ability: lacking.name() })
}

fn wish(target: &Target, endpoint: &Endpoint, wishes: &Wishes, variants: Variants) -> Option<Wish> {
    let preferences = &wishes.preferences;
    let provider = &target.provider;
    if preferences.only.as_ref().is_some_and(|only| !only.iter().any(|named| named.is(provider))) {
        return Some(Wish::Only);
    }
    if preferences.ignore.iter().any(|named| named.is(provider)) {
        return Some(Wish::Ignore);
    }
    if preferences.wants_zero_retention && !provider.data_policy.keeps_nothing() {
        return Some(Wish::ZeroRetention);
    }
    if preferences.denies_collection && !provider.data_policy.collects_nothing() {
        return Some(Wish::DataCollection);
    }
    if preferences.wants_distillable {
        return Some(Wish::Distillable);
    }
    if preferences.quantizations.as_ref().is_some_and(|levels| !levels.iter().any(|level| level == "unknown")) {
        return Some(Wish::Quantization);
    }
    if variants.is_online {
        return Some(Wish::Online);
    }
    let rates = || target.rates(wishes.needs.input_tokens);
    if variants.is_free && rates().is_none_or(|rates| rates.blended() > 0) {
        return Some(Wish::Free);
    }
    let cap = preferences.max_price;
    let costs_more =
        |rates: Rates| cap.prompt.is_some_and(|cap| rates.input > cap) || cap.completion.is_some_and(|cap| rates.output > cap);
    if (cap.prompt.is_some() || cap.completion.is_some()) && rates().is_none_or(costs_more) {
        return Some(Wish::MaxPrice);
    }
    if preferences.requires_parameters { not_understood(target, endpoint, &wishes.needs.params) } else { None }
}

/// The first parameter that is not known to be understood.
fn not_understood(target: &Target, endpoint: &Endpoint, params: &[String]) -> Option<Wish> {
    let can = target.known.as_ref().map(|known| known.abilities.can);
    let is_understood = |name: &str| {
        let is_listed = endpoint.supported_params.as_ref().is_none_or(|names| names.contains(name));
        let refused = [&target.unsupported_params, &endpoint.unsupported_params];
        let is_refused = refused.into_iter().flatten().any(|names| names.contains(name));
        let ability = PARAMS_OF_ABILITIES.iter().find(|(param, _)| *param == name);
        // A custom provider knows itself what it takes.
        let can_do =
            ability.is_none_or(|(_, ability)| can.map_or(endpoint.supported_params.is_some(), |can| can.has(*ability)));
        is_listed && !is_refused && can_do
    };
    let understood = |name: &str| match name {
        // Two names for one thing.
        "max_tokens" | "max_completion_tokens" => is_understood("max_tokens") || is_understood("max_completion_tokens"),
        name => NO_PARAMS.contains(&name) || is_understood(name),
    };
    params.iter().find(|name| !understood(name)).map(|name| Wish::Parameters(name.as_str().into()))
}
