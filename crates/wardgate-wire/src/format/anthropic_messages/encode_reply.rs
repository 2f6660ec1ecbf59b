//! Writing a whole Messages answer.

use super::served::{Blocks, blocks};
use super::usage::write_tier;
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{Citation, Content};
use crate::neutral::opaque::{Opaque, OpaqueKind, UNSIGNED};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::tool::CallKind;
use crate::transcode::fit::arguments_object;
use crate::transcode::options::ReplyOptions;
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

pub(crate) fn encode(reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    object(|json| {
        json.put("id", reply.id.as_deref().unwrap_or(&options.request_id));
        json.put("type", "message");
        json.put("role", "assistant");
        json.put("model", options.model.as_deref().or(reply.model.as_deref()).unwrap_or_default());
        json.put_list("content", |json| reply.parts.iter().for_each(|part| write_part(json, part)));
        let is_refusal = reply.parts.iter().any(|part| matches!(part, Content::Refusal(_)));
        write_stop(json, &reply.stop, is_refusal);
        json.put_object("usage", |json| {
            write_usage(json, &reply.usage.unwrap_or_default());
            write_tier(json, reply.tier);
        });
    })
}

fn write_part(json: &mut Json<'_>, part: &Content) {
    match part {
        Content::Text { text, citations, .. } => cited_blocks(text, citations).into_iter().for_each(|(text, citations)| {
            json.object(|json| {
                json.put("type", "text");
                json.put("text", text);
                if !citations.is_empty() {
                    json.put_list("citations", |json| citations.iter().for_each(|citation| write_citation(json, citation)));
                }
            });
        }),
        Content::Refusal(text) => json.object(|json| {
            json.put("type", "text");
            json.put("text", text);
        }),
        Content::Reasoning(reasoning) => json.object(|json| match &reasoning.opaque {
            Some(opaque) if is_redacted(opaque, reasoning.text.is_empty()) => {
                json.put("type", "redacted_thinking");
                json.put("data", &opaque.shown_to(Format::AnthropicMessages));
            }
            opaque => {
                json.put("type", "thinking");
                json.put("thinking", &reasoning.text);
                let shown = opaque.as_ref().map(|opaque| opaque.shown_to(Format::AnthropicMessages));
                json.put("signature", shown.as_deref().unwrap_or(UNSIGNED));
            }
        }),
        Content::Call(call) => json.object(|json| {
            json.put("type", "tool_use");
            json.put("id", &call.id);
            json.put("name", &call.name);
            match call.kind {
                CallKind::Function => json.put_raw("input", &arguments_object(&call.arguments).0),
                CallKind::Custom => json.put_object("input", |json| json.put("input", &call.arguments)),
            }
        }),
        Content::Served(served) => {
            let Blocks { call, result, .. } = blocks(served, true);
            json.raw(&call);
            result.iter().for_each(|result| json.raw(result));
        }
        Content::Image { .. } => json.object(|json| {
            json.put("type", "text");
            json.put("text", "[image]");
        }),
        _ => {}
    }
}

/// A text cut into blocks, of which each is cited as a whole: that is how this format says which words rest on what. Places that
/// overlap are one.
fn cited_blocks<'r>(text: &'r str, citations: &'r [Citation]) -> Vec<(&'r str, Vec<&'r Citation>)> {
    let byte = |place: Option<u64>, otherwise: usize| {
        let character = place.and_then(|place| usize::try_from(place).ok());
        character.map_or(otherwise, |at| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte))
    };
    let with_url = citations.iter().filter(|citation| citation.url.is_some());
    let mut places: Vec<(usize, usize, &Citation)> = with_url
        .map(|citation| (byte(citation.start, 0), byte(citation.end, text.len()), citation))
        .map(|(start, end, citation)| if start < end { (start, end, citation) } else { (0, text.len(), citation) })
        .collect();
    places.sort_by_key(|(start, ..)| *start);
    let mut blocks: Vec<(usize, usize, Vec<&Citation>)> = Vec::new();
    for (start, end, citation) in places {
        match blocks.last_mut() {
            Some((_, last, cited)) if start < *last => {
                *last = end.max(*last);
                cited.push(citation);
            }
            _ => blocks.push((start, end, vec![citation])),
        }
    }
    let mut cut = Vec::with_capacity(blocks.len() * 2 + 1);
    let mut at = 0;
    for (start, end, cited) in blocks {
        if at < start {
            cut.push((&text[at..start], Vec::new()));
        }
        cut.push((&text[start..end], cited));
        at = end;
    }
    if at < text.len() || cut.is_empty() {
        cut.push((&text[at..], Vec::new()));
    }
    cut
}

