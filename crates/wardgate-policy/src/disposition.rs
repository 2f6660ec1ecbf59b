//! What a fault means for the other candidates.

use wardgate_core::fault::FaultClass;

/// Where to go after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The credential is no good: the provider's next one, and this one never again in this request.
    NextKey,
    /// The credential's quota is used up for now: the next candidate, which is the provider's next key if there is one.
    NextQuota,
    /// The provider or the way to it is ill: another backend; this one's remaining keys come last.
    NextBackend,
    /// This model cannot take the request, at any provider: another model.
    NextModel,
    /// What other models, or this one under another key, thought is in the way: the same candidate once more, without it.
    Bare,
    /// The request is wrong, and would be wrong anywhere.
    Stop,
}

/// What a class of fault means.
#[must_use]
pub const fn disposition(class: FaultClass) -> Disposition {
    match class {
        FaultClass::CredentialRefused | FaultClass::CreditExhausted => Disposition::NextKey,
        FaultClass::RateLimited => Disposition::NextQuota,
        FaultClass::Overloaded
        | FaultClass::Timeout
        | FaultClass::Server
        | FaultClass::Network
        | FaultClass::Unreadable
        | FaultClass::Truncated => Disposition::NextBackend,
        FaultClass::ContextLength | FaultClass::ContentPolicy => Disposition::NextModel,
        FaultClass::ReasoningRefused => Disposition::Bare,
        FaultClass::InvalidRequest | FaultClass::NotFound | FaultClass::TooLarge => Disposition::Stop,
    }
}
