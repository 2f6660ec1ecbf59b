//! Tools of a Chat Completions request, and which of them are chosen from.

use super::write_mark;
use crate::json::Json;
use crate::neutral::tool::{Tool, ToolChoice};
use crate::transcode::fit::{CUSTOM_SCHEMA, Field, Fit};
use crate::transcode::marks::Marks;
use crate::transcode::schema;

pub(super) fn tools(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>) {
    if fit.request.tools.is_empty() {
        return;
    }
    let allowed = if fit.target.traits.is_openai { fit.request.tools.iter().collect() } else { fit.allowed_tools() };
    json.put_list("tools", |json| allowed.iter().for_each(|tool| write_tool(fit, marks, json, tool)));
    let is_openai = fit.target.traits.is_openai;
    if let Some(choice) = fit.tool_choice() {
        match choice {
            ToolChoice::Auto => json.put("tool_choice", "auto"),
            ToolChoice::None => json.put("tool_choice", "none"),
            ToolChoice::Required => json.put("tool_choice", "required"),
            ToolChoice::Named(name) if fit.is_server_tool(name) => fit.warn_field("tool_choice_not_forced", Field::ToolChoice),
            ToolChoice::Named(name) => json.put_object("tool_choice", |json| write_named(fit, json, name)),
            ToolChoice::Allowed { names, is_required } if is_openai => json.put_object("tool_choice", |json| {
                json.put("type", "allowed_tools");
                json.put_object("allowed_tools", |json| {
                    json.put("mode", if *is_required { "required" } else { "auto" });
                    json.put_list("tools", |json| {
                        names.iter().for_each(|name| json.object(|json| write_named(fit, json, name)));
                    });
                });
            }),
            ToolChoice::Allowed { is_required, .. } => json.put("tool_choice", if *is_required { "required" } else { "auto" }),
        }
    }
    if let Some(is_parallel) = fit.request.parallel_tools {
        json.put_flag("parallel_tool_calls", is_parallel);
    }
}

/// A tool that is chosen, by what sort it is.
fn write_named(fit: &Fit<'_>, json: &mut Json<'_>, name: &str) {
    let sort = if fit.is_custom_there(name) { "custom" } else { "function" };
    json.put("type", sort);
    json.put_object(sort, |json| json.put("name", fit.aliases.sent(name)));
}

fn write_tool(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, tool: &Tool) {
    match tool {
        Tool::Function(function) => json.object(|json| {
            json.put("type", "function");
            json.put_object("function", |json| {
                json.put("name", fit.aliases.sent(&function.name));
                json.put_some("description", function.description.as_deref());
                if fit.target.traits.is_mistral {
                    json.put_some_raw("parameters", function.schema.as_deref().map(schema::for_mistral).as_deref());
                } else {
                    json.put_json("parameters", function.schema.as_deref());
                    if let Some(is_strict) = function.is_strict {
                        json.put_flag("strict", is_strict);
                    }
                }
            });
            write_mark(fit, marks, json, &function.cache);
        }),
        Tool::Custom { name, description, grammar } if fit.target.traits.is_openai => json.object(|json| {
            json.put("type", "custom");
            json.put_object("custom", |json| {
                json.put("name", fit.aliases.sent(name));
                json.put_some("description", description.as_deref());
                json.put_json("format", grammar.as_deref());
            });
        }),
        Tool::Custom { name, description, grammar } => {
            fit.warn_field("custom_tool_wrapped", Field::Tools);
            json.object(|json| {
                json.put("type", "function");
                json.put_object("function", |json| {
                    json.put("name", fit.aliases.sent(name));
                    json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
                    json.put_raw("parameters", CUSTOM_SCHEMA);
                });
            });
        }
        Tool::Builtin { .. } => {}
    }
}

/// The description of a custom tool that is sent as a function: its grammar has no other place.
pub(crate) fn custom_description(description: Option<&str>, grammar: Option<&serde_json::value::RawValue>) -> String {
    let description = description.unwrap_or_default();
    let grammar = grammar.filter(|grammar| !grammar.get().contains("\"type\":\"text\""));
    match grammar {
        Some(grammar) => format!("{description}\nThe input follows this format: {}", grammar.get()).trim_start().to_owned(),
        None => description.to_owned(),
    }
}
