//! A document on its way in: read, and not yet checked against what the account has.

mod check;

use super::access::Access;
use super::document::Document;
use super::inventory::Inventory;
use super::json::{Fields, Place, Problems};
use super::problem::{Problem, ProblemKind};
use super::router::{DraftKey, Router};
use super::strategies::{NAMES, Strategies};
use serde_json::{Map, Value};
use wardgate_core::configuration::References;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::name::ProviderName;
use wardgate_core::secret::Secret;

/// A document that was read, with all that is wrong with it.
pub struct Draft {
    access: Option<Access>,
    router: Option<Router<DraftKey>>,
    strategies: Strategies,
    /// What was stored before; the default for a new document. What stands in it was checked when it was written, and is not
    /// refused now because something has gone from the catalog since.
    stored: Document,
    is_router_new: bool,
    problems: Problems,
}

/// A document that is sound, and what is to be done with it.
pub struct Ready {
    /// The document.
    pub document: Document,
    /// What it names.
    pub references: References,
    /// The provider keys that are to be made before it is stored, in the order of their places.
    pub new_keys: Vec<NewKey>,
}

/// A provider key that a document brings along.
pub struct NewKey {
    /// The id by which the document names it.
    pub id: ProviderKeyId,
    /// Where it stands: `router.rules[0].steps[0].keys[1]`. Its value has not been looked at but for being there.
    pub path: String,
    /// The provider that it opens: that of its rule.
    pub provider: ProviderName,
    /// What it shall be called, at most 255 characters.
    pub name: String,
    /// The credential. Not empty.
    pub value: Secret,
}

const KNOWN: &str = "access, router, admit, model_selection, key_selection, transform";

impl Draft {
    /// Reads a new document: the fields of a configuration that are not its texts.
    #[must_use]
    pub fn new(fields: Map<String, Value>) -> Self {
        Self::edit(&Document::default(), fields)
    }

    /// Reads a change of a stored document. A field that is absent stays as it is, `null` clears it, a value takes its place,
    /// and `add` and `remove` change an allow list.
    #[must_use]
    pub fn edit(stored: &Document, fields: Map<String, Value>) -> Self {
        let mut problems = Problems::default();
        let mut fields = Fields::new(fields);
        let access = match fields.take("access") {
            None => stored.access.clone(),
            Some(Value::Null) => None,
            Some(value) => Access::read_change(stored.access.as_ref(), value, Place::root("access"), &mut problems),
        };
        let router = fields.take("router");
        let is_router_new = router.is_some();
        let router = match router {
            None => stored.router.clone().map(|router| router.map_keys(|_, key| DraftKey::Known(key))),
            Some(Value::Null) => None,
            Some(value) => Router::read(value, Place::root("router"), &mut problems),
        };
        let mut strategies = stored.strategies.clone();
        for name in NAMES {
            if let Some(value) = fields.take(name) {
                strategies.read_change(name, value, &mut problems);
            }
        }
        fields.finish(None, KNOWN, &mut problems);
        Self { access, router, strategies, stored: stored.clone(), is_router_new, problems }
    }

    /// Checks the document against what the account has. `new_id` gives the id of each provider key that it brings along.
    ///
    /// # Errors
    /// With everything that is wrong: never empty, at most [`super::PROBLEMS_MAX`].
    pub fn finish(
        mut self,
        inventory: Inventory<'_>,
        mut new_id: impl FnMut() -> ProviderKeyId,
    ) -> Result<Ready, Vec<Problem>> {
        self.check_access(inventory);
        let providers = self.check_router(inventory);
        self.check_fallback_models(inventory);
        if !self.problems.0.is_empty() {
            return Err(self.problems.0);
        }
        let mut new_keys = Vec::new();
        let router = self.router.map(|router| {
            router.map_keys(|place, key| match key {
                DraftKey::Known(id) => id,
                DraftKey::New { name, value } => {
                    let id = new_id();
                    let path = place.to_string();
                    new_keys.extend(providers[place.rule].clone().map(|provider| NewKey { id, path, provider, name, value }));
                    id
                }
            })
        });
        let document = Document { access: self.access, router, strategies: self.strategies };
        let references = document.references(inventory.overlay);
        Ok(Ready { document, references, new_keys })
    }

    /// The document without a look at facts, as a stored one is read. It brings no keys along.
    pub(super) fn into_document_as_it_is(mut self) -> Result<Document, Problem> {
        let router = self.router.map(|router| {
            router.map_keys(|place, key| match key {
                DraftKey::Known(id) => id,
                DraftKey::New { .. } => {
                    let text = "is not stored yet";
                    self.problems.add_at(place.to_string(), ProblemKind::Malformed, text);
                    ProviderKeyId::from_bytes([0; 16])
                }
            })
        });
        match self.problems.0.into_iter().next() {
            None => Ok(Document { access: self.access, router, strategies: self.strategies }),
            Some(problem) => Err(problem),
        }
    }
}
