//! Endings of model strings that say how a model is to be served: `:free`, `:nitro` and the like.
//!
//! An ending counts only where the whole is not itself an id: a tag of Ollama or an id of OpenRouter may be called the same.
//! OpenRouter itself understands all of them, so behind its prefix they are passed on.

use crate::preferences::Sort;
use wardgate_model::model_string::{self, ModelString};
use wardgate_model::{Origin, Overlay};

/// How a model is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// For nothing.
    Free,
    /// By whoever writes fastest.
    Nitro,
    /// By whoever is cheapest.
    Floor,
    /// By whoever fails least.
    Exacto,
    /// Thinking first.
    Thinking,
    /// With a search on the web.
    Online,
    /// With a long context.
    Extended,
}

impl Variant {
    const ALL: [(&'static str, Self); 7] = [
        ("free", Self::Free),
        ("nitro", Self::Nitro),
        ("floor", Self::Floor),
        ("exacto", Self::Exacto),
        ("thinking", Self::Thinking),
        ("online", Self::Online),
        ("extended", Self::Extended),
    ];
}

/// The most endings of one model string.
const VARIANTS_MAX: usize = Variant::ALL.len();

/// What the endings of one model string come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variants {
    /// What to order by; the last ending that says so counts.
    pub sort: Option<Sort>,
    /// Only what costs nothing.
    pub is_free: bool,
    /// Only what can think.
    pub thinks: bool,
    /// With a search on the web, which is not to be had here.
    pub is_online: bool,
}

/// Whether a text ends like a model string with a variant. What is said of the others is the usual case and costs nothing.
#[must_use]
pub fn has_ending(text: &str) -> bool {
    ending(text).is_some()
}

/// Takes the endings off a model string.
#[must_use]
pub fn split<'t>(text: &'t str, overlay: &Overlay) -> (&'t str, Variants) {
    let (mut rest, mut variants) = (text, Variants::default());
    for _ in 0..VARIANTS_MAX {
        let Some((before, variant)) = ending(rest).filter(|(before, _)| !is_id(rest, before, overlay)) else { break };
        rest = before;
        match variant {
            Variant::Free => variants.is_free = true,
            Variant::Thinking => variants.thinks = true,
            Variant::Online => variants.is_online = true,
            // The ending furthest back was met first.
            Variant::Nitro => variants.sort = variants.sort.or(Some(Sort::Throughput)),
            Variant::Floor => variants.sort = variants.sort.or(Some(Sort::Price)),
            Variant::Exacto => variants.sort = variants.sort.or(Some(Sort::Exacto)),
            Variant::Extended => variants.sort = variants.sort.or(Some(Sort::Context)),
        }
    }
    (rest, variants)
}

fn ending(text: &str) -> Option<(&str, Variant)> {
    let (before, name) = text.rsplit_once(':')?;
    let variant = Variant::ALL.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1;
    (!before.is_empty()).then_some((before, variant))
}

/// Whether the whole is an id, as far as can be known; `before` is what stands before its last colon.
fn is_id(whole: &str, before: &str, overlay: &Overlay) -> bool {
    match model_string::parse(whole, |name| overlay.provider(name).is_some()) {
        None => true,
        Some(ModelString::Bare(name)) => !overlay.catalog().models_named(name).is_empty(),
        Some(ModelString::Qualified { provider, model }) => {
            let Some(provider_is) = overlay.provider(provider) else { return true };
            let Some(base) = before.strip_prefix(provider).and_then(|rest| rest.strip_prefix(':')) else { return true };
            let declares = |id: &str| provider_is.declared_models.iter().any(|model| model.id.eq_ignore_ascii_case(id));
            let knows = |id: &str| overlay.catalog().model_at(provider, id).is_some();
            match provider_is.origin {
                Origin::BuiltIn => provider == "openrouter" || knows(model),
                // Only what it declares, or the operator's file, is known of it.
                Origin::Operator => knows(model) || declares(model) || !(knows(base) || declares(base)),
                Origin::Tenant => declares(model) || !declares(base),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{custom_provider, overlay};

    #[test]
    fn an_ending_counts_where_the_whole_is_no_id() {
        let ollama = custom_provider("ollama", 1, &[("llama3.2", None), ("llama3.2:free", None)]);
        let overlay = overlay(&[ollama]);
        let check = |text, base, expected: Variants| assert_eq!(split(text, &overlay), (base, expected), "{text}");
        let none = Variants::default();
        let by = |sort| Variants { sort: Some(sort), ..none };
        check("gpt-4o", "gpt-4o", none);
        check("gpt-4o:nitro", "gpt-4o", by(Sort::Throughput));
        check("gpt-4o:NITRO", "gpt-4o", by(Sort::Throughput));
        check("openai/gpt-4o:floor", "openai/gpt-4o", by(Sort::Price));
        check("openai:gpt-4o:floor", "openai:gpt-4o", by(Sort::Price));
        check("gpt-4o:floor:exacto", "gpt-4o", by(Sort::Exacto));
        check("gpt-4o:free:thinking", "gpt-4o", Variants { is_free: true, thinks: true, ..none });
        check("gpt-4o:extended:online", "gpt-4o", Variants { sort: Some(Sort::Context), is_online: true, ..none });
        check("gpt-4o:fast", "gpt-4o:fast", none);
        check("openrouter:openai/gpt-4o:nitro", "openrouter:openai/gpt-4o:nitro", none);
        check("ollama:llama3.2:free", "ollama:llama3.2:free", none);
        check("ollama:llama3.2:nitro", "ollama:llama3.2", by(Sort::Throughput));
        check("ollama:other:free", "ollama:other:free", none);
        check(":free", ":free", none);
        check("openai:free", "openai:free", none);
    }
}
