//! The auto router: a name that stands for whichever models fit.
//!
//! Of all chat models that the key may call and that can do what the request needs, ordered by price, a band is taken, the cheapest
//! fifth unless the client says otherwise, and of that the dearest: within what somebody is ready to pay, price is the best hint at
//! quality that the catalog has.

use crate::plan::wanted::unwanted;
use crate::plan::{Facts, can_call};
use crate::preferences::{AutoOptions, Wishes};
use crate::variant::Variants;
use std::collections::HashMap;
use wardgate_core::format::Surface;
use wardgate_model::{Model, Target};

/// What it is asked for by.
const NAMES: [&str; 3] = ["auto", "wardgate/auto", "openrouter/auto"];

/// The most models that it chooses: one, and what to fall back to.
pub const CHOSEN_MAX: usize = 4;

/// The band of prices in hundredths when the client does not say.
const BAND: (u8, u8) = (0, 20);

/// Whether a model string means the auto router.
#[must_use]
pub fn is_auto(text: &str) -> bool {
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(text))
}

/// The models that it chooses, best first, as `author/slug`.
pub(crate) fn choose(surface: Surface, wishes: &Wishes, facts: Facts<'_>) -> Vec<String> {
    let options = &wishes.preferences.auto;
    let mut cheapest: HashMap<&str, u64> = HashMap::new();
    for model in facts.overlay.catalog().models() {
        if let Some(price) = price_if_fit(model, surface, wishes, facts).filter(|_| is_wanted(options, &model.slug)) {
            cheapest.entry(&model.slug).and_modify(|known| *known = price.min(*known)).or_insert(price);
        }
    }
    let mut ranked: Vec<(u64, &str)> = cheapest.into_iter().map(|(slug, price)| (price, slug)).collect();
    ranked.sort_unstable();
    let (from, to) = options.band.unwrap_or(BAND);
    let at = |percent: u8| ranked.len() * usize::from(percent) / 100;
    // However few there are, one is in the band.
    let to = at(to).max(at(from) + 1).min(ranked.len());
    let from = at(from).min(to.saturating_sub(1));
    ranked[from..to].iter().rev().take(CHOSEN_MAX).map(|(_, slug)| (*slug).to_owned()).collect()
}

/// What a model costs, if it can be chosen.
fn price_if_fit(model: &std::sync::Arc<Model>, surface: Surface, wishes: &Wishes, facts: Facts<'_>) -> Option<u64> {
    let needs = &wishes.needs;
    let has_room = model.context_window.is_none_or(|window| window >= needs.input_tokens);
    if !model.is_chat || !model.is_offered || !has_room {
        return None;
    }
    let target = Target::of(facts.overlay.provider(model.provider.as_str())?, model);
    let endpoint = target.endpoint(surface)?;
    if unwanted(&target, endpoint, wishes, Variants::default()).is_some() {
        return None;
    }
    let price = target.rates(needs.input_tokens)?.blended();
    can_call(&target, facts).then_some(price)
}

/// Whether the client lets it be chosen.
fn is_wanted(options: &AutoOptions, slug: &str) -> bool {
    let matches = |pattern: &String| is_match(&pattern.to_ascii_lowercase(), &slug.to_ascii_lowercase());
    (options.allowed.is_empty() || options.allowed.iter().any(matches)) && !options.excluded.iter().any(matches)
}

/// Whether a text has the form of a pattern, in which `*` stands for anything.
fn is_match(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let check = |pattern, text, expected| assert_eq!(is_match(pattern, text), expected, "{pattern} {text}");
        check("anthropic/*", "anthropic/claude-opus-5", true);
        check("anthropic/*", "openai/gpt-4o", false);
        check("*/claude-*", "anthropic/claude-opus-5", true);
        check("*opus*", "anthropic/claude-opus-5", true);
        check("gpt-4o", "gpt-4o", true);
        check("gpt-4o", "gpt-4o-mini", false);
        check("*", "", true);
        check("a*a", "a", false);
        check("a*b*c", "axxbxxc", true);
        check("a*b*c", "axxcxxb", false);
        check("", "a", false);
    }
}
