//! Gemini's generateContent and streamGenerateContent.

pub(crate) mod error;
pub(crate) mod reply;
pub(crate) mod stream;
pub(crate) mod usage;
pub(crate) mod framing;
pub(crate) mod grounding;
mod logprobs;
mod served;
pub(crate) mod decode_request;
pub(crate) mod encode_request;
mod encode_config;
pub(crate) mod server_tools;
pub(crate) mod decode_reply;
pub(crate) mod encode_reply;
pub(crate) mod decode_stream;
pub(crate) mod encode_stream;

/// What Gemini takes in place of a signature that was lost on the way.
pub(crate) const SIGNATURE_SKIPPED: &str = "skip_thought_signature_validator";

/// A model's name as Gemini's bodies have it.
pub(crate) fn model_name(model: &str) -> String {
    if model.starts_with("models/") { model.to_owned() } else { format!("models/{model}") }
}
