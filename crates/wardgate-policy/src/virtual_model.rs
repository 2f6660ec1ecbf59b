//! Virtual models: names that stand for an ordered list of models.
//!
//! A name is expanded once, when a plan is made: a target that is itself the name of a virtual model is not followed, which is
//! why it is refused when it is written. Names compare without case. A name wins over a model of the catalog that is called the
//! same, so that a newer catalog never changes what an account's own name means.

use crate::configuration::{Problem, ProblemKind};
use std::collections::HashMap;
use wardgate_core::configuration::{VIRTUAL_MODEL_TARGETS_MAX, VirtualModel};
use wardgate_core::name::ModelName;
use wardgate_model::{Overlay, ResolveError, resolve};

/// The longest name, in characters.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// An account's virtual models by name.
#[derive(Debug, Default)]
pub struct VirtualModels(HashMap<String, Expansion>);

/// What a name stands for.
#[derive(Debug)]
pub struct Expansion {
    /// The name as it was written when it was made.
    pub name: ModelName,
    /// Model strings, in the order in which they are tried.
    pub models: Vec<String>,
}

impl VirtualModels {
    /// Takes an account's virtual models.
    #[must_use]
    pub fn new(models: &[VirtualModel]) -> Self {
        let by_name = models.iter().map(|model| {
            let name = model.label.name();
            (name.to_ascii_lowercase(), Expansion { name: name.into(), models: model.models.clone() })
        });
        Self(by_name.collect())
    }

    /// What a model string stands for, if it is a name of this kind.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Expansion> {
        if self.0.is_empty() || name.len() > NAME_CHARACTERS_MAX {
            None
        } else if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.0.get(&name.to_ascii_lowercase())
        } else {
            self.0.get(name)
        }
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Expansion> {
        self.0.values()
    }
}

/// What is wrong with the name of a virtual model that is made or renamed: its problem is at `name`. That no other virtual model
/// has it is the store's to say.
///
/// # Errors
/// When it is empty, too long, holds other characters than letters, digits, `.`, `_` and `-`, or is a model of the catalog.
pub fn check_name(name: &str, overlay: &Overlay) -> Result<(), Problem> {
    let problem = |kind, text: String| Err(Problem { path: "name".to_owned(), kind, text });
    let characters = name.chars().count();
    if name.is_empty() {
        return problem(ProblemKind::Missing, "must not be empty".to_owned());
    }
    if characters > NAME_CHARACTERS_MAX {
        let text = format!("has {characters} characters, and may have at most {NAME_CHARACTERS_MAX}");
        return problem(ProblemKind::TooMany, text);
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        let text = "may hold letters, digits, '.', '_' and '-' only".to_owned();
        return problem(ProblemKind::Malformed, text);
    }
    if !overlay.catalog().models_named(name).is_empty() {
        let text = "is a model of the catalog; choose a name that no model has".to_owned();
        return problem(ProblemKind::Duplicate, text);
    }
    Ok(())
}

/// What is wrong with the targets of a virtual model: problems at `field[0]` and so on. `others` are the account's virtual
/// models; `field` is what the API calls the list.
///
/// # Errors
/// With every problem: none or more than [`VIRTUAL_MODEL_TARGETS_MAX`] targets, or one that leads nowhere.
pub fn check_targets(field: &str, targets: &[String], others: &[VirtualModel], overlay: &Overlay) -> Result<(), Vec<Problem>> {
    if targets.is_empty() || targets.len() > VIRTUAL_MODEL_TARGETS_MAX {
        let text = format!("has {} models, and must have 1 to {VIRTUAL_MODEL_TARGETS_MAX}", targets.len());
        return Err(vec![Problem { path: field.to_owned(), kind: ProblemKind::TooMany, text }]);
    }
    let targets = targets.iter().enumerate();
    let problems: Vec<_> = targets
        .filter_map(|(index, target)| {
            let (kind, text) = problem_of_target(target, others, overlay)?;
            Some(Problem { path: format!("{field}[{index}]"), kind, text })
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn problem_of_target(target: &str, others: &[VirtualModel], overlay: &Overlay) -> Option<(ProblemKind, String)> {
    if others.iter().any(|other| other.label.name().eq_ignore_ascii_case(target)) {
        let text = "is a virtual model, and these do not nest; name its models instead".to_owned();
        return Some((ProblemKind::VirtualModel, text));
    }
    let error = resolve(target, overlay).err()?;
    let kind = match &error {
        ResolveError::Malformed { .. } => ProblemKind::Malformed,
        ResolveError::UnknownProvider { .. } => ProblemKind::UnknownProvider,
        ResolveError::UnknownModel { .. } | ResolveError::Neither { .. } => ProblemKind::UnknownModel,
    };
    Some((kind, format!("leads nowhere: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, virtual_model};
    use expect_test::{Expect, expect};

    fn check(name: &str, targets: &[&str], expected: &Expect) {
        let overlay = testing::overlay(&[]);
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        let mut problems: Vec<Problem> = check_name(name, &overlay).err().into_iter().collect();
        problems
            .extend(check_targets("targets", &targets, &[virtual_model("Fast", &[])], &overlay).err().into_iter().flatten());
        expected.assert_eq(&problems.iter().map(|problem| format!("{}: {problem}\n", problem.kind.code())).collect::<String>());
    }

    #[test]
    fn what_may_be_a_virtual_model() {
        check("chat-default", &["gpt-4o", "groq:anything", "openai/gpt-oss-120b"], &expect![[r#""#]]);
        check(
            "GPT-4o",
            &["gpt-4a", "fast", "nowhere:x", "openai:"],
            &expect![[r#"
                duplicate: name is a model of the catalog; choose a name that no model has
                unknown_model: targets[0] leads nowhere: there is no model "gpt-4a"; did you mean "gpt-4o"?
                virtual_model_not_allowed: targets[1] is a virtual model, and these do not nest; name its models instead
                unknown_provider: targets[2] leads nowhere: there is no provider "nowhere"; did you mean "cohere"?
                malformed_field: targets[3] leads nowhere: the model string "openai:" is not well formed: write a model, or provider:model, without white space around
            "#]],
        );
        check(
            "",
            &[],
            &expect![[r#"
            missing_field: name must not be empty
            too_many: targets has 0 models, and must have 1 to 50
        "#]],
        );
        check(
            "openai:gpt",
            &["gpt-4o"; 51],
            &expect![[r#"
            malformed_field: name may hold letters, digits, '.', '_' and '-' only
            too_many: targets has 51 models, and must have 1 to 50
        "#]],
        );
        check(
            &"x".repeat(65),
            &["gpt-4o"; 50],
            &expect![[r#"
            too_many: name has 65 characters, and may have at most 64
        "#]],
        );
    }

    #[test]
    fn names_compare_without_case() {
        let models = VirtualModels::new(&[virtual_model("Chat-Default", &["gpt-4o"])]);
        for name in ["chat-default", "CHAT-DEFAULT", "Chat-Default"] {
            assert_eq!(models.get(name).map(|found| &*found.name), Some("Chat-Default"), "{name}");
        }
        assert!(models.get("chat").is_none());
    }
}