/// Whether an opaque piece is shown as a block of its own. What another format made and has no text is, whatever it was.
pub(super) fn is_redacted(opaque: &Opaque, has_no_text: bool) -> bool {
    match opaque.origin.format {
        Format::AnthropicMessages => opaque.kind == OpaqueKind::Redacted,
        _ => has_no_text,
    }
}

/// A source of a whole block. The format knows only sources with an address here.
pub(super) fn write_citation(json: &mut Json<'_>, citation: &Citation) {
    if let Some(url) = &citation.url {
        json.object(|json| {
            json.put("type", "web_search_result_location");
            json.put("cited_text", citation.cited_text.as_deref().unwrap_or_default());
            json.put("url", url);
            json.put("title", citation.title.as_deref().unwrap_or_default());
            // What takes an answer back takes this out again, for Anthropic knows only its own.
            json.put("encrypted_index", UNSIGNED);
        });
    }
}

/// The members that say why an answer ended. Words of refusal are text here, so the reason has to tell.
pub(super) fn write_stop(json: &mut Json<'_>, stop: &Stop, is_refusal: bool) {
    let refused = Stop::Refusal(None);
    let stop = if is_refusal && *stop == Stop::End { &refused } else { stop };
    json.put(
        "stop_reason",
        match stop {
            Stop::End | Stop::Other(_) => "end_turn",
            Stop::Sequence(_) => "stop_sequence",
            Stop::MaxTokens => "max_tokens",
            Stop::ContextWindow => "model_context_window_exceeded",
            Stop::ToolUse => "tool_use",
            Stop::ContentFilter | Stop::Refusal(_) => "refusal",
            Stop::Pause => "pause_turn",
        },
    );
    match stop {
        Stop::Sequence(Some(sequence)) => json.put("stop_sequence", sequence),
        _ => json.put_null("stop_sequence"),
    }
    if let Stop::Refusal(explanation) = stop {
        json.put_object("stop_details", |json| {
            json.put("type", "refusal");
            json.put_null("category");
            match explanation {
                Some(explanation) => json.put("explanation", explanation),
                None => json.put_null("explanation"),
            }
        });
    }
}

pub(super) fn write_usage(json: &mut Json<'_>, usage: &Usage) {
    json.put_number("input_tokens", usage.input_uncached);
    json.put_number("cache_creation_input_tokens", usage.cache_write());
    json.put_number("cache_read_input_tokens", usage.cache_read);
    if usage.cache_write_5m > 0 || usage.cache_write_1h > 0 {
        json.put_object("cache_creation", |json| {
            json.put_number("ephemeral_5m_input_tokens", usage.cache_write_5m);
            json.put_number("ephemeral_1h_input_tokens", usage.cache_write_1h);
        });
    }
    json.put_number("output_tokens", usage.output);
    if usage.reasoning > 0 {
        json.put_object("output_tokens_details", |json| json.put_number("thinking_tokens", usage.reasoning));
    }
    if usage.units.web_searches > 0 {
        json.put_object("server_tool_use", |json| {
            json.put_number("web_search_requests", usage.units.web_searches.into());
        });
    }
}
