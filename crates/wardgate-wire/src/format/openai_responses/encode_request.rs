//! Writing a Responses request. Nothing of it is stored at the provider: the conversation is always sent whole.

use super::server_tools;
use crate::format::openai_chat::encode_request::{
    USER_BYTES_MAX, capped, custom_description, file_id_not_portable, function_arguments, prefill_not_supported, result_text,
    write_audio, write_mark,
};
use crate::format::openai_chat::tier;
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{Content, Part, Reasoning, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::{OutputForm, Request, Shown};
use crate::neutral::server_tool::ServerToolKind;
use crate::neutral::tool::{CallKind, Tool, ToolChoice};
use crate::transcode::Encoded;
use crate::transcode::aliases::NARROW;
use crate::transcode::arrange::{Ids, Message, arrange};
use crate::transcode::fit::{CUSTOM_SCHEMA, EMPTY_SCHEMA, Field, Fit, short_user};
use crate::transcode::marks::Marks;
use crate::transcode::media;
use crate::transcode::target::{CacheMarks, Target};
use wardgate_core::format::Format;

/// What is to be included so that probabilities of tokens are told.
pub(super) const LOGPROBS: &str = "message.output_text.logprobs";

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let fit = Fit::new(request, target, Format::OpenAiResponses, NARROW, !target.traits.is_openai);
    let messages = arrange(request, Ids::Any)?;
    check(&fit, &messages)?;
    let marks = match target.traits.cache_marks {
        CacheMarks::Breakpoint => Marks::of_openai(&fit, &messages),
        CacheMarks::None | CacheMarks::Control => Marks::none(),
    };
    let body = object(|json| {
        json.put("model", target.model);
        let instructions = instructions(&messages, &marks);
        json.put_some("instructions", instructions);
        let rest = if instructions.is_some() { &messages[1..] } else { &messages };
        json.put_list("input", |json| rest.iter().for_each(|message| write_message(&fit, &marks, json, message)));
        tools(&fit, json);
        options(&fit, json);
        let logprobs = fit.logprobs();
        if let Some(alternatives) = logprobs.filter(|alternatives| *alternatives > 0) {
            json.put_number("top_logprobs", alternatives);
        }
        json.put_flag("store", false);
        json.put_list("include", |json| {
            json.text("reasoning.encrypted_content");
            // Or the addresses that a search found would stay there.
            if request.server_tools.iter().any(|tool| tool.kind == ServerToolKind::WebSearch) {
                json.text("web_search_call.action.sources");
            }
            if logprobs.is_some() {
                json.text(LOGPROBS);
            }
        });
        if request.is_stream {
            json.put_flag("stream", true);
        }
    });
    fit.drop(request.is_stored == Some(true), Field::Store);
    Ok(fit.done(body))
}

fn check(fit: &Fit<'_>, messages: &[Message<'_>]) -> Result<(), Untranslatable> {
    for (index, tool) in fit.request.tools.iter().enumerate() {
        if let Tool::Builtin { kind, .. } = tool {
            return Err(fit.foreign_tool(index, kind));
        }
    }
    fit.check_server_tools(|kind| kind != ServerToolKind::UrlFetch)?;
    for message in messages {
        let path = message.turn.path.as_str();
        for piece in &message.pieces {
            let parts = match &piece.part.content {
                Content::Result(result) => result.parts.as_slice(),
                _ => std::slice::from_ref(piece.part),
            };
            for part in parts {
                let path = part.path_in(path);
                match &part.content {
                    Content::Foreign { kind, .. } => return Err(fit.foreign_content(kind, path)),
                    Content::Video(_) => return Err(fit.unsupported_modality("video", path)),
                    Content::Image { source: Source::FileId { .. }, .. }
                    | Content::File { source: Source::FileId { .. }, .. }
                    | Content::Audio(Source::FileId { .. }) => return Err(file_id_not_portable(path)),
                    Content::Audio(Source::Url { .. }) => {
                        return Err(media::url_not_supported(
                            path,
                            "a sound at a URL cannot be sent to this provider: send its bytes",
                        ));
                    }
                    Content::Image { source, .. } | Content::File { source, .. } => media::check_web(source, path)?,
                    _ => {}
                }
            }
        }
    }
    if !fit.target.traits.takes_prefill && messages.last().is_some_and(|last| last.role == Role::Assistant) {
        return Err(prefill_not_supported(messages));
    }
    Ok(())
}

