//! What a document says of itself: what it is about, and that it is to be cited from. Messages and Converse have words for it.

use crate::neutral::content::{Content, Part};
use crate::neutral::loss::Warnings;
use crate::neutral::request::Request;
use wardgate_core::format::Format;

/// Names what of the documents' own words a format has no place for.
pub(crate) fn warn(format: Format, request: &Request, warnings: &mut Warnings) {
    if matches!(format, Format::AnthropicMessages | Format::BedrockConverse) || format.is_token_count() {
        return;
    }
    for turn in &request.turns {
        for part in &turn.parts {
            match &part.content {
                Content::Result(result) => result.parts.iter().for_each(|part| warn_of(part, &turn.path, warnings)),
                _ => warn_of(part, &turn.path, warnings),
            }
        }
    }
}

fn warn_of(part: &Part, turn: &str, warnings: &mut Warnings) {
    let Content::File { context, is_citable, .. } = &part.content else { return };
    let path = part.path_in(turn);
    if context.is_some() {
        warnings.add("unsupported_parameter", format!("{path}.context"));
    }
    if *is_citable {
        warnings.add("unsupported_parameter", format!("{path}.citations"));
    }
}
