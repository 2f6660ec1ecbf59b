//! Writing a request to Cohere.

use crate::format::openai_chat::encode_request::{
    capped, custom_description, file_id_not_portable, function_arguments, prefill_not_supported, result_text,
};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{Content, Part, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::{Effort, OutputForm, Request};
use crate::neutral::tool::{Tool, ToolChoice};
use crate::transcode::Encoded;
use crate::transcode::aliases::NARROW;
use crate::transcode::arrange::{Ids, Message, arrange};
use crate::transcode::fit::{CUSTOM_SCHEMA, Field, Fit, joined_text};
use crate::transcode::media;
use crate::transcode::target::Target;
use wardgate_core::format::Format;

/// The most stop sequences that Cohere takes.
const STOP_MAX: usize = 5;

/// What stands in a result for a picture of it.
const MOVED: &str = "[the tool's images follow in the next message]";

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let fit = Fit::new(request, target, Format::CohereChat, NARROW, true);
    let messages = arrange(request, Ids::Any)?;
    check(&fit, &messages)?;
    let body = object(|json| {
        json.put("model", target.model);
        json.put_list("messages", |json| messages.iter().for_each(|message| write_message(&fit, json, message)));
        tools(&fit, json);
        options(&fit, json);
        if request.is_stream {
            json.put_flag("stream", true);
        }
    });
    Ok(fit.done(body))
}

fn check(fit: &Fit<'_>, messages: &[Message<'_>]) -> Result<(), Untranslatable> {
    for (index, tool) in fit.request.tools.iter().enumerate() {
        if let Tool::Builtin { kind, .. } = tool {
            return Err(fit.foreign_tool(index, kind));
        }
    }
    fit.check_server_tools(|_| false)?;
    if !fit.request.tools.is_empty() && !matches!(fit.request.output, OutputForm::Text) {
        let why = "this provider cannot answer in JSON while there are tools";
        return Err(fit.refuse_field("combination_not_supported", Field::Output, why));
    }
    for message in messages {
        for piece in &message.pieces {
            let path = piece.part.path_in(&message.turn.path);
            match &piece.part.content {
                Content::Foreign { kind, .. } => return Err(fit.foreign_content(kind, path)),
                Content::Audio(_) => return Err(fit.unsupported_modality("audio", path)),
                Content::Video(_) => return Err(fit.unsupported_modality("video", path)),
                Content::Image { source: Source::FileId { .. }, .. } => return Err(file_id_not_portable(path)),
                Content::Image { source, .. } => media::check_web(source, path)?,
                Content::File { source, .. } if media::document_text(source).is_some() => {}
                Content::File { .. } => return Err(fit.unsupported_modality("a document that is no text", path)),
                _ => {}
            }
        }
    }
    match messages.last() {
        Some(last) if last.role == Role::Assistant => Err(prefill_not_supported(messages)),
        _ => Ok(()),
    }
}

