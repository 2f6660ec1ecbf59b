//! What an account has that its documents can name, as of one read.

use crate::body::Problems;
use crate::context::Context;
use crate::error::ApiError;
use wardgate_model::Overlay;
use wardgate_policy::configuration::Inventory;
use wardgate_store::RoutingMaterial;

/// An account's things, with its providers laid over the catalog.
pub(crate) struct Things {
    pub(crate) material: RoutingMaterial,
    pub(crate) overlay: Overlay,
}

impl Things {
    /// What there is now.
    pub(crate) async fn read(context: &Context) -> Result<Self, ApiError> {
        let material = context.tenant()?.routing_material().await?.ok_or_else(|| ApiError::not_found("account"))?;
        let overlay = Overlay::new(context.app.deps.catalog.get(), &material.providers);
        Ok(Self { material, overlay })
    }

    /// The same, for whoever checks documents.
    pub(crate) fn inventory(&self) -> Inventory<'_> {
        Inventory {
            overlay: &self.overlay,
            provider_keys: &self.material.provider_keys,
            virtual_models: &self.material.virtual_models,
        }
    }
}

/// Adds what is wrong with a document, with the foreign code for each kind.
pub(crate) fn add_problems(
    found: impl IntoIterator<Item = wardgate_policy::configuration::Problem>,
    error_code: fn(wardgate_policy::configuration::ProblemKind) -> Option<&'static str>,
    problems: &mut Problems,
) {
    for problem in found {
        problems.add(problem.path, problem.kind.code(), error_code(problem.kind), problem.text);
    }
}
