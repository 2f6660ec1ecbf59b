//! A compiled configuration: what a request is checked against.
//!
//! Compiling looks every text of the document up once, so that a check is a few hash lookups, however long the lists are.

pub(crate) mod rules;
mod scope;

use crate::configuration::{Document, Strategies};
use rules::Rules;
use scope::Access;
pub use scope::OutOfScope;
use wardgate_model::{Overlay, Provider};

pub(crate) use rules::Step;

/// What an access key may call, and through whom. The default allows everything and has no rules, as a key without a
/// configuration.
#[derive(Debug, Default)]
pub struct Policy {
    /// None: everything is inside.
    access: Option<Access>,
    rules: Rules,
    /// None: there are none, and a request costs nothing more.
    strategies: Option<Strategies>,
}

impl Policy {
    /// Compiles a document for an account's providers and models. What a document names and is no longer there matches nothing.
    #[must_use]
    pub fn compile(document: &Document, overlay: &Overlay) -> Self {
        Self {
            access: document.access.as_ref().map(|access| Access::compile(access, overlay)),
            rules: document.router.as_ref().map(|router| Rules::compile(router, overlay)).unwrap_or_default(),
            strategies: Some(&document.strategies).filter(|strategies| !strategies.is_empty()).cloned(),
        }
    }

    /// Its expressions, if it has any.
    #[must_use]
    pub const fn strategies(&self) -> Option<&Strategies> {
        self.strategies.as_ref()
    }

    /// The models that are considered behind those that a client names.
    #[must_use]
    pub fn fallback_models(&self) -> &[String] {
        let selection = self.strategies.as_ref().and_then(|strategies| strategies.model_selection.as_ref());
        selection.and_then(|selection| selection.fallback_models.as_deref()).unwrap_or_default()
    }

    /// Whether the scope lets a model of a provider be called. The model is in the provider's own spelling, as it comes out of
    /// [`wardgate_model::resolve`]; its case does not matter.
    ///
    /// # Errors
    /// With the dimension that does not.
    pub fn allows(&self, provider: &Provider, model: &str) -> Result<(), OutOfScope> {
        self.access.as_ref().map_or(Ok(()), |access| access.allows(provider, model))
    }

    /// The steps of the rule for a model of a provider; none when no rule is for it.
    pub(crate) fn steps(&self, provider: &Provider, model: &str) -> Option<&[Step]> {
        self.rules.steps(provider, model)
    }
}

/// A text in lower case, without an allocation when it is so already.
fn lower(text: &str) -> std::borrow::Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
}
