//! What is wrong with a document, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `router.rules[2].steps[0].keys`.
    pub path: String,
    /// What kind of mistake it is, for programs.
    pub kind: ProblemKind,
    /// What is wrong and what to do about it, for people: `must be a list; …`. Begins with a verb, so that it reads on from the
    /// path, and has no full stop. Never holds a credential.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.text)
    }
}

/// Kinds of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A field that no document has.
    UnknownField,
    /// A field that must be there and is not.
    Missing,
    /// Another type or form than the field takes.
    Malformed,
    /// More than its bound of something.
    TooMany,
    /// A second rule for what has one already, or a key twice in a step: it would never be used.
    Duplicate,
    /// Fields that exclude each other.
    Contradiction,
    /// A provider that the account does not have.
    UnknownProvider,
    /// A model that the catalog does not have.
    UnknownModel,
    /// A virtual model where its members must be named.
    VirtualModel,
    /// A provider key that the account does not have.
    UnknownKey,
    /// A provider key of another provider than the rule's.
    ForeignKey,
    /// An edit of an allow list where there is none: everything is allowed.
    NoListToEdit,
    /// An edit that adds and removes the same.
    EditConflict,
    /// An expression that is not one, or does not give what it must.
    Expression,
    /// Something that never matches; a warning, and no mistake.
    NeverMatches,
}

impl ProblemKind {
    /// Its stable name in APIs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownField => "unknown_field",
            Self::Missing => "missing_field",
            Self::Malformed => "malformed_field",
            Self::TooMany => "too_many",
            Self::Duplicate => "duplicate",
            Self::Contradiction => "contradiction",
            Self::UnknownProvider => "unknown_provider",
            Self::UnknownModel => "unknown_model",
            Self::VirtualModel => "virtual_model_not_allowed",
            Self::UnknownKey => "unknown_provider_key",
            Self::ForeignKey => "provider_key_of_another_provider",
            Self::NoListToEdit => "allow_list_not_configured",
            Self::EditConflict => "allow_list_patch_conflict",
            Self::Expression => "invalid_expression",
            Self::NeverMatches => "never_matches",
        }
    }
}
