//! Which cache marks of a request are sent. Four are taken, by Anthropic and by all that imitate it, so none is spent on what is not
//! sent.

use super::arrange::Message;
use super::fit::Fit;
use super::target::CacheMarks;
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
    /// None of them.
    pub(crate) const fn none() -> Self {
        Self { kept: Vec::new() }
    }

    /// For OpenAI's formats, in which calls have no place for one, and an assistant's words only where the host takes Anthropic's.
    pub(crate) fn of_openai(fit: &Fit<'_>, messages: &[Message<'_>]) -> Self {
        let way = fit.target.traits.cache_marks;
        let can_have_one = |role, part: &Part| match &part.content {
            Content::Call(_) | Content::Served(_) => false,
            _ if role == Role::Assistant => way == CacheMarks::Control,
            _ => true,
        };
        let tools = if way == CacheMarks::Control { fit.request.tools.as_slice() } else { &[] };
        let parts = messages.iter().flat_map(|message| message.pieces.iter().map(|piece| (message.role, piece.part)));
        match way {
            CacheMarks::None => Self::none(),
            CacheMarks::Control | CacheMarks::Breakpoint => {
                Self::keep(fit, tools, parts.filter(|(role, part)| can_have_one(*role, part)), MARKS_MAX)
            }
        }
    }

    /// `takes_late`: instructions in the middle are sent as such. Else they become words in a user's turn, and lose their marks.
    pub(crate) fn new(fit: &Fit<'_>, system: &[Message<'_>], messages: &[Message<'_>], takes_late: bool) -> Self {
        let takes_late = takes_late || messages.iter().all(|message| message.role.is_instruction());
        let late = messages.iter().filter(|message| takes_late || !message.role.is_instruction());
        let parts = system.iter().chain(late).flat_map(|message| message.pieces.iter().map(|piece| (message.role, piece.part)));
        // A request that is to be cached as a whole has one mark already.
        Self::keep(fit, &fit.request.tools, parts, MARKS_MAX - usize::from(fit.request.is_cached_whole))
    }

    /// Of tools, and of parts with the roles in whose turns they stand.
    fn keep<'p>(fit: &Fit<'_>, tools: &[Tool], parts: impl Iterator<Item = (Role, &'p Part)>, most: usize) -> Self {
        let of_tools = tools.iter().filter_map(|tool| match tool {
            Tool::Function(function) if function.cache.is_some() && fit.offers(&function.name) => {
                Some(&raw const function.cache)
            }
            _ => None,
        });
        let of_parts = parts.filter(|(role, part)| part.cache.is_some() && is_sent(*role, part));
        let of_parts = of_parts.map(|(_, part)| &raw const part.cache);
        let mut kept: Vec<_> = of_tools.chain(of_parts).collect();
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
