//! Provider keys that stand in the environment, for `wardgate dev`.

use wardgate_core::name::ProviderName;
use wardgate_core::secret::Secret;
use wardgate_model::Catalog;

/// A credential that was found.
pub(crate) struct FoundKey {
    /// Whom it opens.
    pub(crate) provider: ProviderName,
    /// The variable it was in.
    pub(crate) variable: String,
    /// The credential.
    pub(crate) value: Secret,
}

/// The credentials of built-in providers in their usual variables. Empty ones do not count.
pub(crate) fn provider_keys(catalog: &Catalog) -> Vec<FoundKey> {
    let found = catalog.providers().filter_map(|provider| {
        let variable = provider.environment_variable.clone()?;
        #[expect(clippy::disallowed_methods, reason = "settings are what reads the environment")]
        let value = std::env::var(&variable).ok()?;
        let value = value.trim();
        (!value.is_empty()).then(|| FoundKey { provider: provider.name.clone(), variable, value: Secret::from(value) })
    });
    found.collect()
}
