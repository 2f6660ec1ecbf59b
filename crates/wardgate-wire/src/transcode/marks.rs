//! Which cache marks of a request are sent. Anthropic takes four, wherever it is called, so none is spent on what is not sent.

use super::arrange::Message;
use super::fit::Fit;
use crate::neutral::content::{CacheMark, Content, Part, Role};
use crate::neutral::tool::Tool;

/// The most marks in one request.
const MARKS_MAX: usize = 4;

/// The marks that are kept: the first one, which is of tools or instructions, and the last three. They are told apart by where
/// they are.
pub(crate) struct Marks {
    kept: Vec<*const Option<CacheMark>>,
}

impl Marks {
    /// `takes_late`: instructions in the middle are sent as such. Else they become words in a user's turn, and lose their marks.
    pub(crate) fn new(fit: &Fit<'_>, system: &[Message<'_>], messages: &[Message<'_>], takes_late: bool) -> Self {
        let of_tools = fit.request.tools.iter().filter_map(|tool| match tool {
            Tool::Function(function) if function.cache.is_some() && fit.offers(&function.name) => {
                Some(&raw const function.cache)
            }
            _ => None,
        });
        let takes_late = takes_late || messages.iter().all(|message| message.role.is_instruction());
        let late = messages.iter().filter(|message| takes_late || !message.role.is_instruction());
        let parts = system.iter().chain(late).flat_map(|message| message.pieces.iter().map(|piece| (message.role, piece.part)));
        let of_parts = parts.filter(|(role, part)| part.cache.is_some() && is_sent(*role, part));
        let of_parts = of_parts.map(|(_, part)| &raw const part.cache);
        let mut kept: Vec<_> = of_tools.chain(of_parts).collect();
        // A request that is to be cached as a whole has one mark already.
        let most = MARKS_MAX - usize::from(fit.request.is_cached_whole);
        if kept.len() > most {
            kept.drain(1..kept.len() - (most - 1));
        }
        Self { kept }
    }

    /// The mark, if it is kept.
    pub(crate) fn get(&self, mark: &Option<CacheMark>) -> Option<CacheMark> {
        mark.filter(|_| self.kept.contains(&(&raw const *mark)))
    }
}

/// Whether a part is sent as a block that can have a mark.
fn is_sent(role: Role, part: &Part) -> bool {
    match &part.content {
        Content::Reasoning(_) => false,
        Content::Text { text, .. } | Content::Refusal(text) => !text.trim().is_empty(),
        Content::Image { .. } | Content::File { .. } => role != Role::Assistant,
        _ => true,
    }
}
