//! How a store fails.

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or is too busy; the same call may work later.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something with this name or id is already there.
    #[error("{what} already exists")]
    Conflict {
        /// What exists, for the person who asked: `a provider with the id "ollama"`.
        what: String,
    },
    /// It is still in use.
    #[error("{what} is still referenced by {by}")]
    Referenced {
        /// What was to be deleted.
        what: String,
        /// What refers to it.
        by: String,
    },
    /// A stored row makes no sense to this version.
    #[error("a stored {table} row cannot be read: {why}")]
    Corrupt {
        /// Where the row is.
        table: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anyone doing anything.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
