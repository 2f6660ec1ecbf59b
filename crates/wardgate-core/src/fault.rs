//! What can be wrong with an attempt, in words that do not depend on a format.

/// The class of a failed attempt. What to try next follows from it (`wardgate-policy`), and what the client is told in the end
/// (`wardgate-proxy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultClass {
    /// The provider finds the request itself wrong.
    InvalidRequest,
    /// The conversation is longer than the model's window.
    ContextLength,
    /// A content filter refused.
    ContentPolicy,
    /// The conversation holds reasoning that the provider cannot verify, or lacks some that it demands. Without all such
    /// reasoning the request may be fine.
    ReasoningRefused,
    /// The provider does not have this model or path.
    NotFound,
    /// The body is too large for the provider.
    TooLarge,
    /// The provider refused our credential.
    CredentialRefused,
    /// The credential's account there is out of money.
    CreditExhausted,
    /// The credential's rate limit is used up.
    RateLimited,
    /// The provider is short of capacity.
    Overloaded,
    /// It took too long.
    Timeout,
    /// The provider failed on its side.
    Server,
    /// No connection, or one that broke.
    Network,
    /// What came is no answer in the format: HTML, half a JSON, nothing.
    Unreadable,
    /// A stream ended before its end marker.
    Truncated,
}

impl FaultClass {
    /// The class's name in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::ContextLength => "context_length",
            Self::ContentPolicy => "content_policy",
            Self::ReasoningRefused => "reasoning_refused",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::CredentialRefused => "credential_refused",
            Self::CreditExhausted => "credit_exhausted",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Network => "network",
            Self::Unreadable => "unreadable",
            Self::Truncated => "truncated",
        }
    }
}

/// Who made an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorOrigin {
    /// The gateway itself.
    Gateway,
    /// The provider, or the way to it.
    Provider,
}

impl ErrorOrigin {
    /// Its name in error bodies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Provider => "provider",
        }
    }
}

/// What is wrong with an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it comes down to.
    pub class: FaultClass,
    /// What happened, for people: the provider's own words, credentials cut out, or ours; empty when nobody said anything.
    pub message: String,
    /// The provider's own code, if it gave one.
    pub code: Option<String>,
    /// Whose failure it is.
    pub origin: ErrorOrigin,
}

impl Fault {
    /// A failure of the provider, in our own words.
    #[must_use]
    pub fn new(class: FaultClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), code: None, origin: ErrorOrigin::Provider }
    }

    /// A failure of the gateway itself, which other candidates may not share.
    #[must_use]
    pub fn ours(class: FaultClass, message: impl Into<String>) -> Self {
        Self { origin: ErrorOrigin::Gateway, ..Self::new(class, message) }
    }
}
