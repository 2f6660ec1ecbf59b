//! The plan: everything that may be tried for a request, in order.
//!
//! Each model string in the client's order becomes a target, then the passes: is the surface served, which credentials are
//! there. The account's own keys of a provider are tried in the order in which they were made. What a pass leaves out is
//! remembered with its cause. The first model string must name something: a typing mistake in it is the client's to hear of,
//! whatever the fallbacks; a fallback that leads nowhere is passed over and named in the answer's headers.

use crate::ask::Ask;
use crate::candidate::Candidate;
use crate::refusal::{Dropped, Why};
use std::collections::HashMap;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::name::ProviderName;
use wardgate_model::{Overlay, Target, resolve};

/// An account's credentials by provider, oldest first.
#[derive(Debug, Default)]
pub struct Credentials(HashMap<ProviderName, Vec<ProviderKeyId>>);

impl Credentials {
    /// Takes keys in the order of their making.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = (ProviderName, ProviderKeyId)>) -> Self {
        let mut by_provider: HashMap<ProviderName, Vec<ProviderKeyId>> = HashMap::new();
        for (provider, key) in keys {
            by_provider.entry(provider).or_default().push(key);
        }
        Self(by_provider)
    }

    /// The keys of a provider.
    #[must_use]
    pub fn of(&self, provider: &str) -> &[ProviderKeyId] {
        self.0.get(provider).map_or(&[], Vec::as_slice)
    }
}

/// What a plan is made from besides the ask.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    /// The providers and models that the account knows.
    pub overlay: &'f Overlay,
    /// Its credentials.
    pub credentials: &'f Credentials,
}

/// What may be tried, and what was left out.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In order. Never empty.
    pub candidates: Vec<Candidate>,
    /// Fallbacks that give nothing to try.
    pub dropped: Vec<Dropped>,
}

/// Makes the plan.
///
/// # Errors
/// With what was left out and why, when the first model string names nothing or nothing at all is left to try.
pub fn plan(ask: Ask<'_>, facts: Facts<'_>) -> Result<Plan, Vec<Dropped>> {
    let mut plan = Plan::default();
    for (model_index, model) in ask.models.iter().enumerate() {
        if let Err(why) = add_candidates(&mut plan.candidates, model_index, model, ask, facts) {
            let names_nothing = matches!(why, Why::Unresolved(_));
            plan.dropped.push(Dropped { model: model.clone(), why });
            if model_index == 0 && names_nothing {
                return Err(plan.dropped);
            }
        }
    }
    if plan.candidates.is_empty() { Err(plan.dropped) } else { Ok(plan) }
}

fn add_candidates(
    candidates: &mut Vec<Candidate>,
    model_index: usize,
    model: &str,
    ask: Ask<'_>,
    facts: Facts<'_>,
) -> Result<(), Why> {
    let target: Target = resolve(model, facts.overlay)?;
    let provider = &target.provider;
    let endpoint = provider
        .endpoint(ask.surface)
        .cloned()
        .ok_or_else(|| Why::SurfaceNotServed { provider: provider.name.clone(), surface: ask.surface })?;
    let keys = facts.credentials.of(provider.name.as_str());
    if keys.is_empty() {
        if !provider.works_without_key() {
            return Err(Why::NoCredential { provider: provider.name.clone() });
        }
        add(candidates, Candidate { model_index, target, endpoint, key: None });
        return Ok(());
    }
    for key in keys {
        let target = target.clone();
        add(candidates, Candidate { model_index, target, endpoint: endpoint.clone(), key: Some(*key) });
    }
    Ok(())
}

/// Two model strings may mean the same thing; it is tried once.
fn add(candidates: &mut Vec<Candidate>, candidate: Candidate) {
    if !candidates.iter().any(|other| other.is_same_backend(&candidate) && other.key == candidate.key) {
        candidates.push(candidate);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::sync::Arc;
    use wardgate_core::format::Surface;
    use wardgate_model::Catalog;

    pub(crate) fn credentials(names: &[(&str, u8)]) -> Credentials {
        Credentials::new(names.iter().map(|(provider, key)| {
            (ProviderName::new(provider).unwrap_or_else(|error| panic!("{error}")), ProviderKeyId::from_bytes([*key; 16]))
        }))
    }

    pub(crate) fn planned(models: &[&str], surface: Surface, credentials: &Credentials) -> Result<Plan, Vec<Dropped>> {
        let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        let overlay = Overlay::new(Arc::new(catalog), &[]);
        let models: Vec<String> = models.iter().map(|model| (*model).to_owned()).collect();
        plan(Ask { surface, models: &models }, Facts { overlay: &overlay, credentials })
    }

    fn check(models: &[&str], surface: Surface, keys: &[(&str, u8)], expected: &Expect) {
        let dropped = |dropped: &[Dropped]| {
            dropped.iter().map(|dropped| format!("  not {}: {}\n", dropped.model, dropped.why)).collect::<String>()
        };
        let text = match planned(models, surface, &credentials(keys)) {
            Ok(plan) => {
                let lines = plan.candidates.iter().map(|candidate| {
                    let key = candidate.key.map_or_else(|| "no key".to_owned(), |key| format!("key {}", key.as_bytes()[0]));
                    format!("{}:{} with {key}\n", candidate.target.provider.name, candidate.target.model)
                });
                lines.collect::<String>() + &dropped(&plan.dropped)
            }
            Err(all) => format!("refused\n{}", dropped(&all)),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn models_in_the_clients_order_keys_in_the_order_of_their_making() {
        check(
            &["gpt-4o", "claude-opus-5-5"],
            Surface::ChatCompletions,
            &[("openai", 1), ("anthropic", 2), ("openai", 3)],
            &expect![[r#"
                openai:gpt-4o with key 1
                openai:gpt-4o with key 3
                anthropic:claude-opus-5-5 with key 2
            "#]],
        );
    }

    #[test]
    fn two_spellings_of_one_thing_are_tried_once() {
        check(
            &["gpt-4o", "openai:gpt-4o"],
            Surface::ChatCompletions,
            &[("openai", 1)],
            &expect![[r#"
            openai:gpt-4o with key 1
        "#]],
        );
    }

    #[test]
    fn a_fallback_that_leads_nowhere_is_passed_over() {
        check(
            &["gpt-4o", "gpt-4p", "groq:openai/gpt-oss-120b"],
            Surface::ChatCompletions,
            &[("openai", 1)],
            &expect![[r#"
                openai:gpt-4o with key 1
                  not gpt-4p: there is no model "gpt-4p"; did you mean "gpt-4o"?
                  not groq:openai/gpt-oss-120b: this account has no provider key for groq; add one, or use a model of another provider
            "#]],
        );
    }

    #[test]
    fn the_first_model_must_name_something() {
        check(
            &["gpt-4p", "gpt-4o"],
            Surface::ChatCompletions,
            &[("openai", 1)],
            &expect![[r#"
            refused
              not gpt-4p: there is no model "gpt-4p"; did you mean "gpt-4o"?
        "#]],
        );
    }

    #[test]
    fn nothing_left_is_refused_with_every_cause() {
        check(
            &["gpt-4o", "claude-opus-5-5"],
            Surface::Messages,
            &[("openai", 1)],
            &expect![[r#"
            refused
              not gpt-4o: the provider openai does not serve messages
              not claude-opus-5-5: this account has no provider key for anthropic; add one, or use a model of another provider
        "#]],
        );
    }
}
