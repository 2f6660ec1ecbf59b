//! Calls of the provider's own tools in a history: back to who made them, as words to others.
//!
//! The maker gets them bit by bit, as long as the tool is still offered; without it a history that holds its calls may be refused.
//! Another model is told what was run and what was read, since the answer may speak of it. Of a search nothing is told: what came
//! of it is in the answer, and what was found can be read by the maker alone.

use super::target::Target;
use crate::neutral::content::{Content, Part, Turn};
use crate::neutral::loss::Warnings;
use crate::neutral::request::Request;
use crate::neutral::served::Served;
use std::borrow::Cow;
use wardgate_core::format::Format;

/// The request as a target of this format is to get it: of the calls in it those alone that go back as they were.
pub(crate) fn settled<'r>(format: Format, request: Cow<'r, Request>, target: &Target<'_>) -> Cow<'r, Request> {
    let is_one = |part: &Part| matches!(part.content, Content::Served(_));
    if !request.turns.iter().any(|turn| turn.parts.iter().any(is_one)) {
        return request;
    }
    let mut request = request.into_owned();
    let mut warnings = std::mem::take(&mut request.warnings);
    let turns = std::mem::take(&mut request.turns);
    let goes_back = |served: &Served| {
        let is_readable = served.raw.as_ref().is_some_and(|raw| target.reads(format, raw.origin));
        is_readable && served.outcome.is_some() && request.server_tools.iter().any(|tool| tool.kind == served.kind())
    };
    let turns: Vec<Turn> = turns.into_iter().filter_map(|turn| settle(turn, &goes_back, &mut warnings)).collect();
    request.turns = turns;
    request.warnings = warnings;
    Cow::Owned(request)
}

/// A turn of which nothing is left is none.
fn settle(mut turn: Turn, goes_back: &impl Fn(&Served) -> bool, warnings: &mut Warnings) -> Option<Turn> {
    let had_parts = !turn.parts.is_empty();
    let parts = std::mem::take(&mut turn.parts);
    turn.parts = parts.into_iter().filter_map(|part| settle_part(part, &turn.path, goes_back, warnings)).collect();
    (!turn.parts.is_empty() || !had_parts).then_some(turn)
}

fn settle_part(part: Part, turn: &str, goes_back: &impl Fn(&Served) -> bool, warnings: &mut Warnings) -> Option<Part> {
    let Content::Served(served) = &part.content else { return Some(part) };
    if goes_back(served) {
        return Some(part);
    }
    let told = served.told();
    warnings.add(if told.is_some() { "server_call_as_text" } else { "content_dropped" }, part.path_in(turn));
    told.map(|text| Content::text(text).into())
}
