//! What every managed object carries: which version of it this is, and who made and changed it when.

use crate::time::Timestamp;

/// Counts the changes of one object, from 1. A writer names the version that it read; when another has written since, it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of an object that was just made.
    pub const FIRST: Self = Self(1);

    /// The version with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The version that the next change makes.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The version that this one was made from. The first one has none, and is its own.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// When and by whom an object was made and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who made it: the id of a key.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// Which version this is.
    pub version: Version,
}

impl Stamp {
    /// Of an object that this actor makes now.
    #[must_use]
    pub fn first(now: Timestamp, actor: &str) -> Self {
        let actor = actor.to_owned();
        Self { created_at: now, updated_at: now, created_by: actor.clone(), updated_by: actor, version: Version::FIRST }
    }

    /// Of the same object, which this actor changes now.
    #[must_use]
    pub fn next(&self, now: Timestamp, actor: &str) -> Self {
        Self {
            created_at: self.created_at,
            // Clocks differ between processes, and a change is never older than what it changes.
            updated_at: now.max(self.updated_at),
            created_by: self.created_by.clone(),
            updated_by: actor.to_owned(),
            version: self.version.next(),
        }
    }
}
