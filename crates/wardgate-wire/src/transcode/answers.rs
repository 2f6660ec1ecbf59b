//! Several answers to one request.
//!
//! Only Chat Completions and Gemini give them. What the gateway itself does to an answer (stopping it, finding it in the arguments
//! of a call) it does to one alone, so a request that needs that is refused as one to a provider that gives one answer.

use super::Encoded;
use super::fit::Field;
use super::target::Target;
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::Request;
use wardgate_core::format::Format;

/// Refuses several answers where the provider gives one.
pub(super) fn check(format: Format, request: &Request, target: &Target<'_>) -> Result<(), Untranslatable> {
    let gives_several = matches!(format, Format::OpenAiChat | Format::Gemini) && target.traits.gives_several;
    match request.answers {
        Some(_) if !gives_several => Err(refused(request, "only one answer can be asked for from this provider")),
        _ => Ok(()),
    }
}

/// Refuses several answers where the gateway has a hand in one.
pub(super) fn check_encoded(request: &Request, encoded: &Encoded, is_json_call: bool) -> Result<(), Untranslatable> {
    if request.answers.is_none() || (encoded.stops.is_empty() && !is_json_call) {
        return Ok(());
    }
    let why = "only one answer can be asked for where the provider takes fewer stop sequences or no schema";
    Err(refused(request, why))
}

fn refused(request: &Request, why: &str) -> Untranslatable {
    Untranslatable::new("unsupported_parameter", Field::Answers.name(request.format), why)
}
