//! The catalog in force, which a reload may put another in the place of.

use crate::catalog::Catalog;
use std::sync::{Arc, PoisonError, RwLock};

/// The catalog in force. Whoever has taken one works on with it, so that one piece of work sees one catalog.
#[derive(Default)]
pub struct LiveCatalog(RwLock<Arc<Catalog>>);

impl LiveCatalog {
    /// With a catalog to begin with.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self(RwLock::new(Arc::new(catalog)))
    }

    /// The present one.
    #[must_use]
    pub fn get(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place.
    pub fn replace(&self, catalog: Catalog) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
    }
}
