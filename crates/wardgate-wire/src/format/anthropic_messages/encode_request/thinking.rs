//! How to think, in a Messages request, and the form of the answer, which stands beside it.

use crate::json::Json;
use crate::neutral::content::{Content, Reasoning, Role};
use crate::neutral::request::{Effort, OutputForm, Shown};
use crate::transcode::arrange::{Message, Piece};
use crate::transcode::fit::{Field, Fit};
use crate::transcode::schema;
use crate::transcode::target::ThinkingWay;

/// The smallest budget for thinking that the format takes.
const BUDGET_TOKENS_MIN: u64 = 1_024;

/// Writes how to think, in the way that the model knows. Says whether it is told to.
pub(super) fn thinking(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], tokens_max: u64) -> bool {
    let asked = &fit.request.thinking;
    let way = fit.target.traits.thinking;
    let mut effort = fit.effort();
    let is_off = effort == Some(Effort::None) || asked.is_on == Some(false);
    if effort == Some(Effort::Minimal) {
        effort = Some(Effort::Low);
    }
    if is_off {
        if way == ThinkingWay::AlwaysOn {
            fit.warn_field("thinking_cannot_be_disabled", Field::Effort);
            output_config(fit, json, Some(Effort::Low));
        } else {
            json.put_object("thinking", |json| json.put("type", "disabled"));
            output_config(fit, json, None);
        }
        return false;
    }
    if effort.is_none() && asked.is_on != Some(true) {
        output_config(fit, json, None);
        return false;
    }
    if way != ThinkingWay::Budget {
        json.put_object("thinking", |json| {
            json.put("type", "adaptive");
            match asked.shown {
                Some(Shown::Nothing) => json.put("display", "omitted"),
                Some(Shown::Summary) => json.put("display", "summarized"),
                None => {}
            }
        });
        output_config(fit, json, effort);
        return true;
    }
    let wanted = asked.budget_tokens.unwrap_or_else(|| effort.unwrap_or(Effort::Medium).budget_tokens());
    let budget = wanted.max(BUDGET_TOKENS_MIN).min(tokens_max.saturating_sub(BUDGET_TOKENS_MIN));
    let is_possible = budget >= BUDGET_TOKENS_MIN && !lacks_thoughts(fit, messages);
    if is_possible {
        json.put_object("thinking", |json| {
            json.put("type", "enabled");
            json.put_number("budget_tokens", budget);
        });
    } else {
        fit.warn_field("thinking_off", Field::Effort);
    }
    output_config(fit, json, None);
    is_possible
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

/// `output_config`: the effort and the form of the answer, where there is either.
fn output_config(fit: &Fit<'_>, json: &mut Json<'_>, effort: Option<Effort>) {
    let schema = match &fit.request.output {
        OutputForm::JsonSchema { schema, .. } if fit.target.traits.has_json_schema => Some(schema),
        _ => None,
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    json.put_object("output_config", |json| {
        json.put_some("effort", effort.map(Effort::name));
        if let Some(schema) = schema {
            json.put_object("format", |json| {
                json.put("type", "json_schema");
                json.put_raw("schema", &schema::for_anthropic(schema));
            });
        }
    });
}
