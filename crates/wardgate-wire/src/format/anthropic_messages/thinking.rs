//! How a Claude model is told to think: decided once, and written for Anthropic and for Bedrock.

use crate::json::Json;
use crate::neutral::content::{Content, Reasoning, Role};
use crate::neutral::request::{Effort, Shown};
use crate::transcode::arrange::{Message, Piece};
use crate::transcode::fit::{Field, Fit};
use crate::transcode::target::ThinkingWay;

/// The smallest budget for thinking that the format takes.
const BUDGET_TOKENS_MIN: u64 = 1_024;

/// What the model is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: it does as it does by itself.
    Nothing,
    /// Not to think.
    Disabled,
    /// To think between tools only, which is as little as it can.
    BetweenTools,
    /// Nothing but to make as little effort as it can, since it always thinks.
    Least,
    /// To think as it likes, with this effort.
    Adaptive(Option<Effort>),
    /// To think with so many tokens at most.
    Budget(u64),
}

/// Decides, and warns of what the model cannot do.
pub(crate) fn decide(fit: &Fit<'_>, messages: &[Message<'_>], tokens_max: u64) -> Told {
    let asked = &fit.request.thinking;
    let way = fit.target.traits.thinking;
    if asked.is_on == Some(false) || asked.effort_or_budget() == Some(Effort::None) {
        return match way {
            ThinkingWay::Budget | ThinkingWay::Adaptive => Told::Disabled,
            ThinkingWay::BetweenTools => Told::BetweenTools,
            ThinkingWay::AlwaysOn => {
                fit.warn_field("thinking_cannot_be_disabled", Field::Effort);
                Told::Least
            }
        };
    }
    let effort = fit.effort();
    if effort.is_none() && asked.is_on != Some(true) {
        return Told::Nothing;
    }
    if way != ThinkingWay::Budget {
        // There is no minimal effort here.
        return Told::Adaptive(effort.map(|effort| effort.max(Effort::Low)));
    }
    let wanted = asked.budget_tokens.unwrap_or_else(|| effort.unwrap_or(Effort::Medium).max(Effort::Low).budget_tokens());
    let budget = wanted.max(BUDGET_TOKENS_MIN).min(tokens_max.saturating_sub(BUDGET_TOKENS_MIN));
    if budget < BUDGET_TOKENS_MIN || lacks_thoughts(fit, messages) {
        fit.warn_field("thinking_off", Field::Effort);
        return Told::Nothing;
    }
    Told::Budget(budget)
}

impl Told {
    /// Whether the model thinks because it is told to.
    pub(crate) const fn is_thinking(self) -> bool {
        matches!(self, Self::Adaptive(_) | Self::Budget(_))
    }

    /// The effort to be told beside it.
    pub(crate) const fn effort(self) -> Option<Effort> {
        match self {
            Self::Adaptive(effort) => effort,
            Self::Least => Some(Effort::Low),
            _ => None,
        }
    }

    /// Writes the member `thinking`, where there is anything to say.
    pub(crate) fn write(self, json: &mut Json<'_>, shown: Option<Shown>) {
        let word = match self {
            Self::Nothing | Self::Least => return,
            Self::Disabled => "disabled",
            Self::BetweenTools => "between_tools",
            Self::Adaptive(_) => "adaptive",
            Self::Budget(_) => "enabled",
        };
        json.put_object("thinking", |json| {
            json.put("type", word);
            match (self, shown) {
                (Self::Budget(tokens), _) => json.put_number("budget_tokens", tokens),
                (Self::Adaptive(_), Some(Shown::Nothing)) => json.put("display", "omitted"),
                (Self::Adaptive(_), Some(Shown::Summary)) => json.put("display", "summarized"),
                _ => {}
            }
        });
    }
}

/// Whether the conversation waits in the middle of a tool's use and has no thoughts that could go before it. Such models then
/// refuse to think.
fn lacks_thoughts(fit: &Fit<'_>, messages: &[Message<'_>]) -> bool {
    let is_own = |piece: &Piece<'_>| match &piece.part.content {
        Content::Reasoning(Reasoning { opaque: Some(opaque), .. }) => fit.target.reads(fit.format, opaque.origin),
        _ => false,
    };
    messages.last().is_some_and(|last| last.role == Role::Tool)
        && !messages.iter().flat_map(|message| &message.pieces).any(is_own)
}