fn write_message(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>) {
    if message.turn.name.is_some() {
        fit.warn("unsupported_parameter", format!("{}.name", message.turn.path));
    }
    let parts = || message.pieces.iter().map(|piece| piece.part);
    match message.role {
        Role::Tool => {
            let mut pictures: Vec<&Part> = Vec::new();
            for piece in &message.pieces {
                let Content::Result(result) = &piece.part.content else { continue };
                let mut text = result_text(result);
                for part in media::untold(result) {
                    let is_picture = matches!(&part.content, Content::Image { source, .. } if source.to_url().is_some());
                    let path = message.turn.path.as_str();
                    if is_picture {
                        fit.warn("result_media_moved", path);
                        pictures.push(part);
                        if !text.is_empty() {
                            text.push('\n');
                        }
                        text.push_str(MOVED);
                    } else {
                        fit.warn("result_media_dropped", path);
                    }
                }
                json.object(|json| {
                    json.put("role", "tool");
                    json.put("tool_call_id", &piece.id);
                    json.put("content", if text.trim().is_empty() { "(no output)" } else { &text });
                });
            }
            if !pictures.is_empty() {
                json.object(|json| {
                    json.put("role", "user");
                    json.put_list("content", |json| pictures.iter().for_each(|part| write_part(json, part)));
                });
            }
        }
        Role::Assistant => json.object(|json| {
            json.put("role", "assistant");
            if parts().any(|part| matches!(part.content, Content::Reasoning(_))) {
                fit.warn("reasoning_dropped", message.turn.path.as_str());
            }
            let mut text = joined_text(parts());
            if parts().any(|part| matches!(part.content, Content::Image { .. } | Content::File { .. })) {
                fit.warn("assistant_media_dropped", message.turn.path.as_str());
                if text.is_empty() {
                    text.push_str(media::PICTURE);
                }
            }
            let calls = || message.pieces.iter().filter(|piece| matches!(piece.part.content, Content::Call(_)));
            if calls().next().is_none() || !text.is_empty() {
                json.put("content", &text);
            }
            if calls().next().is_some() {
                json.put_list("tool_calls", |json| {
                    for piece in calls() {
                        let Content::Call(call) = &piece.part.content else { continue };
                        json.object(|json| {
                            json.put("id", &piece.id);
                            json.put("type", "function");
                            json.put_object("function", |json| {
                                json.put("name", fit.aliases.sent(&call.name));
                                json.put("arguments", &function_arguments(call.kind, &call.arguments));
                            });
                        });
                    }
                });
            }
        }),
        role => json.object(|json| {
            json.put("role", if role == Role::User { "user" } else { "system" });
            if parts().all(|part| matches!(part.content, Content::Text { .. })) {
                json.put("content", &joined_text(parts()));
            } else {
                json.put_list("content", |json| parts().for_each(|part| write_part(json, part)));
            }
        }),
    }
}

fn write_part(json: &mut Json<'_>, part: &Part) {
    json.object(|json| match &part.content {
        Content::Image { source, detail } => {
            json.put("type", "image_url");
            json.put_object("image_url", |json| {
                json.put("url", &media::to_url(source));
                json.put_some("detail", detail.as_deref().map(|detail| if detail == "original" { "high" } else { detail }));
            });
        }
        Content::File { source, name, .. } => {
            json.put("type", "text");
            json.put("text", &media::told_document(name.as_deref(), &media::document_text(source).unwrap_or_default()));
        }
        Content::SearchResult { source, title, text } => {
            json.put("type", "text");
            json.put("text", &media::told_passage(source, title, text));
        }
        Content::Text { text, .. } | Content::Refusal(text) => {
            json.put("type", "text");
            json.put("text", text);
        }
        _ => {
            json.put("type", "text");
            json.put("text", "");
        }
    });
}

fn tools(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    if request.tools.is_empty() {
        return;
    }
    let choice = fit.tool_choice();
    let allowed = match choice {
        Some(ToolChoice::Named(name)) => {
            fit.warn_field("tools_filtered", Field::ToolChoice);
            request.tools.iter().filter(|tool| tool.name() == name).collect()
        }
        _ => fit.allowed_tools(),
    };
    json.put_list("tools", |json| {
        for tool in allowed {
            json.object(|json| {
                json.put("type", "function");
                json.put_object("function", |json| match tool {
                    Tool::Function(function) => {
                        json.put("name", fit.aliases.sent(&function.name));
                        json.put_some("description", function.description.as_deref());
                        let schema = function.schema.as_deref().map(|schema| schema.get());
                        json.put_raw("parameters", schema.unwrap_or(crate::transcode::fit::EMPTY_SCHEMA));
                    }
                    Tool::Custom { name, description, grammar } => {
                        fit.warn_field("custom_tool_wrapped", Field::Tools);
                        json.put("name", fit.aliases.sent(name));
                        json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
                        json.put_raw("parameters", CUSTOM_SCHEMA);
                    }
                    Tool::Builtin { .. } => {}
                });
            });
        }
    });
    match choice {
        Some(ToolChoice::None) => json.put("tool_choice", "NONE"),
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { is_required: true, .. }) => {
            json.put("tool_choice", "REQUIRED");
        }
        Some(ToolChoice::Auto | ToolChoice::Allowed { .. }) | None => {}
    }
    let is_strict = |tool: &Tool| matches!(tool, Tool::Function(function) if function.is_strict == Some(true));
    if request.tools.iter().all(is_strict) {
        json.put_flag("strict_tools", true);
    }
    fit.drop(request.parallel_tools == Some(false), Field::ParallelTools);
}

