//! A plan, told to people: what is tried, what was left out, by which filter and why, at what price.
//!
//! It is made from a plan and costs a request nothing that does not ask for it.

use crate::credential::Credential;
use crate::health::Health;
use crate::plan::Plan;
use crate::refusal::{Dropped, tally};
use std::fmt::Write as _;
use wardgate_core::format::Surface;
use wardgate_core::health::{Class, Standing};
use wardgate_core::name::{ModelName, ProviderName};
use wardgate_model::price::Rates;

/// All that was considered for a request.
#[derive(Debug)]
pub struct Explanation {
    /// The surface that the request is for.
    pub surface: Surface,
    /// What would be tried, in order. Empty when the request would be refused.
    pub candidates: Vec<Considered>,
    /// What the candidates are ordered by beside the client's own order.
    pub ordered_by: Vec<String>,
    /// What was left out.
    pub dropped: Vec<Dropped>,
    /// What the client would be told; none when there is something to try.
    pub refusal: Option<Refusal>,
}

/// One thing that would be tried.
#[derive(Debug)]
pub struct Considered {
    /// The model string that led to it: as the client wrote it, or as the virtual model lists it.
    pub asked: String,
    /// The virtual model that the client asked for, if it asked for one.
    pub virtual_model: Option<ModelName>,
    /// Whom.
    pub provider: ProviderName,
    /// For what, in the provider's spelling.
    pub model: ModelName,
    /// With what.
    pub credential: Credential,
    /// What short inputs cost; none when that is not known.
    pub rates: Option<Rates>,
    /// How it has done lately.
    pub standing: Standing,
}

/// The answer to a request for which there is nothing to try.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// The text for people.
    pub message: String,
}

impl Explanation {
    /// Tells a plan that was traced.
    #[must_use]
    pub fn of(surface: Surface, plan: &Plan, health: Option<&dyn Health>) -> Self {
        let candidates = plan.candidates.iter().map(|candidate| Considered {
            asked: plan.considered.get(candidate.model_index).cloned().unwrap_or_default(),
            virtual_model: candidate.virtual_model.clone(),
            provider: candidate.target.provider.name.clone(),
            model: candidate.target.model.clone(),
            credential: candidate.credential,
            rates: candidate.target.rates(0),
            standing: health.map_or_else(Standing::default, |of| of.standing(&candidate.target, candidate.credential)),
        });
        let (ordered_by, dropped) = (plan.ordered_by.clone(), plan.dropped.clone());
        Self { surface, candidates: candidates.collect(), ordered_by, dropped, refusal: None }
    }

    /// Tells that nothing is left to try.
    #[must_use]
    pub const fn of_refusal(surface: Surface, dropped: Vec<Dropped>, refusal: Refusal) -> Self {
        Self { surface, candidates: Vec::new(), ordered_by: Vec::new(), dropped, refusal: Some(refusal) }
    }

    /// It all in one sentence: `3 candidates: 1 to try, 1 out of scope, 1 without a credential`.
    #[must_use]
    pub fn summary(&self) -> String {
        let (kept, dropped) = (self.candidates.len(), self.dropped.len());
        let noun = if kept + dropped == 1 { "candidate" } else { "candidates" };
        let comma = if dropped == 0 { "" } else { ", " };
        format!("{} {noun}: {kept} to try{comma}{}", kept + dropped, tally(&self.dropped))
    }

    /// The same for a header: the summary, each candidate, and what was left out by which filter.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.summary();
        if !self.ordered_by.is_empty() {
            let _ = write!(line, "; by {}", self.ordered_by.join(", "));
        }
        for Considered { provider, model, credential, standing, .. } in &self.candidates {
            let _ = write!(line, "; {provider}:{model} with {}", credential.kind());
            if standing.class != Class::Well {
                let _ = write!(line, ", {}", standing.class.name());
            }
        }
        for Dropped { model, target, why, .. } in &self.dropped {
            let _ = match target {
                Some((provider, model)) => write!(line, "; not {provider}:{model} ({})", why.filter().name()),
                None => write!(line, "; not {model} ({})", why.filter().name()),
            };
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Setting, virtual_model};
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn check(setting: &Setting, models: &[&str], expected: &Expect) {
        let explanation = match setting.traced(models, Surface::ChatCompletions) {
            Ok(plan) => Explanation::of(Surface::ChatCompletions, &plan, None),
            Err(dropped) => {
                let refusal = Refusal { status: 400, code: "unknown_model", message: String::new() };
                Explanation::of_refusal(Surface::ChatCompletions, dropped, refusal)
            }
        };
        let mut told = format!("{}\n", explanation.line().replace("; ", "\n"));
        for Considered { asked, virtual_model, rates, .. } in &explanation.candidates {
            let of = virtual_model.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
            let price =
                rates.map(|rates| format!("{} {}", rates.input.to_usd_per_million(), rates.output.to_usd_per_million()));
            told += &format!("{asked}{of} costs {}\n", price.as_deref().unwrap_or("who knows what"));
        }
        expected.assert_eq(&told);
    }

    #[test]
    fn everything_considered_is_told_with_its_price() {
        let setting = Setting::new(&[("openai", 1), ("openai", 2), ("anthropic", 3)])
            .virtual_models(&[virtual_model("fast", &["gpt-4o-mini", "claude-opus-5-5"])])
            .configuration(&json!({"access": {"models": {"deny": ["claude-opus-5-5"]}}}));
        check(
            &setting,
            &["fast", "openai:gpt-4o-mini", "openai:new-one", "ollama:big", "groq:x", "gpt-4p"],
            &expect![[r#"
            9 candidates: 5 to try, 1 unknown, 1 out of scope, 1 without a credential, 1 there already
            openai:gpt-4o-mini with user
            openai:gpt-4o-mini with user
            openai:new-one with user
            openai:new-one with user
            ollama:llama3.2:70b with none
            not anthropic:claude-opus-5-5 (scope)
            not openai:gpt-4o-mini (again)
            not groq:x (credential)
            not gpt-4p (name)
            gpt-4o-mini of fast costs 0.15 0.6
            gpt-4o-mini of fast costs 0.15 0.6
            openai:new-one costs who knows what
            openai:new-one costs who knows what
            ollama:big costs 0 0
        "#]],
        );
    }

    #[test]
    fn a_refusal_counts_its_causes() {
        let setting = Setting::new(&[("openai", 1)]).configuration(&json!({"access": {"providers": {"allow": ["groq"]}}}));
        check(
            &setting,
            &["gpt-4o", "gpt-4.1", "openai/gpt-oss-120b"],
            &expect![[r#"
            3 candidates: 0 to try, 2 out of scope, 1 without a credential
            not openai:gpt-4o (scope)
            not openai:gpt-4.1 (scope)
            not groq:openai/gpt-oss-120b (credential)
        "#]],
        );
    }
}
