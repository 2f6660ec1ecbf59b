//! Tools of a Converse request, and which of them are chosen from.

use super::{cache_point, is_claude};
use crate::format::anthropic_messages::encode_request::tool_schema;
use crate::format::openai_chat::encode_request::custom_description;
use crate::json::Json;
use crate::neutral::content::Content;
use crate::neutral::tool::{Tool, ToolChoice};
use crate::transcode::arrange::Message;
use crate::transcode::fit::{CUSTOM_SCHEMA, Field, Fit};
use crate::transcode::marks::Marks;

pub(super) fn tools(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], marks: &Marks) {
    let request = fit.request;
    let mut names: Vec<&str> = Vec::new();
    for piece in messages.iter().flat_map(|message| &message.pieces) {
        if let Content::Call(call) = &piece.part.content
            && !names.contains(&call.name.as_str())
        {
            names.push(&call.name);
        }
    }
    let choice = fit.tool_choice();
    let is_none = choice == Some(&ToolChoice::None);
    // There is no choice of none: without calls in the history the tools are left out, else they have to stay.
    if request.tools.is_empty() && names.is_empty() || is_none && names.is_empty() {
        return;
    }
    if is_none {
        fit.warn_field("tool_choice_not_forced", Field::ToolChoice);
    }
    json.put_object("toolConfig", |json| {
        json.put_list("tools", |json| {
            if request.tools.is_empty() {
                fit.warn_field("tools_declared_again", Field::Tools);
                names.iter().for_each(|name| spec(json, fit.aliases.sent(name), "", r#"{"type":"object"}"#, false));
            }
            for tool in fit.allowed_tools() {
                match tool {
                    Tool::Function(function) => {
                        let is_strict = function.is_strict == Some(true) && is_claude(fit) && fit.target.traits.has_json_schema;
                        let schema = tool_schema(function.schema.as_deref(), is_strict);
                        let description = function.description.as_deref().unwrap_or("");
                        spec(json, fit.aliases.sent(&function.name), description, &schema, is_strict);
                        cache_point(marks, json, &function.cache);
                    }
                    Tool::Custom { name, description, grammar } => {
                        fit.warn_field("custom_tool_wrapped", Field::Tools);
                        let description = custom_description(description.as_deref(), grammar.as_deref());
                        spec(json, fit.aliases.sent(name), &description, CUSTOM_SCHEMA, false);
                    }
                    Tool::Builtin { .. } => {}
                }
            }
        });
        match choice {
            Some(ToolChoice::Required | ToolChoice::Allowed { is_required: true, .. }) => {
                json.put_object("toolChoice", |json| json.put_raw("any", "{}"));
            }
            Some(ToolChoice::Named(name)) => json.put_object("toolChoice", |json| {
                json.put_object("tool", |json| json.put("name", fit.aliases.sent(name)));
            }),
            Some(ToolChoice::Auto | ToolChoice::Allowed { .. }) => {
                json.put_object("toolChoice", |json| json.put_raw("auto", "{}"));
            }
            Some(ToolChoice::None) | None => {}
        }
    });
    fit.drop(request.parallel_tools == Some(false) && !is_claude(fit), Field::ParallelTools);
}

fn spec(json: &mut Json<'_>, name: &str, description: &str, schema: &str, is_strict: bool) {
    json.object(|json| {
        json.put_object("toolSpec", |json| {
            json.put("name", name);
            if !description.is_empty() {
                json.put("description", description);
            }
            json.put_object("inputSchema", |json| json.put_raw("json", schema));
            if is_strict {
                json.put_flag("strict", true);
            }
        });
    });
}
