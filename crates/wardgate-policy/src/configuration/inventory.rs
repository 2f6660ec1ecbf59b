//! What an account has that documents can name.

use wardgate_core::configuration::VirtualModel;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_model::Overlay;

/// The facts that a document is checked against, as of one moment; `RoutingMaterial` of the store has them all. What goes away
/// between the check and the write is the store's to refuse, which is told the document's references.
#[derive(Clone, Copy)]
pub struct Inventory<'i> {
    /// The providers and models: the catalog, and the account's custom providers over it.
    pub overlay: &'i Overlay,
    /// All its provider keys.
    pub provider_keys: &'i [ProviderKey],
    /// All its virtual models.
    pub virtual_models: &'i [VirtualModel],
}

impl<'i> Inventory<'i> {
    /// The provider key with this id.
    #[must_use]
    pub fn provider_key(&self, id: ProviderKeyId) -> Option<&'i ProviderKey> {
        self.provider_keys.iter().find(|key| key.id == id)
    }

    /// The virtual model with this name, whatever its case.
    #[must_use]
    pub fn virtual_model(&self, name: &str) -> Option<&'i VirtualModel> {
        self.virtual_models.iter().find(|model| model.label.name().eq_ignore_ascii_case(name))
    }
}
