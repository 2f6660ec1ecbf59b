//! Tools that Anthropic runs. Their types have versions; what is written is the first of each, which every model takes.

use crate::format::openai_chat::server_tools::{read_location, write_location};
use crate::json::{Json, Object, Path};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::server_tool::{ServerTool, ServerToolKind};
use crate::transcode::fit::Fit;

/// Which tool a type means, among those that other formats have.
pub(super) fn kind(word: &str) -> Option<ServerToolKind> {
    let (name, version) = word.rsplit_once('_')?;
    let is_version = version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        _ if !is_version => None,
        "web_search" => Some(ServerToolKind::WebSearch),
        "web_fetch" => Some(ServerToolKind::UrlFetch),
        "code_execution" => Some(ServerToolKind::CodeExecution),
        _ => None,
    }
}

/// Whether a block holds what one of Anthropic's tools answered.
pub(super) fn is_result(word: &str) -> bool {
    word.ends_with("_tool_result")
        && ["web_search_", "web_fetch_", "code_execution_", "bash_code_execution_", "text_editor_code_execution_"]
            .iter()
            .any(|tool| word.starts_with(tool))
}

pub(super) fn read(
    kind: ServerToolKind,
    object: &mut Object<'_>,
    path: &Path<'_>,
    warnings: &mut Warnings,
) -> Result<ServerTool, Untranslatable> {
    let mut tool = ServerTool::new(kind, path.to_string());
    tool.uses_max = object.count("max_uses", path)?;
    tool.domains.allowed = object.texts("allowed_domains", path)?;
    tool.domains.blocked = object.texts("blocked_domains", path)?;
    if let Some(mut location) = object.object("user_location", path)? {
        tool.location = Some(read_location(&mut location, &path.key("user_location"), warnings)?);
    }
    if let Some(mut citations) = object.object("citations", path)? {
        tool.is_citing = citations.flag("enabled", &path.key("citations"))?.unwrap_or(false);
    }
    // How it is called and cached is the host's affair.
    for key in ["name", "cache_control", "allowed_callers", "defer_loading", "strict", "use_cache", "response_inclusion"] {
        object.take(key);
    }
    object.warn_rest(path, warnings);
    Ok(tool)
}

/// The tools, as elements of `tools`.
pub(super) fn write(fit: &Fit<'_>, json: &mut Json<'_>) {
    for tool in fit.server_tools() {
        let word = match tool.kind {
            ServerToolKind::WebSearch => "web_search_20250305",
            ServerToolKind::UrlFetch => "web_fetch_20250910",
            ServerToolKind::CodeExecution => "code_execution_20250825",
        };
        let takes_uses = tool.kind != ServerToolKind::CodeExecution;
        fit.drop_of_tool(tool, takes_uses, true);
        json.object(|json| {
            json.put("type", word);
            json.put("name", tool.kind.name());
            if let Some(uses) = tool.uses_max.filter(|_| takes_uses) {
                json.put_number("max_uses", uses);
            }
            let domains = &tool.domains;
            if !domains.allowed.is_empty() {
                // Both lists at once are refused.
                fit.drop_domains(tool, false, true);
                json.put_texts("allowed_domains", domains.allowed.iter().map(String::as_str));
            } else if !domains.blocked.is_empty() {
                json.put_texts("blocked_domains", domains.blocked.iter().map(String::as_str));
            }
            if let Some(location) = &tool.location {
                json.put_object("user_location", |json| {
                    json.put("type", "approximate");
                    write_location(json, location);
                });
            }
            if tool.is_citing {
                json.put_object("citations", |json| json.put_flag("enabled", true));
            }
        });
    }
}
