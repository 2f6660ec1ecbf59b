//! The routers: names that stand for whichever models fit.
//!
//! Of all chat models that the key may call and that can do what the request needs, ordered by price, the auto router takes a band, the
//! cheapest fifth unless the client says otherwise, and of that the dearest: within what somebody is ready to pay, price is the best
//! hint at quality that the catalog has. The free router draws among those that cost nothing, by the conversation.

use crate::plan::order::uniform;
use crate::plan::wanted::unwanted;
use crate::plan::{Facts, can_call};
use crate::preferences::{AutoOptions, Wishes};
use crate::variant::Variants;
use std::collections::HashMap;
use wardgate_core::format::Surface;
use wardgate_model::{Model, Target};

/// What the auto router is asked for by.
const AUTO: [&str; 3] = ["auto", "wardgate/auto", "openrouter/auto"];

/// What the free router is asked for by.
const FREE: [&str; 2] = ["wardgate/free", "openrouter/free"];

/// A router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Router {
    /// Chooses in a band of prices.
    Auto,
    /// Draws among what costs nothing.
    Free,
}

/// The most models that a router chooses: one, and what to fall back to.
pub const CHOSEN_MAX: usize = 4;

/// The band of prices in hundredths when the client does not say.
const BAND: (u8, u8) = (0, 20);

impl Router {
    /// The router that a model string means, if it means one.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let is_of = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        if is_of(&AUTO) { Some(Self::Auto) } else { is_of(&FREE).then_some(Self::Free) }
    }

    /// The models that it chooses, best first, as model strings.
    pub(crate) fn choose(self, surface: Surface, wishes: &Wishes, facts: Facts<'_>) -> Vec<String> {
        let ranked = ranked(surface, wishes, facts);
        match self {
            Self::Auto => in_band(&ranked, &wishes.preferences.auto),
            Self::Free => drawn(&ranked, wishes.draw),
        }
    }
}

/// What fits, each with the price where it is cheapest, by price.
fn ranked<'f>(surface: Surface, wishes: &Wishes, facts: Facts<'f>) -> Vec<(u64, &'f str)> {
    let options = &wishes.preferences.auto;
    let mut cheapest: HashMap<&str, u64> = HashMap::new();
    for model in facts.overlay.catalog().models() {
        if let Some(price) = price_if_fit(model, surface, wishes, facts).filter(|_| is_wanted(options, &model.slug)) {
            cheapest.entry(&model.slug).and_modify(|known| *known = price.min(*known)).or_insert(price);
        }
    }
    let mut ranked: Vec<(u64, &str)> = cheapest.into_iter().map(|(slug, price)| (price, slug)).collect();
    ranked.sort_unstable();
    ranked
}

/// Some of those that cost nothing, in an order that is another for each draw. They may be had for money elsewhere, so each is asked
/// for where it is free.
fn drawn(ranked: &[(u64, &str)], draw: u64) -> Vec<String> {
    let free = ranked.iter().take_while(|(price, _)| *price == 0);
    let mut free: Vec<(f64, &str)> = free.map(|(_, slug)| (uniform(draw, slug), *slug)).collect();
    free.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
    free.iter().take(CHOSEN_MAX).map(|(_, slug)| format!("{slug}:free")).collect()
}

fn in_band(ranked: &[(u64, &str)], options: &AutoOptions) -> Vec<String> {
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
