//! The words by which providers say what is wrong, whatever status they say it with.

use wardgate_core::fault::FaultClass;

/// Phrases that mean "longer than the model's window", over all providers. Lower case.
const CONTEXT_LENGTH: [&str; 20] = [
    "context_length_exceeded",
    "exceed_context_size",
    "prompt is too long",
    "maximum context length",
    "maximum prompt length",
    "exceeds the context",
    "exceeds the available context",
    "exceeds the maximum number of tokens",
    "context window exceeds limit",
    "input is too long",
    "prompt exceeds max length",
    "requested token count exceeds",
    "too many total text bytes",
    "too many tokens:",
    "range of input length should be",
    "exceeded model token limit",
    "input token length too long",
    "reduce the length of the",
    "tokens + `max_new_tokens` must be",
    "longer than the model's context",
];
const CONTENT_POLICY: [&str; 5] =
    ["content_policy_violation", "content_filter", "data_inspection_failed", "considered high risk", "datainspectionfailed"];
const CREDIT: [&str; 9] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "credit balance is too low",
    "reached your specified api usage limits",
    "billing_error",
    "insufficient balance",
    "insufficient_balance",
    "exceeded_current_quota",
    "arrearage",
];
const CREDENTIAL: [&str; 6] =
    ["api_key_invalid", "api key not valid", "api key expired", "incorrect api key", "invalid_api_key", "invalid api key"];
/// What is said of reasoning that was made by another model, under another key, or that was changed or left out on the way.
const REASONING: [&str; 8] = [
    "invalid_encrypted_content",
    "could not be verified",
    "invalid `signature` in `thinking`",
    "cannot be modified",
    "expected `thinking`",
    "thought_signature",
    "thoughtsignature",
    "thought signature",
];
const OVERLOADED: [&str; 3] = ["overloaded_error", "engine_overloaded", "capacity_exceeded"];

/// Names of errors that say more than any status does: AWS has a quota in 400 and its models' faults in 424.
const DECIDING: [(&str, FaultClass); 6] = [
    ("servicequotaexceededexception", FaultClass::RateLimited),
    ("throttlingexception", FaultClass::RateLimited),
    ("modelnotreadyexception", FaultClass::Overloaded),
    ("modeltimeoutexception", FaultClass::Timeout),
    ("modelerrorexception", FaultClass::Server),
    ("modelstreamerrorexception", FaultClass::Server),
];

/// Names of errors that come without a status, inside streams.
const IN_BAND: [(&str, FaultClass); 27] = [
    ("invalid_request_error", FaultClass::InvalidRequest),
    ("invalid_prompt", FaultClass::InvalidRequest),
    ("invalid_encrypted_content", FaultClass::InvalidRequest),
    ("invalid_argument", FaultClass::InvalidRequest),
    ("failed_precondition", FaultClass::InvalidRequest),
    ("data_residency_mismatch", FaultClass::InvalidRequest),
    ("validationexception", FaultClass::InvalidRequest),
    ("rate_limit_error", FaultClass::RateLimited),
    ("rate_limit_exceeded", FaultClass::RateLimited),
    ("resource_exhausted", FaultClass::RateLimited),
    ("authentication_error", FaultClass::CredentialRefused),
    ("permission_error", FaultClass::CredentialRefused),
    ("unauthenticated", FaultClass::CredentialRefused),
    ("permission_denied", FaultClass::CredentialRefused),
    ("billing_error", FaultClass::CreditExhausted),
    ("insufficient_quota", FaultClass::CreditExhausted),
    ("not_found_error", FaultClass::NotFound),
    ("not_found", FaultClass::NotFound),
    ("model_not_found", FaultClass::NotFound),
    ("request_too_large", FaultClass::TooLarge),
    ("timeout_error", FaultClass::Timeout),
    ("deadline_exceeded", FaultClass::Timeout),
    ("vector_store_timeout", FaultClass::Timeout),
    ("unavailable", FaultClass::Overloaded),
    ("serviceunavailableexception", FaultClass::Overloaded),
    ("bio_policy", FaultClass::ContentPolicy),
    ("misalignment_policy_violation", FaultClass::ContentPolicy),
];

/// MiniMax's numbers for what went wrong, which come with status 200.
const MINIMAX: [(u64, FaultClass); 8] = [
    (1001, FaultClass::Timeout),
    (1002, FaultClass::RateLimited),
    (1004, FaultClass::CredentialRefused),
    (1008, FaultClass::CreditExhausted),
    (1026, FaultClass::ContentPolicy),
    (1027, FaultClass::ContentPolicy),
    (2013, FaultClass::InvalidRequest),
    (2049, FaultClass::CredentialRefused),
];

/// What an error without a status comes down to, by its names in lower case.
pub(super) fn in_band(names: &[String]) -> FaultClass {
    let by_name = names.iter().find_map(|name| find(&IN_BAND, name));
    let is_image = |name: &String| name.starts_with("invalid_image") || name.starts_with("image_");
    let by_image = || names.iter().any(is_image).then_some(FaultClass::InvalidRequest);
    by_name.or_else(by_image).unwrap_or(FaultClass::Server)
}

/// What MiniMax's number comes down to.
pub(super) fn minimax(code: u64) -> FaultClass {
    MINIMAX.into_iter().find(|(number, _)| *number == code).map_or(FaultClass::Server, |(_, class)| class)
}

/// Corrects what the status says by the error's names and by all that it says, both in lower case.
pub(super) fn correct(by_status: FaultClass, names: &[String], said: &str) -> FaultClass {
    use FaultClass::{ContextLength, CredentialRefused, InvalidRequest, RateLimited, Server, TooLarge};
    if let Some(class) = names.iter().find_map(|name| find(&DECIDING, name)) {
        return class;
    }
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    let is_named = |wanted: &str| names.iter().any(|name| name == wanted);
    match by_status {
        InvalidRequest | TooLarge if says(&CONTEXT_LENGTH) => ContextLength,
        Server if is_named("context_length_exceeded") => ContextLength,
        InvalidRequest | CredentialRefused if says(&CONTENT_POLICY) => FaultClass::ContentPolicy,
        InvalidRequest | RateLimited if says(&CREDIT) => FaultClass::CreditExhausted,
        InvalidRequest if says(&CREDENTIAL) => CredentialRefused,
        InvalidRequest if says(&REASONING) => FaultClass::ReasoningRefused,
        RateLimited | Server if says(&OVERLOADED) => FaultClass::Overloaded,
        class => class,
    }
}

fn find(names: &[(&str, FaultClass)], name: &str) -> Option<FaultClass> {
    names.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
}