/// A number, or the bound that it is beyond. The top of `p` is where all tokens are drawn from, so nothing is lost by it.
fn within<'n>(number: &Option<&'n str>, fit: &Fit<'_>, field: Field, [min, max]: [&'n str; 2]) -> Option<&'n str> {
    let number = (*number)?;
    let value = |literal: &str| literal.parse::<f64>().unwrap_or(f64::NAN);
    let bound = match () {
        () if value(number) < value(min) => min,
        () if value(number) > value(max) => max,
        () => return Some(number),
    };
    if field != Field::TopP || bound == min {
        fit.warn_field("parameter_lowered", field);
    }
    Some(bound)
}

fn options(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    if let Some(tokens) = capped(fit) {
        json.put_number("max_tokens", tokens);
    }
    let sampling = &request.sampling;
    let numbers = [
        ("temperature", fit.sampling(sampling.temperature.as_ref(), Field::Temperature, f64::INFINITY)),
        ("p", within(&fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0), fit, Field::TopP, ["0.01", "0.99"])),
        ("k", within(&fit.sampling(sampling.top_k.as_ref(), Field::TopK, f64::INFINITY), fit, Field::TopK, ["0", "500"])),
        ("seed", sampling.seed.as_ref().map(|seed| seed.literal())),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            json.put_raw(key, number);
        }
    }
    for (key, number, field) in [
        ("frequency_penalty", &sampling.frequency_penalty, Field::FrequencyPenalty),
        ("presence_penalty", &sampling.presence_penalty, Field::PresencePenalty),
    ] {
        // Only one of the two is taken.
        let first = sampling.frequency_penalty.as_ref().is_some_and(|first| first.value() != 0.0);
        if field == Field::PresencePenalty && first {
            fit.drop_unless(number.as_ref(), 0.0, field);
        } else if let Some(number) = within(&number.as_ref().map(|number| number.literal()), fit, field, ["0", "1"]) {
            json.put_raw(key, number);
        }
    }
    let stop = fit.stops(STOP_MAX, |stop| !stop.is_empty());
    if !stop.is_empty() {
        json.put_texts("stop_sequences", stop);
    }
    fit.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
    fit.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
    fit.drop(sampling.logit_bias.is_some(), Field::LogitBias);
    if let Some(alternatives) = fit.logprobs() {
        json.put_flag("logprobs", true);
        if alternatives > 0 {
            // It tells of the tokens that it chose, and of no others.
            fit.warn_field("logprobs_unavailable", Field::TopLogprobs);
        }
    }
    fit.drop(request.is_stored == Some(true), Field::Store);
    match &request.output {
        OutputForm::Text => {}
        OutputForm::JsonObject => json.put_object("response_format", |json| json.put("type", "json_object")),
        OutputForm::JsonSchema { schema, .. } => json.put_object("response_format", |json| {
            json.put("type", "json_object");
            json.put_raw("json_schema", schema.get());
        }),
    }
    if let Some(effort) = fit.effort() {
        json.put_object("thinking", |json| {
            if effort == Effort::None {
                json.put("type", "disabled");
            } else {
                json.put("type", "enabled");
                json.put_number("token_budget", request.thinking.budget_tokens.unwrap_or_else(|| effort.budget_tokens()));
            }
        });
    }
}
