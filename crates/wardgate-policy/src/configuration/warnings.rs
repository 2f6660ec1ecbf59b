//! What is sound in a document and yet hardly meant: what can never match, is never reached, or refuses everything.

use super::document::Document;
use super::entry::{ModelEntry, provider_named};
use super::problem::{Problem, ProblemKind};
use super::strategies::Selection;
use crate::expression::never::{Known, Truth};
use crate::policy::{OutOfScope, Policy};
use wardgate_model::Overlay;

impl Document {
    /// Everything that is hardly meant, by its path; empty for most documents.
    #[must_use]
    pub fn warnings(&self, overlay: &Overlay) -> Vec<Problem> {
        let providers: Vec<&str> = overlay.providers().map(|provider| provider.name.as_str()).collect();
        let known = Known { providers: &providers };
        let mut warnings = Vec::new();
        let mut warn = |path: String, text: String| {
            warnings.push(Problem { path, kind: ProblemKind::NeverMatches, text });
        };
        for (index, admit) in self.strategies.admit.iter().flatten().enumerate() {
            let path = format!("admit[{index}].expression");
            match admit.expression.expression().truth(known) {
                Truth::Never(why) => warn(path, format!("is never true, and so refuses everything: {why}")),
                Truth::Always => warn(path, "is always true, and so refuses nothing".to_owned()),
                Truth::Open => {}
            }
        }
        for (name, selection) in
            [("model_selection", &self.strategies.model_selection), ("key_selection", &self.strategies.key_selection)]
        {
            if let Some(selection) = selection {
                of_selection(name, selection, known, &mut warn);
            }
        }
        for (index, transform) in self.strategies.transform.iter().flatten().enumerate() {
            let truth = transform.when.as_ref().map(|when| when.expression().truth(known));
            if let Some(Truth::Never(why)) = truth {
                warn(format!("transform[{index}].when"), format!("is never true, so nothing is ever changed by it: {why}"));
            }
        }
        self.of_rules(overlay, &mut warn);
        warnings
    }

    /// Rules for what the scope keeps out.
    fn of_rules(&self, overlay: &Overlay, warn: &mut impl FnMut(String, String)) {
        let policy = Policy::compile(self, overlay);
        for (index, rule) in self.router.iter().flat_map(|router| &router.rules).enumerate() {
            let path = format!("router.rules[{index}]");
            let never = "is never used: access does not allow";
            let at = rule.model.as_deref().and_then(|model| match ModelEntry::read(model, overlay) {
                Ok(ModelEntry::At(provider, model)) => Some((provider, model)),
                _ => None,
            });
            let provider = rule.provider.as_deref().and_then(|name| provider_named(name, overlay));
            if let Some((provider, model)) = at {
                if policy.allows(provider, model).is_err() {
                    warn(path, format!("{never} {}:{model}", provider.name));
                }
            } else if let Some(provider) = provider
                && policy.allows(provider, "") == Err(OutOfScope::Provider)
            {
                warn(path, format!("{never} {}", provider.name));
            }
        }
    }
}

fn of_selection(name: &str, selection: &Selection, known: Known<'_>, warn: &mut impl FnMut(String, String)) {
    let mut always: Option<usize> = None;
    for (index, strategy) in selection.strategy.iter().enumerate() {
        let path = format!("{name}.strategy[{index}]");
        if let Some(always) = always {
            warn(path, format!("is never reached: {name}.strategy[{always}] always gives something"));
        } else if let Some(why) = strategy.expression().gives_nothing(known) {
            warn(path, format!("never gives anything: {why}"));
        } else if strategy.expression().always_gives() {
            always = Some(index);
        }
    }
}
