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
    /// There are as many of these as there may be.
    #[error("there may be at most {max} {what}")]
    Full {
        /// What there is enough of: `keys for one provider`.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// Someone else changed or deleted it since it was read.
    #[error("{what} was changed by someone else meanwhile")]
    Changed {
        /// What was to be changed: `the access key`.
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
    /// What was to be stored, or what it refers to, is not of the account whose handle was used.
    #[error("{what} does not belong to this account")]
    NotInAccount {
        /// What is of elsewhere: `the team`.
        what: &'static str,
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
