//! Tools of a Messages request, and which of them are chosen from.

use super::super::server_tools;
use super::write_mark;
use crate::format::openai_chat::encode_request::custom_description;
use crate::json::Json;
use crate::neutral::content::Content;
use crate::neutral::tool::{Tool, ToolChoice};
use crate::transcode::arrange::Message;
use crate::transcode::fit::{CUSTOM_SCHEMA, EMPTY_SCHEMA, Field, Fit};
use crate::transcode::marks::Marks;
use crate::transcode::schema;
use serde_json::value::RawValue;
use std::borrow::Cow;

pub(super) fn tools(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], marks: &Marks) {
    let request = fit.request;
    if request.tools.is_empty() && request.server_tools.is_empty() {
        // Calls in the history without tools are refused, so the tools are told again, not to be used.
        let mut names: Vec<&str> = Vec::new();
        for piece in messages.iter().flat_map(|message| &message.pieces) {
            if let Content::Call(call) = &piece.part.content
                && !names.contains(&call.name.as_str())
            {
                names.push(&call.name);
            }
        }
        if !names.is_empty() {
            fit.warn_field("tools_declared_again", Field::Tools);
            json.put_list("tools", |json| {
                names.iter().for_each(|name| {
                    json.object(|json| {
                        json.put("name", fit.aliases.sent(name));
                        json.put_raw("input_schema", r#"{"type":"object"}"#);
                    });
                });
            });
            json.put_object("tool_choice", |json| json.put("type", "none"));
        }
        return;
    }
    json.put_list("tools", |json| {
        fit.allowed_tools().iter().for_each(|tool| write_tool(fit, json, tool, marks));
        server_tools::write(fit, json);
    });
    let is_serial = request.parallel_tools == Some(false);
    let choice = fit.tool_choice().or(is_serial.then_some(&ToolChoice::Auto));
    if let Some(choice) = choice {
        json.put_object("tool_choice", |json| {
            match choice {
                ToolChoice::Auto | ToolChoice::Allowed { is_required: false, .. } => json.put("type", "auto"),
                ToolChoice::None => json.put("type", "none"),
                ToolChoice::Required | ToolChoice::Allowed { is_required: true, .. } => json.put("type", "any"),
                ToolChoice::Named(name) => {
                    json.put("type", "tool");
                    json.put("name", fit.aliases.sent(name));
                }
            }
            if is_serial && *choice != ToolChoice::None {
                json.put_flag("disable_parallel_tool_use", true);
            }
        });
    }
}

fn write_tool(fit: &Fit<'_>, json: &mut Json<'_>, tool: &Tool, marks: &Marks) {
    json.object(|json| match tool {
        Tool::Function(function) => {
            json.put("name", fit.aliases.sent(&function.name));
            json.put_some("description", function.description.as_deref());
            let is_strict = function.is_strict == Some(true) && fit.target.traits.has_json_schema;
            json.put_raw("input_schema", &tool_schema(function.schema.as_deref(), is_strict));
            if is_strict {
                json.put_flag("strict", true);
            }
            write_mark(marks, json, &function.cache);
        }
        Tool::Custom { name, description, grammar } => {
            fit.warn_field("custom_tool_wrapped", Field::Tools);
            json.put("name", fit.aliases.sent(name));
            json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
            json.put_raw("input_schema", CUSTOM_SCHEMA);
        }
        Tool::Builtin { .. } => {}
    });
}

/// A tool's schema. A strict one follows the same rules as that of an answer.
pub(crate) fn tool_schema(schema: Option<&RawValue>, is_strict: bool) -> Cow<'_, str> {
    let schema = schema::object_root(schema.map_or(EMPTY_SCHEMA, RawValue::get));
    let cleaned = || serde_json::from_str::<&RawValue>(&schema).ok().map(schema::for_anthropic);
    match cleaned().filter(|_| is_strict) {
        Some(cleaned) => cleaned.into(),
        None => schema,
    }
}