/// The instructions as one text, if that is all they are.
fn instructions<'m>(messages: &'m [Message<'_>], marks: &Marks) -> Option<&'m str> {
    let is_only = messages.len() > 1 && !messages[1].role.is_instruction();
    match messages {
        [first, ..] if is_only && first.role == Role::System => match first.pieces.as_slice() {
            [piece] => match &piece.part.content {
                Content::Text { text, .. } if marks.get(&piece.part.cache).is_none() => Some(text),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn write_message(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, message: &Message<'_>) {
    let path = message.turn.path.as_str();
    if message.turn.name.is_some() {
        fit.warn("unsupported_parameter", format!("{path}.name"));
    }
    match message.role {
        Role::Assistant => write_assistant(fit, marks, json, message),
        Role::Tool => write_results(fit, marks, json, message),
        role => json.object(|json| {
            json.put("type", "message");
            json.put(
                "role",
                match role {
                    Role::System => "system",
                    Role::Developer => "developer",
                    _ => "user",
                },
            );
            json.put_list("content", |json| {
                message.pieces.iter().for_each(|piece| write_part(fit, marks, json, piece.part, "input_text"));
            });
        }),
    }
}

/// The assistant's parts as items, in order. Texts that follow each other are one message.
fn write_assistant(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, message: &Message<'_>) {
    let path = message.turn.path.as_str();
    let mut index = 0;
    while let Some(piece) = message.pieces.get(index) {
        index += 1;
        match &piece.part.content {
            Content::Reasoning(reasoning) => write_reasoning(fit, json, reasoning, path),
            Content::Call(call) => json.object(|json| {
                let name = fit.aliases.sent(&call.name);
                let is_custom = call.kind == CallKind::Custom && fit.target.traits.is_openai;
                json.put("type", if is_custom { "custom_tool_call" } else { "function_call" });
                json.put("call_id", &piece.id);
                json.put("name", name);
                if is_custom {
                    json.put("input", &call.arguments);
                } else {
                    json.put("arguments", &function_arguments(call.kind, &call.arguments));
                }
            }),
            Content::Served(served) => served.raw.iter().for_each(|raw| json.raw(&raw.data)),
            Content::Text { .. } | Content::Refusal(_) => {
                let is_said = |part: &Part| matches!(part.content, Content::Text { .. } | Content::Refusal(_));
                let more = message.pieces[index..].iter().take_while(|piece| is_said(piece.part)).count();
                json.object(|json| {
                    json.put("type", "message");
                    json.put("role", "assistant");
                    json.put_some("phase", message.turn.phase.as_deref());
                    json.put_list("content", |json| {
                        message.pieces[index - 1..index + more]
                            .iter()
                            .for_each(|piece| write_part(fit, marks, json, piece.part, "output_text"));
                    });
                });
                index += more;
            }
            _ => {
                fit.warn("assistant_media_dropped", path);
                json.object(|json| {
                    json.put("type", "message");
                    json.put("role", "assistant");
                    json.put_list("content", |json| {
                        write_part(fit, marks, json, &Content::text(media::PICTURE).into(), "output_text");
                    });
                });
            }
        }
    }
}

/// Reasoning goes back only to whoever had it, and without an id, since ids are refused where they were not made.
fn write_reasoning(fit: &Fit<'_>, json: &mut Json<'_>, reasoning: &Reasoning, path: &str) {
    let Some(opaque) = &reasoning.opaque else {
        fit.warn("reasoning_dropped", path);
        return;
    };
    if let Some(data) = fit.readable(opaque, path) {
        json.object(|json| {
            json.put("type", "reasoning");
            json.put_list("summary", |json| {
                if !reasoning.text.is_empty() {
                    json.object(|json| {
                        json.put("type", "summary_text");
                        json.put("text", &reasoning.text);
                    });
                }
            });
            json.put("encrypted_content", data);
        });
    }
}

fn write_results(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, message: &Message<'_>) {
    for piece in &message.pieces {
        let Content::Result(result) = &piece.part.content else { continue };
        json.object(|json| {
            let is_custom = result.kind == CallKind::Custom && fit.target.traits.is_openai;
            json.put("type", if is_custom { "custom_tool_call_output" } else { "function_call_output" });
            json.put("call_id", &piece.id);
            let is_told = media::untold(result).next().is_none();
            if is_told && marks.get(&piece.part.cache).is_some() {
                json.put_list("output", |json| {
                    json.object(|json| {
                        json.put("type", "input_text");
                        json.put("text", &result_text(result));
                        write_mark(fit, marks, json, &piece.part.cache);
                    });
                });
            } else if is_told {
                json.put("output", &result_text(result));
            } else {
                json.put_list("output", |json| {
                    if result.is_error {
                        json.object(|json| {
                            json.put("type", "input_text");
                            json.put("text", "Error:");
                        });
                    }
                    result.parts.iter().for_each(|part| write_part(fit, marks, json, part, "input_text"));
                });
            }
        });
    }
}

fn write_part(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, part: &Part, text_type: &str) {
    json.object(|json| {
        match &part.content {
            Content::Refusal(text) if text_type == "output_text" => {
                json.put("type", "refusal");
                json.put("refusal", text);
            }
            Content::Text { text, .. } | Content::Refusal(text) => {
                json.put("type", text_type);
                json.put("text", text);
                if text_type == "output_text" {
                    json.put_raw("annotations", "[]");
                }
            }
            Content::Image { source, detail } => {
                json.put("type", "input_image");
                json.put("image_url", &media::to_url(source));
                json.put("detail", detail.as_deref().unwrap_or("auto"));
            }
            Content::Audio(source) => write_audio(json, source),
            Content::File { source: Source::Text(text), name, .. } => {
                json.put("type", text_type);
                json.put("text", &media::told_document(name.as_deref(), text));
            }
            Content::File { source: Source::Url { url, .. }, .. } => {
                json.put("type", "input_file");
                json.put("file_url", url);
            }
            Content::File { source, name, .. } => {
                json.put("type", "input_file");
                json.put("filename", name.as_deref().unwrap_or("document.pdf"));
                json.put("file_data", &media::to_url(source));
            }
            Content::SearchResult { source, title, text } => {
                json.put("type", text_type);
                json.put("text", &media::told_passage(source, title, text));
            }
            _ => {
                json.put("type", text_type);
                json.put("text", "");
            }
        }
        write_mark(fit, marks, json, &part.cache);
    });
}

fn tools(fit: &Fit<'_>, json: &mut Json<'_>) {
    if fit.request.tools.is_empty() && fit.request.server_tools.is_empty() {
        return;
    }
    json.put_list("tools", |json| {
        fit.request.tools.iter().for_each(|tool| write_tool(fit, json, tool));
        server_tools::write(fit, json);
    });
    if let Some(uses) = server_tools::uses_max(fit) {
        json.put_number("max_tool_calls", uses);
    }
    if let Some(choice) = fit.tool_choice() {
        match choice {
            ToolChoice::Auto => json.put("tool_choice", "auto"),
            ToolChoice::None => json.put("tool_choice", "none"),
            ToolChoice::Required => json.put("tool_choice", "required"),
            ToolChoice::Named(name) if fit.is_server_tool(name) => {
                json.put_object("tool_choice", |json| json.put("type", server_tools::word(name)));
            }
            ToolChoice::Named(name) => json.put_object("tool_choice", |json| {
                json.put("type", if fit.is_custom_there(name) { "custom" } else { "function" });
                json.put("name", fit.aliases.sent(name));
            }),
            ToolChoice::Allowed { names, is_required } => json.put_object("tool_choice", |json| {
                json.put("type", "allowed_tools");
                json.put("mode", if *is_required { "required" } else { "auto" });
                json.put_list("tools", |json| {
                    names.iter().for_each(|name| {
                        json.object(|json| {
                            if fit.is_server_tool(name) {
                                return json.put("type", server_tools::word(name));
                            }
                            json.put("type", if fit.is_custom_there(name) { "custom" } else { "function" });
                            json.put("name", fit.aliases.sent(name));
                        });
                    });
                });
            }),
        }
    }
    if let Some(is_parallel) = fit.request.parallel_tools {
        json.put_flag("parallel_tool_calls", is_parallel);
    }
}

fn write_tool(fit: &Fit<'_>, json: &mut Json<'_>, tool: &Tool) {
    json.object(|json| match tool {
        Tool::Function(function) => {
            json.put("type", "function");
            json.put("name", fit.aliases.sent(&function.name));
            json.put_some("description", function.description.as_deref());
            json.put_raw("parameters", function.schema.as_deref().map_or(EMPTY_SCHEMA, |schema| schema.get()));
            // Absent means that strict is tried, which rewrites optional properties. That was not asked for.
            json.put_flag("strict", function.is_strict.unwrap_or(false));
        }
        Tool::Custom { name, description, grammar } if fit.target.traits.is_openai => {
            json.put("type", "custom");
            json.put("name", fit.aliases.sent(name));
            json.put_some("description", description.as_deref());
            json.put_json("format", grammar.as_deref());
        }
        Tool::Custom { name, description, grammar } => {
            fit.warn_field("custom_tool_wrapped", Field::Tools);
            json.put("type", "function");
            json.put("name", fit.aliases.sent(name));
            json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
            json.put_raw("parameters", CUSTOM_SCHEMA);
            json.put_flag("strict", false);
        }
        Tool::Builtin { .. } => {}
    });
}

fn options(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    if let Some(tokens) = capped(fit) {
        json.put_number("max_output_tokens", tokens);
    }
    let (effort, shown) = (fit.effort(), request.thinking.shown);
    let shows = shown == Some(Shown::Summary);
    if effort.is_some() || shows {
        json.put_object("reasoning", |json| {
            json.put_some("effort", effort.map(crate::neutral::request::Effort::name));
            if shows {
                json.put("summary", "auto");
            }
        });
    }
    let sampling = &request.sampling;
    if let Some(number) = fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 2.0) {
        json.put_raw("temperature", number);
    }
    if let Some(number) = fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0) {
        json.put_raw("top_p", number);
    }
    fit.drop(sampling.top_k.is_some(), Field::TopK);
    fit.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
    fit.drop(sampling.seed.is_some(), Field::Seed);
    fit.drop_unless(sampling.frequency_penalty.as_ref(), 0.0, Field::FrequencyPenalty);
    fit.drop_unless(sampling.presence_penalty.as_ref(), 0.0, Field::PresencePenalty);
    fit.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
    fit.drop(sampling.logit_bias.is_some(), Field::LogitBias);
    fit.stops(0, |_| false);
    text_options(fit, json);
    json.put_some("prompt_cache_key", request.cache_key.as_deref());
    json.put_some("safety_identifier", request.user.as_deref().map(|user| short_user(user, USER_BYTES_MAX)).as_deref());
    json.put_json("metadata", request.metadata.as_deref());
    if let Some(tier) = request.tier {
        json.put("service_tier", tier::asked_word(tier));
    }
}

fn text_options(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    let is_plain = matches!(request.output, OutputForm::Text);
    if is_plain && request.verbosity.is_none() {
        return;
    }
    json.put_object("text", |json| {
        json.put_some("verbosity", request.verbosity.as_deref());
        match &request.output {
            OutputForm::Text => {}
            OutputForm::JsonObject => json.put_object("format", |json| json.put("type", "json_object")),
            OutputForm::JsonSchema { name, description, schema, is_strict } => json.put_object("format", |json| {
                json.put("type", "json_schema");
                json.put("name", name.as_deref().unwrap_or("response"));
                json.put_some("description", description.as_deref());
                json.put_flag("strict", is_strict.unwrap_or_else(|| crate::transcode::schema::is_openai_strict(schema)));
                json.put_raw("schema", schema.get());
            }),
        }
    });
}
